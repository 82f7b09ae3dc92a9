//! Streamable HTTP: the service, its options and its limits. Spec:
//! basic/transports/streamable-http, since 2025-03-26.
//!
//! [`Server::serve_http`](crate::Server::serve_http) serves on a socket;
//! [`Server::into_service`](crate::Server::into_service) returns an [`HttpService`] for a host of your
//! own. [`HttpOptions`] says who may call, [`HttpLimits`] how much.
//!
//! A request passes through these modules in order: `service` selects by path and HTTP method,
//! `head` checks `Host`, `Origin` and the media type before anything else is read, `admission`
//! counts the request and reads its body, `post` decides the era, and `modern` or `legacy` answers
//! with a `response`. `listener` is the accept loop. In the modern era nothing outlives its
//! request: the response future polls the handler, and so does the response body once it is a
//! stream, so a client that disconnects drops the handler.

mod admission;
#[cfg(feature = "auth")]
mod authorization;
mod head;
mod legacy;
mod limits;
mod listener;
mod modern;
mod options;
mod post;
mod request;
mod response;
mod service;
mod shared;

#[cfg(feature = "auth")]
pub use authorization::MetadataService;
pub use legacy::session::SessionId;
pub use limits::HttpLimits;
pub use options::HttpOptions;
pub use request::PeerAddress;
pub use response::body::HttpBody;
pub use service::{HttpFuture, HttpService};
