//! The client, as the transport sees it: where requests and notifications of the server go, and
//! what the transport reports.

use std::sync::Arc;
use std::time::Duration;

use mcp_core::revision::Revision;
use mcp_core::service::{
    CatchPanic, Conversation as _, Notification, Reply, Request, Service as _,
};
use mcp_core::transport::TransportError;

use crate::cache::Change;
use crate::deadline::silence;
use crate::handling::Busy;
use crate::inbound::Inbound;

/// The client's side of a connection. Clones are cheap.
#[derive(Debug, Clone)]
pub(crate) struct ClientSide {
    inbound: Arc<Inbound>,
    /// The same, so that a panic of a handler fails only the request that it handles.
    service: CatchPanic<Arc<Inbound>>,
}

impl ClientSide {
    pub(crate) fn new(inbound: &Arc<Inbound>) -> Self {
        Self { inbound: Arc::clone(inbound), service: CatchPanic::new(Arc::clone(inbound)) }
    }

    /// The revision that was negotiated, once it is known.
    pub(crate) fn revision(&self) -> Option<Revision> {
        self.inbound.revision.get().copied()
    }

    /// Whether the revision has batches.
    pub(crate) fn accepts_batches(&self) -> bool {
        self.inbound.accepts_batches()
    }

    /// Whether a handler is registered for some request of a server.
    pub(crate) fn handles_requests(&self) -> bool {
        self.inbound.handlers.answer_something()
    }

    /// Handles a request of the server.
    pub(crate) async fn call(&self, request: Request) -> Reply {
        self.service.call(request).await
    }

    /// Handles a notification of the server.
    pub(crate) async fn notify(&self, notification: Notification) {
        self.service.notify(notification).await;
    }

    /// Marks, as long as the guard lives, that the server waits for the user. Its silence does not
    /// count meanwhile.
    pub(crate) fn begin_waiting_for_user(&self) -> Busy<'_> {
        self.inbound.handling.begin()
    }

    /// Completes after the server was silent for so long without waiting for the client.
    pub(crate) async fn silence(&self, patience: Duration) {
        silence(&self.inbound.handling, patience).await;
    }

    /// Reports that the tools of the server are not those that were listed.
    pub(crate) fn tools_changed(&self) {
        self.inbound.cache.invalidate(Change::Tools);
    }

    /// Reports that changes may have been missed, whatever is watched.
    pub(crate) fn changes_missed(&self) {
        self.inbound.missed();
    }

    /// Reports that there is another session, in which nothing is watched yet.
    pub(crate) fn session_restarted(&self) {
        self.inbound.session_restarted();
    }

    /// Ends the subscriptions, because the stream of the session is lost.
    pub(crate) fn subscriptions_lost(&self, error: &TransportError) {
        self.inbound.subscriptions_lost(error);
    }
}
