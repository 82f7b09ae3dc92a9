//! Streamable HTTP, the client's side. Spec: basic/transports/streamable-http of each revision.
//!
//! `transport` is the [`Service`](mcp_core::service::Service) that a client speaks through; `stack` is what sends
//! its HTTP requests and can be replaced; `authorizer` puts credentials on them.

mod authorizer;
mod awaited;
mod endpoint;
mod exchange;
mod incoming;
mod legacy;
mod limits;
mod mirror;
mod modern;
mod network;
mod reconnect;
mod reply;
mod session;
mod sse_2024;
mod stack;
mod standalone;
mod transport;
mod url;

/// The vocabulary of HTTP that stands in the signatures here.
pub use ::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
pub use authorizer::{Authorizer, BearerToken, Binding, BoxError, Refusal, Verdict};
pub use bytes::Bytes;
pub use endpoint::{BadEndpoint, Endpoint};
pub use limits::HttpLimits;
pub use network::{Network, Pool};
/// TLS, for [`Network::with_tls_config`].
pub use rustls;
pub use stack::{HttpBody, HttpError, HttpStack};

pub(crate) use sse_2024::{Events, Posts};
pub(crate) use transport::{HttpSettings, HttpTransport};
#[cfg(feature = "oauth")]
pub(crate) use url::{ShownUrl, is_same_origin, origin, resolve};
