//! The peer as a service.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::shared::{Shared, Stats};
use crate::jsonrpc::{RequestId, write_notification, write_request};
use crate::service::{Notification, Reply, Request, Service};
use crate::transport::{TransportError, TransportErrorKind};

/// The other end of a stream: calls are written to it, answers come back from it.
///
/// Ids are the caller's: each must differ from those of the requests that are still waiting. Dropping the
/// future of a call sends `notifications/cancelled` (never for `initialize`, which must not be cancelled).
#[derive(Clone)]
pub struct Remote {
    shared: Arc<Shared>,
}

impl Remote {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Closes our side: what is in the outbox is still written, then the writer is shut down. The driver
    /// goes on reading until the peer closes its side too. Later calls fail.
    pub fn close(&self) {
        self.shared.lock().closing = true;
        self.shared.room.notify_waiters();
        self.shared.driver.wake();
    }

    /// Ends every waiting call with `error`, and refuses further ones with it.
    pub fn abort(&self, error: &TransportError) {
        self.shared.close(error);
        self.shared.driver.wake();
    }

    /// What the conversation holds at this moment. All zero once it is over.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    fn check_length(&self, length: usize) -> Result<(), TransportError> {
        let longest = self.shared.outgoing_bytes;
        if length > longest {
            return Err(TransportError::new(
                TransportErrorKind::TooLong,
                format!("the message has {length} bytes; at most {longest} are sent"),
            ));
        }
        Ok(())
    }
}

impl Service for Remote {
    async fn call(&self, request: Request) -> Reply {
        self.check_length(request.params.as_bytes().len())?;
        let (sender, answer) = oneshot::channel();
        let Request { id, method, params, .. } = request;
        let serial = (self.shared)
            .send_with(|state| {
                let serial = self.shared.expect(state, id.clone(), sender)?;
                let out = state.outbox.buffer();
                write_request(out, &id, &method, params.as_bytes());
                out.extend_from_slice(b"\n");
                Ok(serial)
            })
            .await?;
        let _left = CancelOnDrop {
            shared: &self.shared,
            id: &id,
            serial,
            tell_peer: method != "initialize",
        };
        match answer.await {
            Ok(reply) => reply,
            Err(_) => Err(TransportError::closed("the connection is closed").into()),
        }
    }

    async fn notify(&self, notification: Notification) {
        let Notification { method, params } = notification;
        let sent = match self.check_length(params.as_bytes().len()) {
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

/// Forgets the request; tells the peer when it was still waiting for its answer.
struct CancelOnDrop<'a> {
    shared: &'a Shared,
    id: &'a RequestId,
    serial: u64,
    tell_peer: bool,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.shared.forget(self.id, self.serial, self.tell_peer);
    }
}
