//! Calls whose answer may come on another stream than their own.
//!
//! A server must not send an answer on the stream of the session (SH-5), but some do, such as when a call and that stream
//! are opened at the same moment. Dropped, it would leave the call waiting until its timeout.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcp_core::jsonrpc::RequestId;
use mcp_core::service::Reply;
use tokio::sync::oneshot;

/// The calls of a session that wait, by their ids.
#[derive(Debug, Default)]
pub(super) struct Awaited(Mutex<HashMap<RequestId, oneshot::Sender<Reply>>>);

/// One call's place among them, given up with its drop.
pub(super) struct Waiting<'a> {
    awaited: &'a Awaited,
    id: &'a RequestId,
    reply: oneshot::Receiver<Reply>,
}

impl Awaited {
    fn lock(&self) -> MutexGuard<'_, HashMap<RequestId, oneshot::Sender<Reply>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins to wait. As many can as the client has calls.
    pub(super) fn wait<'a>(&'a self, id: &'a RequestId) -> Waiting<'a> {
        let (sender, reply) = oneshot::channel();
        self.lock().insert(id.clone(), sender);
        Waiting { awaited: self, id, reply }
    }

    /// Hands an answer to the call that waits for it; false when none does.
    pub(super) fn answer(&self, id: &RequestId, reply: Reply) -> bool {
        let waiting = self.lock().remove(id);
        waiting.is_some_and(|waiting| waiting.send(reply).is_ok())
    }
}

impl Waiting<'_> {
    /// The answer that came on another stream. Cancel safe.
    pub(super) async fn reply(&mut self) -> Reply {
        match (&mut self.reply).await {
            Ok(reply) => reply,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.awaited.lock().remove(self.id);
    }
}
