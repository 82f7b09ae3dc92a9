//! Layers: services around the router, for what concerns every call (step 4 of the walk of a call).
//!
//! The server always catches panics. Built in besides: [`TraceLayer`], [`TimeoutLayer`],
//! [`ConcurrencyLimitLayer`]. Put them on with [`ServerBuilder::layer`](crate::ServerBuilder::layer); the one added last is the
//! outermost.
//!
//! # Writing one
//!
//! A layer is two types: the service, which holds the one inside and does its work before, after or
//! instead of calling it, and the layer, which puts the service around another one.
//!
//! ```
//! use mcp_server::layer::Layer;
//! use mcp_server::service::{Notification, Reply, Request, Service};
//! use mcp_server::{Context, Server};
//! use mcp_server::jsonrpc::ErrorObject;
//!
//! /// Refuses the calls of one client.
//! #[derive(Clone)]
//! struct Without(&'static str);
//!
//! impl<S> Layer<S> for Without {
//!     type Service = WithoutService<S>;
//!
//!     fn layer(&self, inner: S) -> Self::Service {
//!         WithoutService { inner, name: self.0 }
//!     }
//! }
//!
//! struct WithoutService<S> {
//!     inner: S,
//!     name: &'static str,
//! }
//!
//! impl<S: Service> Service for WithoutService<S> {
//!     async fn call(&self, request: Request) -> Reply {
//!         let client = Context::of(&request).and_then(|context| context.client_info());
//!         if client.is_some_and(|client| client.name == self.name) {
//!             return Err(ErrorObject::invalid_request("not you").into());
//!         }
//!         self.inner.call(request).await
//!     }
//!
//!     async fn notify(&self, notification: Notification) {
//!         self.inner.notify(notification).await;
//!     }
//! }
//!
//! let server = Server::builder("choosy", "1.0.0").layer(Without("somebody"));
//! ```
//!
//! What to know: dropping the future of a call cancels it, so hold nothing across `.await` that
//! must be given back by hand; `request.extensions` must reach the service inside; `initialize` is
//! answered before the layers.

mod concurrency;
mod timeout;
mod trace;

pub use concurrency::{ConcurrencyLimit, ConcurrencyLimitLayer};
pub use timeout::{Timeout, TimeoutLayer};
pub use tower_layer::Layer;
pub use trace::{Trace, TraceLayer};
