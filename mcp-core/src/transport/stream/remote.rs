//! The peer of a stream as a service.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::shared::{Shared, Stats};
use crate::jsonrpc::{RequestId, write_notification, write_request};
use crate::method::{self, Initialize, Method as _, RetrySafety, retry_safety};
use crate::service::{
    CallError, CancelReason, Notification, Reply, Request, Service, check_outgoing,
};
use crate::transport::TransportError;

/// The other end of a stream as a [`Service`]: calls are written to the stream, and answers are
/// read from it.
///
/// A call that was sent and got no answer fails with
/// [`OutcomeUnknown`](crate::transport::TransportErrorKind::OutcomeUnknown), unless repeating it is
/// harmless ([`RetrySafety`]).
///
/// The caller chooses the ids; consecutive numbers cost least, and numbers that another peer chose
/// should not be passed on. An id must differ from those of all pending requests. Dropping the
/// future of a call sends `notifications/cancelled`, except for `initialize`, which must not be
/// cancelled.
#[derive(Clone)]
pub struct Remote {
    shared: Arc<Shared>,
}

impl Remote {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Closes this side. The outbox is written first, then the writer is shut down, and later calls
    /// fail. The driver keeps reading until the peer closes its side too.
    pub fn close(&self) {
        self.shared.lock().closing = true;
        self.shared.outbox_space.notify_waiters();
        self.shared.driver.wake();
    }

    /// Ends the conversation: all pending requests and all later ones fail with `error`.
    pub fn abort(&self, error: &TransportError) {
        self.shared.close(error);
        self.shared.driver.wake();
    }

    /// Returns why the conversation has ended: the error that its pending requests failed with.
    /// `None` as long as the peer may still answer.
    pub fn ended(&self) -> Option<TransportError> {
        self.shared.ended()
    }

    /// Returns what the conversation holds at this moment. All counts are zero after its end.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }
}

impl Service for Remote {
    fn call(&self, request: Request) -> impl Future<Output = Reply> + Send {
        // Taken apart before the future is made, which would store the whole request otherwise.
        let (attached_row, reason) = (request.attached_row(), request.cancel_reason());
        let Request { id, method, params, .. } = request;
        async move {
            check_outgoing(params.as_bytes().len(), self.shared.max_outgoing_bytes)?;
            let (sender, answer) = oneshot::channel();
            let serial = (self.shared)
                .send_with(|state| {
                    let serial = state.expect_answer(id.clone(), sender)?;
                    let out = state.outbox.buffer();
                    write_request(out, &id, &method, params.as_bytes());
                    out.extend_from_slice(b"\n");
                    Ok(serial)
                })
                .await?;
            let mut guard = CancelOnDrop {
                shared: &self.shared,
                id: &id,
                serial,
                notify_peer: method != Initialize::NAME,
                reason,
                is_answered: false,
            };
            let closed = |_| Err(TransportError::closed("the connection is closed").into());
            let answer = answer.await;
            // The request is no longer in the table.
            guard.is_answered = true;
            match answer.unwrap_or_else(closed) {
                Err(CallError::Transport(error))
                    if retry_safety(method::find(&method).or(attached_row), &params)
                        == RetrySafety::Unsafe =>
                {
                    Err(error.outcome_unknown().into())
                }
                reply => reply,
            }
        }
    }

    async fn notify(&self, notification: Notification) {
        // Neither a closed connection nor an empty outbox makes a loop of notifications wait.
        tokio::task::consume_budget().await;
        let Notification { method, params } = notification;
        let sent = match check_outgoing(params.as_bytes().len(), self.shared.max_outgoing_bytes) {
            Ok(()) => {
                let write = |out: &mut bytes::BytesMut| {
                    write_notification(out, &method, params.as_bytes());
                    out.extend_from_slice(b"\n");
                };
                self.shared.send(write).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            tracing::debug!(%method, %error, "a notification was not sent");
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remote")
    }
}

/// Removes the request when dropped, and notifies the peer if it was still pending.
struct CancelOnDrop<'a> {
    shared: &'a Shared,
    id: &'a RequestId,
    serial: u64,
    notify_peer: bool,
    reason: Option<CancelReason>,
    is_answered: bool,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            let reason = self.reason.as_ref().and_then(CancelReason::get);
            self.shared.abandon(self.id, self.serial, self.notify_peer, reason);
        }
    }
}
