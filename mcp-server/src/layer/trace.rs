//! Traces calls.

use std::time::Instant;

use mcp_core::service::{CallError, Notification, Reply, Request, Service};
use mcp_core::text::PeerText;
use serde::Deserialize;
use tower_layer::Layer;
use tracing::{Instrument as _, Level, debug, info_span, warn};

use crate::context::Context;

/// Creates a [`tracing`] span for each call, with its method, the tool, prompt or resource it
/// names, its id and its revision. An event marks the end of the call: `debug` for an answer,
/// `warn` for a protocol error.
///
/// Arguments and results are not recorded, because they may contain secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceLayer;

impl TraceLayer {
    /// Creates the layer.
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
        let started = Instant::now();
        async {
            let reply = self.inner.call(request).await;
            let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
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
        debug!(method = %PeerText::new(&notification.method), "notification");
        self.inner.notify(notification).await;
    }
}

/// Returns the tool, prompt or URI that the call names.
fn target(request: &Request) -> Option<String> {
    #[derive(Deserialize)]
    struct Names {
        name: Option<String>,
        uri: Option<String>,
    }
    let names: Names = request.params.parse().ok()?;
    names.name.or(names.uri).map(|target| PeerText::new(&target).to_string())
}

#[cfg(test)]
mod tests {
    use mcp_core::json::JsonBytes;

    use super::*;

    #[test]
    fn the_target_of_a_call_is_short_and_stays_in_its_line() {
        for member in ["name", "uri"] {
            let text = format!("x\n{}", "y".repeat(100_000));
            let params = JsonBytes::new(&serde_json::json!({ member: text })).unwrap();
            let target = target(&Request::new(1.into(), "tools/call", params)).unwrap();
            assert!(target.starts_with("x\\ny") && target.len() < 1_000, "{target}");
        }
    }
}
