//! The data of one call.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use mcp_core::extensions::Extensions;
use mcp_core::jsonrpc::RequestId;
use mcp_core::revision::Revision;
use mcp_core::service::{Peer, Request};
use mcp_core::sync::Mutex;

use super::gate::NotificationGate;
use super::progress::ProgressLimiter;
use super::{CallMeta, ConversationState, Environment, LegacySession};
use crate::questions::CallQuestions;

/// One call, from the time its revision is known until its answer is written.
pub(crate) struct Call {
    pub(crate) environment: Arc<Environment>,
    pub(crate) id: RequestId,
    pub(crate) revision: Revision,
    pub(crate) meta: CallMeta,
    /// The session that the call is part of, in the legacy era.
    pub(crate) session: Option<Arc<LegacySession>>,
    pub(crate) conversation: Arc<ConversationState>,
    /// The way back to the caller.
    pub(crate) peer: Peer,
    /// What the server offered when the call arrived. The registry is above this room, so its
    /// type is erased.
    pub(crate) snapshot: Arc<dyn Any + Send + Sync>,
    /// What the binding put into the request.
    pub(crate) extensions: Extensions,
    /// The same with what layers put in, if they put in anything.
    pub(crate) layered: OnceLock<Extensions>,
    pub(crate) progress: Mutex<ProgressLimiter>,
    pub(crate) questions: CallQuestions,
    /// For notifications about the call.
    pub(crate) gate: NotificationGate,
}

impl Call {
    /// The call of a request. Takes the extensions of the request.
    pub(crate) fn new(
        request: &mut Request,
        environment: &Arc<Environment>,
        conversation: &Arc<ConversationState>,
        revision: Revision,
        meta: CallMeta,
        session: Option<Arc<LegacySession>>,
        snapshot: Arc<dyn Any + Send + Sync>,
    ) -> Self {
        Self {
            environment: Arc::clone(environment),
            id: request.id.clone(),
            revision,
            meta,
            session,
            conversation: Arc::clone(conversation),
            peer: request.peer.clone(),
            snapshot,
            extensions: std::mem::take(&mut request.extensions),
            layered: OnceLock::new(),
            progress: Mutex::new(ProgressLimiter::new()),
            questions: CallQuestions::new(&request.method),
            gate: NotificationGate::default(),
        }
    }
}

/// Ends a call when it is dropped: one that is dropped is over like one that was answered (CAN-3).
pub(crate) struct EndOfCall(pub(crate) Arc<Call>);

impl Drop for EndOfCall {
    fn drop(&mut self) {
        self.0.gate.close();
    }
}
