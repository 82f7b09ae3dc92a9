//! What is recorded of calls and sessions: spans, durations, and where a trace continues.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use mcp_core::jsonrpc::RequestId;
use mcp_core::method::{Initialize, Method as _};
use mcp_core::revision::Revision;
use mcp_core::service::Reply;
use mcp_core::telemetry::{
    self, NetworkTransport, Operation, Recording, SessionRecording, Side, Target, TargetKind,
    Telemetry,
};

use crate::call::{Binding, Call, trace_context};
use crate::registry::Registry;

/// Begins to record a call, if anybody listens.
#[inline]
pub(super) fn of_call(call: &Call) -> Option<Box<Recording>> {
    let telemetry = call.environment.telemetry.as_ref();
    let describe = || operation(call);
    let parent = || trace_context(&call.params);
    telemetry::begin(Side::Server, telemetry, describe, &call.id, parent)
}

/// Enters the span of a call whenever the future is polled.
pub(super) async fn inside(
    recording: &Recording,
    answering: impl Future<Output = Reply> + Send,
) -> Reply {
    let mut answering = pin!(answering);
    poll_fn(|cx| {
        let _entered = recording.enter();
        answering.as_mut().poll(cx)
    })
    .await
}

#[cold]
fn operation(call: &Call) -> Operation {
    let registry = call.snapshot.downcast_ref::<Registry>();
    let is_known = |kind, name: &str| match kind {
        TargetKind::Tool => registry.is_some_and(|it| it.tools.get(name).is_some()),
        TargetKind::Prompt => registry.is_some_and(|it| it.prompts.get(name).is_some()),
        TargetKind::Resource => false,
    };
    let mut operation = Operation::new(Side::Server, call.method.clone());
    operation.target = Target::of(&call.method, &call.params, is_known);
    operation.revision = Some(call.revision);
    operation.transport = Some(transport(call.conversation.binding));
    operation
}

/// Begins to record a handshake, if anybody listens.
pub(super) fn of_handshake(
    telemetry: Option<&Arc<dyn Telemetry>>,
    binding: Binding,
    id: &RequestId,
) -> Option<Box<Recording>> {
    let describe = || {
        let mut operation = Operation::new(Side::Server, Initialize::NAME);
        operation.transport = Some(transport(binding));
        operation
    };
    telemetry::begin(Side::Server, telemetry, describe, id, || None)
}

/// Begins to record a session.
pub(super) fn of_session(
    telemetry: &Arc<dyn Telemetry>,
    binding: Binding,
    revision: Revision,
) -> SessionRecording {
    SessionRecording::new(telemetry, Side::Server, revision, Some(transport(binding)), None)
}

const fn transport(binding: Binding) -> NetworkTransport {
    match binding {
        Binding::Stream => NetworkTransport::Pipe,
        #[cfg(feature = "http")]
        Binding::Http | Binding::HttpSession => NetworkTransport::Http,
        #[cfg(feature = "http-sse")]
        Binding::HttpSse => NetworkTransport::Http,
    }
}
