//! Layers: services around the router, for work that concerns every call.
//!
//! The server always catches panics. This module also has [`TraceLayer`], [`TimeoutLayer`],
//! [`ConcurrencyLimitLayer`] and [`RateLimitLayer`], and with the feature `policy` `PolicyLayer`. Add
//! layers with
//! [`ServerBuilder::layer`](crate::ServerBuilder::layer); the layer added last is the outermost.
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

mod caller;
mod concurrency;
#[cfg(feature = "policy")]
mod policy;
mod rate_limit;
mod timeout;
mod trace;

pub use concurrency::{ConcurrencyLimit, ConcurrencyLimitLayer};
#[cfg(feature = "policy")]
pub use policy::{PolicyLayer, PolicyService};
pub use rate_limit::{RateLimit, RateLimitLayer};
pub use timeout::{Timeout, TimeoutLayer};
pub use tower_layer::Layer;
pub use trace::{Trace, TraceLayer};
