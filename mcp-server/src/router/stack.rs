//! The layers around the router, and the panic guard around them all.

use std::fmt;

use mcp_core::service::{BoxService, CatchPanic, Notification, Reply, Request, Service};

use super::Router;

/// The router with its layers. Without layers nothing is boxed.
pub(crate) struct Stack(Kind);

enum Kind {
    Plain(CatchPanic<Router>),
    Layered(CatchPanic<BoxService>),
}

impl Stack {
    pub(crate) const fn plain() -> Self {
        Self(Kind::Plain(CatchPanic::new(Router)))
    }

    pub(crate) const fn layered(service: BoxService) -> Self {
        Self(Kind::Layered(CatchPanic::new(service)))
    }
}

impl Service for Stack {
    async fn call(&self, request: Request) -> Reply {
        match &self.0 {
            Kind::Plain(router) => router.call(request).await,
            Kind::Layered(layers) => layers.call(request).await,
        }
    }

    async fn notify(&self, notification: Notification) {
        match &self.0 {
            Kind::Plain(_) => {}
            Kind::Layered(layers) => layers.notify(notification).await,
        }
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Plain(_) => "Stack(plain)",
            Kind::Layered(_) => "Stack(layered)",
        })
    }
}
