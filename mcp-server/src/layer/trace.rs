//! A span around each call.

use std::time::Instant;

use mcp_core::service::{CallError, Notification, Reply, Request, Service};
use serde::Deserialize;
use tower_layer::Layer;
use tracing::{Instrument as _, Level, debug, info_span, warn};

use crate::context::Context;

/// A [`tracing`] span around each call, with its method, the tool, prompt or resource it names, its
/// id and the revision; and an event at its end: `debug` for an answer, `warn` for a protocol
/// error.
///
/// Arguments and results are not recorded: they may hold secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceLayer;

impl TraceLayer {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace { inner }
    }
}

/// The service of [`TraceLayer`].
#[derive(Debug, Clone)]
pub struct Trace<S> {
    inner: S,
}

impl<S: Service> Service for Trace<S> {
    async fn call(&self, request: Request) -> Reply {
        if !tracing::enabled!(Level::INFO) {
            return self.inner.call(request).await;
        }
        let revision = Context::of(&request).map(|context| context.revision());
        let target = target(&request);
        let span = info_span!("call", method = %request.method, target, id = %request.id, revision = revision.map(|revision| revision.as_str()));
        let began = Instant::now();
        async {
            let reply = self.inner.call(request).await;
            let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            match &reply {
                Ok(_) => debug!(micros, "answered"),
                Err(CallError::Peer(error)) => {
                    warn!(micros, code = error.code(), "answered with an error");
                }
                Err(error) => warn!(micros, %error, "not answered"),
            }
            reply
        }
        .instrument(span)
        .await
    }

    async fn notify(&self, notification: Notification) {
        debug!(method = %notification.method, "notification");
        self.inner.notify(notification).await;
    }
}

/// What the call names: a tool, a prompt or a URI.
fn target(request: &Request) -> Option<String> {
    #[derive(Deserialize)]
    struct Names {
        name: Option<String>,
        uri: Option<String>,
    }
    let names: Names = request.params.parse().ok()?;
    names.name.or(names.uri)
}
