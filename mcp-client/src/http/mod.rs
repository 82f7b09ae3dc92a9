//! Streamable HTTP, the client's side. Spec: basic/transports/streamable-http of each revision.
//!
//! ```text
//! transport ─┬─▶ modern/   ─┬─▶ read/ ─▶ send/ ─▶ mcp_core::http_client
//!            ├─▶ legacy/   ─┘              └─▶ authorizer
//!            └─▶ sse_2024/ ───────────────▶ send/
//! ```
//!
//! From the top down:
//!
//! - `transport`: the [`Service`](mcp_core::service::Service) of a connection; it chooses the era
//! - `modern/`: a call as one POST, with the header fields that mirror its arguments
//! - `legacy/`: a session: its calls, its stream, requests of the server, and its renewal
//! - `sse_2024/`: HTTP+SSE as a byte stream
//! - `read/`: a response, as JSON or as events
//! - `send/`: one request, with credentials, redirects and retries
//! - [`mcp_core::http_client`]: what sends HTTP, and can be replaced
//! - `client_side`: the client, as all of these see it

mod authorizer;
mod bearer_token;
mod binding;
mod client_side;
mod endpoint;
mod legacy;
mod limits;
mod modern;
mod read;
mod send;
mod settings;
mod sse_2024;
mod transport;

/// The types of the crates `http` and `bytes` in the signatures of this module.
pub use ::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
/// Lets implementations of [`Authorizer`] and [`HttpStack`] have async functions.
pub use async_trait::async_trait;
pub use authorizer::{Authorizer, Refusal, Verdict};
pub use bearer_token::{BearerToken, BearerTokenError};
pub use binding::Binding;
pub use bytes::Bytes;
pub use endpoint::{BadEndpoint, Endpoint};
pub use limits::HttpLimits;
/// TLS, for [`Network::with_tls_config`].
pub use mcp_core::http_client::rustls;
pub use mcp_core::http_client::{
    BoxError, HttpBody, HttpError, HttpStack, Network, Pool, ProxySettings,
};

#[cfg(feature = "oauth")]
pub(crate) use mcp_core::http_client::url::{ShownUrl, is_loopback, origin, scheme};
#[cfg(feature = "oauth")]
pub(crate) use send::media_type;
pub(crate) use settings::HttpSettings;
pub(crate) use sse_2024::{Events, Posts};
pub(crate) use transport::HttpTransport;
