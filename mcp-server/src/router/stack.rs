//! The router with its layers, and the panic handler around them.

use std::fmt;

use std::sync::Arc;

use mcp_core::service::{BoxService, CatchPanic, Notification, Reply, Service as _, catch_panic};

use super::dispatch::Router;
use crate::call::Call;

/// The router with its layers. Without layers nothing is boxed, and no request is made.
pub(crate) struct Stack(StackKind);

enum StackKind {
    Plain(Router),
    Layered(CatchPanic<BoxService>),
}

impl Stack {
    pub(crate) const fn plain(router: Router) -> Self {
        Self(StackKind::Plain(router))
    }

    pub(crate) const fn layered(service: BoxService) -> Self {
        Self(StackKind::Layered(CatchPanic::new(service)))
    }

    pub(crate) async fn call(&self, call: &Arc<Call>) -> Reply {
        match &self.0 {
            StackKind::Plain(router) => catch_panic(call.method.clone(), router.answer(call)).await,
            // Boxed, because a request would increase the size of every call's future.
            StackKind::Layered(layers) => Box::pin(layers.call(call.to_request())).await,
        }
    }

    pub(crate) async fn notify(&self, notification: Notification) {
        match &self.0 {
            StackKind::Plain(_) => {}
            StackKind::Layered(layers) => layers.notify(notification).await,
        }
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            StackKind::Plain(_) => "Stack(plain)",
            StackKind::Layered(_) => "Stack(layered)",
        })
    }
}
