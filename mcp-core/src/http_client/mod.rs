//! Requests over HTTP, for both sides: a client calls its server, and both fetch the documents of
//! authorization servers. Feature `http-client`.
//!
//! - `stack`: the interface that sends a request, and can be replaced; `error` is why there is no
//!   response
//! - `network`: the stack that is used otherwise, over TCP and TLS
//! - `pool`: HTTP over the connections of any connector; `proxy/`: those through a proxy
//! - `plain/`: the connections of the network without TLS, which calls use themselves
//! - [`url`]: what an origin is, where a reference leads, and how a URL is shown
//!
//! What a foreign party chose is not requested directly, but through
//! [`fetch`](crate::fetch) (feature `fetch`), which checks it.

mod error;
mod limits;
mod network;
mod plain;
mod pool;
mod proxy;
mod request_body;
mod retry_after;
mod stack;
mod tls;
pub mod url;

/// Lets an implementation of [`HttpStack`] have an async function.
pub use async_trait::async_trait;
pub use error::{BoxError, HttpError};
pub use limits::NetworkLimits;
pub use network::Network;
pub use pool::Pool;
pub use proxy::ProxySettings;
pub use retry_after::retry_after;
/// TLS, for [`Network::with_tls_config`].
pub use rustls;
pub use stack::{HttpBody, HttpStack};
