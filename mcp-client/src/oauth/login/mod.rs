//! A user logs in: the request to the authorization endpoint, the browser, and the way back.

mod browser;
mod loopback;
mod pkce;
mod redirection;
mod request;

pub use browser::AuthorizationUrl;
pub use loopback::Loopback;
pub(crate) use redirection::{Open, Redirection, query_of};
pub(crate) use request::{AuthorizationRequest, BegunLogin, SavedRequest};
