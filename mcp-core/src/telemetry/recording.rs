//! The span of a request, from its beginning to its end.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use tracing::span::Entered;
use tracing::{Level, Span, field};

use super::attribute::EXECUTE_TOOL;
use super::sink::SessionEnd;
use super::{NetworkTransport, Operation, Outcome, Side, TargetKind, Telemetry, TraceContext};
use crate::jsonrpc::RequestId;
use crate::method::{Method as _, SubscriptionsListen};
use crate::revision::Revision;
use crate::service::{CallError, Reply};
use crate::text::PeerText;

/// A request that is recorded. Dropping it records that the request was cancelled.
pub struct Recording {
    span: Span,
    telemetry: Option<Arc<dyn Telemetry>>,
    operation: Operation,
    started: Instant,
    has_ended: bool,
}

/// Begins to record a request. `None`, without any work, if the request is not observed: no
/// subscriber wants the span, and there is no telemetry.
#[inline]
pub fn begin(
    side: Side,
    telemetry: Option<&Arc<dyn Telemetry>>,
    describe: impl FnOnce() -> Operation,
    id: &RequestId,
    parent: impl FnOnce() -> Option<TraceContext>,
) -> Option<Box<Recording>> {
    let is_wanted = match side {
        Side::Client => tracing::span_enabled!(target: "mcp_client::request", Level::INFO),
        Side::Server => tracing::span_enabled!(target: "mcp_server::request", Level::INFO),
    };
    if !is_wanted && telemetry.is_none() {
        return None;
    }
    let parent = if telemetry.is_some() { parent() } else { None };
    Some(Box::new(Recording::new(describe(), telemetry.cloned(), id, parent)))
}

/// The two sides have a target of their own, which is part of the static data of a span.
macro_rules! span {
    ($target:literal, $name:literal, $kind:literal, $operation:ident, $id:ident) => {{
        let Operation { method, target, revision, transport, server, .. } = $operation;
        let of_kind = |kind| {
            let target = target.as_ref().filter(|target| target.kind == kind)?;
            Some(field::display(PeerText::new(&target.name)))
        };
        tracing::info_span!(
            target: $target,
            $name,
            otel.name = %PeerText::new(&$operation.span_name()),
            otel.kind = $kind,
            otel.status_code = field::Empty,
            otel.status_description = field::Empty,
            mcp.method.name = &**method,
            gen_ai.operation.name = $operation.is_tool_call().then_some(EXECUTE_TOOL),
            gen_ai.tool.name = of_kind(TargetKind::Tool),
            gen_ai.prompt.name = of_kind(TargetKind::Prompt),
            mcp.resource.uri = of_kind(TargetKind::Resource),
            jsonrpc.request.id = %IdText($id),
            mcp.protocol.version = revision.map(|revision| revision.as_str()),
            network.transport = transport.map(NetworkTransport::as_str),
            network.protocol.name = transport.and_then(NetworkTransport::protocol),
            server.address = server.as_ref().map(|(host, _)| &**host),
            server.port = server.as_ref().map(|(_, port)| *port),
            rpc.response.status_code = field::Empty,
            error.type = field::Empty,
        )
    }};
}

impl Recording {
    #[cold]
    fn new(
        operation: Operation,
        telemetry: Option<Arc<dyn Telemetry>>,
        id: &RequestId,
        parent: Option<TraceContext>,
    ) -> Self {
        let of = &operation;
        let span = match of.side {
            Side::Client => span!("mcp_client::request", "mcp.client", "client", of, id),
            Side::Server => span!("mcp_server::request", "mcp.server", "server", of, id),
        };
        if let (Some(telemetry), Some(parent)) = (&telemetry, parent) {
            telemetry.extract(&span, &parent);
        }
        Self { span, telemetry, operation, started: Instant::now(), has_ended: false }
    }

    /// Enters the span while a part of the request runs.
    pub fn enter(&self) -> Entered<'_> {
        self.span.enter()
    }

    /// Returns the trace context to send with the request.
    #[must_use]
    pub fn trace_context(&self) -> Option<TraceContext> {
        let telemetry = self.telemetry.as_ref()?;
        match self.span.is_disabled() {
            true => telemetry.inject(&Span::current()),
            false => telemetry.inject(&self.span),
        }
    }

    /// The request was answered, or cannot be.
    pub fn end(&mut self, reply: &Reply) {
        let outcome = Outcome::of(reply, self.operation.is_tool_call());
        if let Err(CallError::Peer(error)) = reply {
            let message = field::display(PeerText::new(error.message()));
            self.span.record("otel.status_description", message);
        }
        self.end_with(outcome);
    }

    /// The request ended in another way.
    pub fn end_with(&mut self, outcome: Outcome) {
        self.has_ended = true;
        if let Some(error) = outcome.error_type() {
            self.span.record("error.type", &*error);
            self.span.record("otel.status_code", "ERROR");
        }
        if let Some(code) = outcome.code() {
            self.span.record("rpc.response.status_code", field::display(code));
        }
        if let Some(telemetry) = &self.telemetry {
            let _entered = self.span.enter();
            telemetry.operation(&self.operation, self.started.elapsed(), outcome);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if !self.has_ended {
            // A client ends a subscription by cancelling it.
            let is_subscription = *self.operation.method == *SubscriptionsListen::NAME;
            self.end_with(if is_subscription { Outcome::Success } else { Outcome::Cancelled });
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("operation", &self.operation).finish_non_exhaustive()
    }
}

/// An id as OpenTelemetry has it: a string without quotes.
struct IdText<'a>(&'a RequestId);

impl fmt::Display for IdText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RequestId::Number(number) => number.fmt(f),
            RequestId::String(text) => PeerText::new(text).fmt(f),
        }
    }
}

/// A session that is recorded, until it is dropped.
pub struct SessionRecording {
    telemetry: Arc<dyn Telemetry>,
    started: Instant,
    end: SessionEnd,
}

impl SessionRecording {
    /// Begins to record a session.
    #[must_use]
    pub fn new(
        telemetry: &Arc<dyn Telemetry>,
        side: Side,
        revision: Revision,
        transport: Option<NetworkTransport>,
        server: Option<(String, u16)>,
    ) -> Self {
        let end =
            SessionEnd { side, revision, transport, server, duration: std::time::Duration::ZERO };
        Self { telemetry: Arc::clone(telemetry), started: Instant::now(), end }
    }
}

impl Drop for SessionRecording {
    fn drop(&mut self) {
        self.end.duration = self.started.elapsed();
        self.telemetry.session(&self.end);
    }
}

impl fmt::Debug for SessionRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRecording").field("end", &self.end).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Listening;

    impl Telemetry for Listening {}

    #[test]
    fn nothing_is_recorded_without_a_subscriber() {
        let id = RequestId::Number(1);
        let describe = || Operation::new(Side::Server, "ping");
        for side in [Side::Client, Side::Server] {
            assert!(begin(side, None, || unreachable!(), &id, || unreachable!()).is_none());
        }
        let telemetry: Arc<dyn Telemetry> = Arc::new(Listening);
        assert!(begin(Side::Server, Some(&telemetry), describe, &id, || None).is_some());
    }
}
