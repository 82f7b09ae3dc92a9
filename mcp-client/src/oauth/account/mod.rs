//! Authorization for the interface of an application: whether the user is logged in, the log-in
//! with the application's own means, its end, and tokens of another program.

mod imported_token;
mod logout;
mod operations;
mod pending_login;
mod saved_login;
mod status;

pub use imported_token::ImportedToken;
pub use logout::{Logout, Revocation};
pub use pending_login::PendingLogin;
pub use saved_login::SavedLogin;
pub use status::{Login, LoginStatus};
