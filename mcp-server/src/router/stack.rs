//! The layers around the router, and the panic guard around them all.

use std::fmt;

use mcp_core::service::{BoxService, CatchPanic, Notification, Reply, Request, Service};

use super::dispatch::Router;

/// The router with its layers. Without layers nothing is boxed.
pub(crate) struct Stack(StackKind);

enum StackKind {
    Plain(CatchPanic<Router>),
    Layered(CatchPanic<BoxService>),
}

impl Stack {
    pub(crate) const fn plain(router: Router) -> Self {
        Self(StackKind::Plain(CatchPanic::new(router)))
    }

    pub(crate) const fn layered(service: BoxService) -> Self {
        Self(StackKind::Layered(CatchPanic::new(service)))
    }
}

impl Service for Stack {
    async fn call(&self, request: Request) -> Reply {
        match &self.0 {
            StackKind::Plain(router) => router.call(request).await,
            StackKind::Layered(layers) => layers.call(request).await,
        }
    }

    async fn notify(&self, notification: Notification) {
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
