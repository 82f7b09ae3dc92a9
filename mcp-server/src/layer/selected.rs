//! Restricts a layer to some calls, such as those of named tools.

use std::fmt;
use std::sync::Arc;

use mcp_core::service::{BoxService, Notification, Reply, Request, Service};
use tower_layer::Layer;

use super::target::tool_name;

type Predicate = dyn Fn(&Request) -> bool + Send + Sync;

/// Restricts layers to some calls. Every layer of a server has these methods, also one of a user.
///
/// A layer that is restricted several times applies to the calls that all restrictions select.
///
/// ```
/// use std::time::Duration;
///
/// use mcp_server::Server;
/// use mcp_server::layer::{ConcurrencyLimitLayer, LayerExt as _, TimeoutLayer};
///
/// let server = Server::builder("reports", "1.0.0")
///     .layer(TimeoutLayer::new(Duration::from_secs(5)).except_tools(["report"]))
///     .layer(TimeoutLayer::new(Duration::from_secs(120)).for_tools(["report"]))
///     .layer(ConcurrencyLimitLayer::new(2).for_tools(["report"]));
/// ```
pub trait LayerExt: Layer<BoxService> + Sized {
    /// Applies the layer only to calls (`tools/call`) of these tools.
    fn for_tools(self, tools: impl IntoIterator<Item = impl Into<String>>) -> SelectedLayer<Self> {
        let tools: Vec<String> = tools.into_iter().map(Into::into).collect();
        self.for_calls(move |request| {
            tool_name(request).is_some_and(|name| tools.iter().any(|tool| *tool == name))
        })
    }

    /// Applies the layer to everything except calls (`tools/call`) of these tools.
    fn except_tools(
        self,
        tools: impl IntoIterator<Item = impl Into<String>>,
    ) -> SelectedLayer<Self> {
        let tools: Vec<String> = tools.into_iter().map(Into::into).collect();
        self.for_calls(move |request| {
            tool_name(request).is_none_or(|name| tools.iter().all(|tool| *tool != name))
        })
    }

    /// Applies the layer only to requests of these methods.
    fn for_methods(
        self,
        methods: impl IntoIterator<Item = impl Into<String>>,
    ) -> SelectedLayer<Self> {
        let methods: Vec<String> = methods.into_iter().map(Into::into).collect();
        self.for_calls(move |request| {
            methods.iter().any(|method| request.method == method.as_str())
        })
    }

    /// Applies the layer only to the requests for which `selects` returns true.
    ///
    /// Notifications belong to no call, so they do not pass through the layer.
    fn for_calls(
        self,
        selects: impl Fn(&Request) -> bool + Send + Sync + 'static,
    ) -> SelectedLayer<Self> {
        SelectedLayer { layer: self, selects: Arc::new(selects) }
    }
}

impl<L: Layer<BoxService>> LayerExt for L {}

/// A layer that applies to some calls only. [`LayerExt`] creates it.
#[derive(Clone)]
pub struct SelectedLayer<L> {
    layer: L,
    selects: Arc<Predicate>,
}

impl<L: fmt::Debug> fmt::Debug for SelectedLayer<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelectedLayer").field("layer", &self.layer).finish_non_exhaustive()
    }
}

impl<S: Clone, L: Layer<S>> Layer<S> for SelectedLayer<L> {
    type Service = Selected<L::Service, S>;

    fn layer(&self, inner: S) -> Self::Service {
        let layered = self.layer.layer(inner.clone());
        Selected { layered, inner, selects: Arc::clone(&self.selects) }
    }
}

/// The service of [`SelectedLayer`].
#[derive(Clone)]
pub struct Selected<T, S> {
    layered: T,
    inner: S,
    selects: Arc<Predicate>,
}

impl<T: fmt::Debug, S> fmt::Debug for Selected<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selected").field("layered", &self.layered).finish_non_exhaustive()
    }
}

impl<T: Service, S: Service> Service for Selected<T, S> {
    async fn call(&self, request: Request) -> Reply {
        if (self.selects)(&request) {
            self.layered.call(request).await
        } else {
            self.inner.call(request).await
        }
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}
