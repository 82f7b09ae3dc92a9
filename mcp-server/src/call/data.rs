//! The data of one call.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use mcp_core::extensions::Extensions;
use mcp_core::jsonrpc::{MethodName, Params, RequestId};
use mcp_core::revision::{Revision, Rules};
use mcp_core::service::{Peer, Request};
use mcp_core::sync::Mutex;

use super::gate::NotificationGate;
use super::notification_limiter::NotificationLimiter;
use super::pace::Pace;
use super::{CallMeta, ConversationState, Environment, LegacySession, RunningTask};
use crate::questions::CallQuestions;

/// One call, from the time its revision is known until its answer is written.
pub(crate) struct Call {
    pub(crate) environment: Arc<Environment>,
    pub(crate) id: RequestId,
    pub(crate) method: MethodName,
    pub(crate) params: Params,
    pub(crate) revision: Revision,
    /// The rules of the revision, as this server follows them.
    pub(crate) rules: &'static Rules,
    pub(crate) meta: CallMeta,
    /// The session that the call is part of, in the legacy era.
    pub(crate) session: Option<Arc<LegacySession>>,
    pub(crate) conversation: Arc<ConversationState>,
    /// Reaches the caller.
    pub(crate) peer: Peer,
    /// The registry when the call arrived. Its type is erased, because the registry depends on this
    /// module.
    pub(crate) snapshot: Arc<dyn Any + Send + Sync>,
    /// The extensions from the transport.
    pub(crate) extensions: Extensions,
    /// The same with those that layers added, if they added any.
    pub(crate) layered: OnceLock<Extensions>,
    pub(crate) limiter: Mutex<NotificationLimiter>,
    /// Lets other tasks run while the handler sends nothing.
    pub(crate) pace: Pace,
    pub(crate) questions: CallQuestions,
    /// The methods whose digests the client knows are stale, if any are.
    pub(crate) stale: OnceLock<Vec<&'static str>>,
    /// Stops notifications about the call when it ends.
    pub(crate) gate: NotificationGate,
    /// The task that the call runs as.
    #[cfg(feature = "tasks")]
    pub(crate) task: Option<Arc<dyn RunningTask>>,
}

impl Call {
    /// Creates the call of a request.
    #[expect(clippy::too_many_arguments, reason = "each comes from another place")]
    pub(crate) fn new(
        request: Request,
        environment: &Arc<Environment>,
        conversation: &Arc<ConversationState>,
        revision: Revision,
        meta: CallMeta,
        session: Option<Arc<LegacySession>>,
        snapshot: Arc<dyn Any + Send + Sync>,
        may_require_input: bool,
    ) -> Self {
        let Request { id, method, params, peer, extensions, .. } = request;
        Self {
            environment: Arc::clone(environment),
            rules: environment.rules.of(revision),
            stale: OnceLock::new(),
            id,
            method,
            params,
            revision,
            meta,
            session,
            conversation: Arc::clone(conversation),
            peer,
            snapshot,
            extensions,
            layered: OnceLock::new(),
            limiter: Mutex::new(NotificationLimiter::new()),
            pace: Pace::default(),
            questions: CallQuestions::new(may_require_input),
            gate: NotificationGate::default(),
            #[cfg(feature = "tasks")]
            task: None,
        }
    }

    /// Returns the task that the call runs as.
    #[inline]
    pub(crate) fn task(&self) -> Option<&dyn RunningTask> {
        #[cfg(feature = "tasks")]
        return self.task.as_deref();
        #[cfg(not(feature = "tasks"))]
        None
    }

    /// Whether the handler runs from its beginning after each question, with the answers and the
    /// results of its steps in a journal: in a task, and in calls of revisions whose results can
    /// ask for input.
    pub(crate) fn keeps_journal(&self) -> bool {
        let by_result = self.rules.input_required && self.questions.by_result;
        by_result || self.task().is_some()
    }

    /// Returns the request that the layers receive. It carries the call in its extensions.
    pub(crate) fn to_request(self: &Arc<Self>) -> Request {
        let mut request = Request::new(self.id.clone(), self.method.clone(), self.params.clone())
            .with_peer(self.peer.clone());
        request.extensions.insert_shared(Arc::clone(self));
        request
    }
}

/// Closes the gate of a call when dropped: a cancelled call sends no more notifications, like one
/// that was answered (CAN-3).
pub(crate) struct CloseOnDrop(pub(crate) Arc<Call>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.gate.close();
    }
}
