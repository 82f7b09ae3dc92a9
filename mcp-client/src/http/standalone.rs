//! The stream of a legacy session on which the server tells and asks what belongs to no call. One task reads it, and
//! opens it again after a cut. Spec: basic/transports, "Listening for messages from the server" (SH-5, SH-7).

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use http::{Response, StatusCode};
use mcp_core::jsonrpc::RequestId;
use mcp_core::transport::TransportErrorKind;
use tokio::time::{sleep, timeout};

use super::exchange::is_transient;
use super::reconnect::Reconnect;
use super::reply::Cursor;
use super::session::{Session, is_stream};
use super::stack::HttpBody;
use super::transport::Shared;

/// How far the stream got.
#[derive(Default)]
struct Progress {
    cursor: Cursor,
    /// The server has such a stream: it was open before.
    was_open: bool,
}

impl Shared {
    /// Begins to read the stream of the session, and stops reading that of an earlier one.
    pub(super) fn open_standalone(self: &Arc<Self>) {
        let mut standalone = self.standalone.lock().unwrap_or_else(PoisonError::into_inner);
        if *self.closed.borrow() {
            return;
        }
        self.legacy.is_listening.send_replace(false);
        let shared = Arc::clone(self);
        let task = tokio::spawn(async move { shared.read_standalone().await }).abort_handle();
        if let Some(before) = standalone.replace(task) {
            before.abort();
        }
    }

    /// Waits until the stream of the session is open, or is known to be none: what a server tells before is lost. A
    /// server may keep the head of its answer back until it has something to tell, so that the wait is short.
    pub(super) async fn listening(&self) {
        if *self.legacy.is_listening.borrow() {
            return;
        }
        let mut is_listening = self.legacy.is_listening.subscribe();
        let opening = self.limits.http_client.stream_opening;
        if timeout(opening, is_listening.wait_for(|is_listening| *is_listening)).await.is_err() {
            tracing::debug!("the server has not opened the stream of the session yet");
            self.legacy.is_listening.send_replace(true); // Once is enough.
        }
    }

    async fn read_standalone(self: Arc<Self>) {
        let session = self.legacy.session();
        let mut progress = Progress::default();
        let mut reconnect = Reconnect::new(&self.limits);
        loop {
            reconnect.begin(&progress.cursor);
            let opened = self.open_stream(&session, progress.cursor.last.as_deref()).await;
            self.legacy.is_listening.send_replace(opened.is_ok());
            let is_open = match opened {
                Ok(response) if is_stream(&response) => {
                    if !self.read_stream(response, &mut progress).await {
                        break;
                    }
                    true
                }
                Ok(response) => {
                    match self.refused_stream(response.status(), &session, &mut progress) {
                        ControlFlow::Continue(()) => false,
                        ControlFlow::Break(()) => return,
                    }
                }
                Err(error) if error.kind() == TransportErrorKind::Unauthorized => {
                    // The authorizer was asked, and would only be asked again.
                    tracing::warn!(%error, "the stream of the session is refused");
                    break;
                }
                Err(error) => {
                    tracing::debug!(%error, "the stream of the session could not be opened");
                    if error.kind() == TransportErrorKind::Unsendable {
                        progress.cursor.last = None; // An id that no header field can hold.
                    }
                    false
                }
            };
            let Some(pause) = reconnect.ended(&progress.cursor, is_open) else { break };
            sleep(pause).await;
        }
        tracing::warn!(
            "gave up the stream of the session: changes that the server tells of are missed"
        );
        self.inbound.missed();
    }

    /// Reads until the stream is cut; false when it cannot be read further.
    async fn read_stream(
        self: &Arc<Self>,
        response: Response<HttpBody>,
        progress: &mut Progress,
    ) -> bool {
        if progress.was_open && progress.cursor.last.is_none() {
            // Nothing could be replayed. It is told now and not before, so that whoever asks the server then does not
            // miss what comes between the question and this stream.
            self.inbound.missed();
        }
        progress.was_open = true;
        // There is no answer to wait for.
        let none: Option<&RequestId> = None;
        match self.read_events(response.into_body(), none, &mut progress.cursor).await {
            Err(cut) => {
                tracing::debug!(%cut, "the stream of the session was cut");
                true
            }
            Ok(reply) => {
                tracing::warn!(?reply, "the stream of the session cannot be read further");
                false
            }
        }
    }

    /// The server gave no stream: whether it may be asked for again.
    fn refused_stream(
        self: &Arc<Self>,
        status: StatusCode,
        session: &Session,
        progress: &mut Progress,
    ) -> ControlFlow<()> {
        if is_transient(status) || status.is_server_error() {
            tracing::debug!(status = status.as_u16(), "no stream for the session at this time");
            return ControlFlow::Continue(());
        }
        // A server without such a stream says 405; some say 404 to anything that they do not know. Only one that had
        // the stream before has forgotten the session.
        if status == StatusCode::NOT_FOUND && session.has_id() && progress.was_open {
            // The task that reads the stream of the next session stands in for this one.
            let (shared, session) = (Arc::clone(self), session.clone());
            tokio::spawn(async move {
                if let Err(error) = shared.renew(&session).await {
                    tracing::warn!(%error, "the session is lost");
                    shared.inbound.missed();
                }
            });
            return ControlFlow::Break(());
        }
        if progress.cursor.last.take().is_some() {
            // The server does not go on from there; perhaps it begins anew.
            return ControlFlow::Continue(());
        }
        tracing::debug!(status = status.as_u16(), "the server has no stream for the session");
        if progress.was_open {
            self.inbound.missed();
        }
        ControlFlow::Break(())
    }
}
