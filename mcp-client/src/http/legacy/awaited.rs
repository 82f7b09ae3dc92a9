//! Calls whose response may come on another stream than their own.
//!
//! A server must not send a response on the stream of the session (SH-5), but some do, such as when
//! a call is sent and that stream is opened at the same moment. Dropped, it would leave the call
//! waiting until its timeout.

use std::collections::HashMap;

use mcp_core::jsonrpc::RequestId;
use mcp_core::service::Reply;
use mcp_core::sync::Mutex;
use tokio::sync::oneshot;

/// The calls of a session that wait, by their ids: no more than the client has calls.
#[derive(Debug, Default)]
pub(super) struct AwaitedCalls(Mutex<HashMap<RequestId, oneshot::Sender<Reply>>>);

/// A call that waits until this is dropped.
pub(super) struct Waiting<'a> {
    awaited: &'a AwaitedCalls,
    id: &'a RequestId,
    reply: oneshot::Receiver<Reply>,
}

impl AwaitedCalls {
    /// A call begins to wait.
    pub(super) fn wait<'a>(&'a self, id: &'a RequestId) -> Waiting<'a> {
        let (sender, reply) = oneshot::channel();
        self.0.lock().insert(id.clone(), sender);
        Waiting { awaited: self, id, reply }
    }

    /// Hands a response to the call that waits for it; false if none does.
    pub(super) fn answer(&self, id: &RequestId, reply: Reply) -> bool {
        let waiting = self.0.lock().remove(id);
        waiting.is_some_and(|waiting| waiting.send(reply).is_ok())
    }
}

impl Waiting<'_> {
    /// The response that came on another stream. Cancel safe.
    pub(super) async fn reply(&mut self) -> Reply {
        match (&mut self.reply).await {
            Ok(reply) => reply,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.awaited.0.lock().remove(self.id);
    }
}
