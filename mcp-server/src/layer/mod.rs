//! Layers: services around the router, for work that concerns every call.
//!
//! The server always catches panics. This module also has [`TraceLayer`], [`TimeoutLayer`],
//! [`ConcurrencyLimitLayer`], [`RateLimitLayer`], [`ResponseSizeLayer`] and [`ResponseCacheLayer`],
//! with the feature `audit` `AuditLayer`, and with `policy` `PolicyLayer`. Add layers with
//! [`ServerBuilder::layer`](crate::ServerBuilder::layer); the layer added last is the outermost.
//! [`LayerExt`] restricts any of them, and those of a user, to some tools or calls.
//!
//! # Writing a layer
//!
//! A layer consists of two types: the service, which wraps an inner service and works before, after
//! or instead of calling it, and the layer, which creates the service around an inner one.
//!
//! ```
//! use mcp_server::layer::Layer;
//! use mcp_server::service::{Notification, Reply, Request, Service};
//! use mcp_server::{Context, Server};
//! use mcp_server::jsonrpc::ErrorObject;
//!
//! /// Refuses the calls of one client, by the name that it claims.
//! #[derive(Clone)]
//! struct DenyClientLayer(&'static str);
//!
//! impl<S> Layer<S> for DenyClientLayer {
//!     type Service = DenyClient<S>;
//!
//!     fn layer(&self, inner: S) -> Self::Service {
//!         DenyClient { inner, name: self.0 }
//!     }
//! }
//!
//! struct DenyClient<S> {
//!     inner: S,
//!     name: &'static str,
//! }
//!
//! impl<S: Service> Service for DenyClient<S> {
//!     async fn call(&self, request: Request) -> Reply {
//!         let client = Context::of(&request).and_then(|context| context.client_info());
//!         if client.is_some_and(|client| client.name == self.name) {
//!             return Err(ErrorObject::invalid_request("this client is not allowed").into());
//!         }
//!         self.inner.call(request).await
//!     }
//!
//!     async fn notify(&self, notification: Notification) {
//!         self.inner.notify(notification).await;
//!     }
//! }
//!
//! let server = Server::builder("strict", "1.0.0").layer(DenyClientLayer("crawler"));
//! ```
//!
//! Rules for layers:
//!
//! * Dropping the future of a call cancels it, so release resources in `Drop`, not in code after an
//!   `.await`.
//! * Pass `request.extensions` to the inner service; the [`Context`](crate::Context) of the call is
//!   in them.
//! * `initialize` does not pass through layers.

#[cfg(feature = "audit")]
mod audit;
mod busy;
mod caller;
mod concurrency;
#[cfg(feature = "policy")]
mod policy;
mod rate_limit;
mod response_cache;
mod response_size;
mod result_kind;
mod selected;
mod spill;
mod target;
mod timeout;
#[cfg(feature = "tower")]
mod tower;
mod trace;

#[cfg(feature = "audit")]
pub use audit::{Audit, AuditLayer, AuditNotes};
#[cfg(feature = "jsonrpsee")]
pub(crate) use busy::busy;
pub use concurrency::{ConcurrencyLimit, ConcurrencyLimitLayer};
#[cfg(feature = "policy")]
pub use policy::{PolicyLayer, PolicyService};
pub use rate_limit::{RateLimit, RateLimitLayer};
pub use response_cache::{ResponseCache, ResponseCacheLayer, ResponseCacheLimits};
pub use response_size::{ResponseSize, ResponseSizeLayer};
pub use selected::{LayerExt, Selected, SelectedLayer};
pub use spill::SpillLimits;
pub use timeout::{Timeout, TimeoutLayer};
#[cfg(feature = "tower")]
pub use tower::{Tower, TowerInner, TowerLayer};
pub use tower_layer::Layer;
pub use trace::{Trace, TraceLayer};
