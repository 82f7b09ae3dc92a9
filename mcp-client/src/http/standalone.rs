//! The stream of a legacy session on which the server tells and asks what belongs to no call. One task reads it, and
//! opens it again after a cut. Spec: basic/transports, "Listening for messages from the server" (SH-5, SH-7).

use std::sync::{Arc, PoisonError};

use http::StatusCode;
use mcp_core::jsonrpc::RequestId;
use tokio::time::sleep;

use super::backoff::Backoff;
use super::legacy::is_stream;
use super::reply::Cursor;
use super::transport::Shared;

impl Shared {
    /// Begins to read the stream of the session, and stops reading that of an earlier one.
    pub(super) fn open_standalone(self: &Arc<Self>) {
        if *self.closed.borrow() {
            return;
        }
        let shared = Arc::clone(self);
        let task = tokio::spawn(async move { shared.read_standalone().await }).abort_handle();
        let before = self.standalone.lock().unwrap_or_else(PoisonError::into_inner).replace(task);
        if let Some(before) = before {
            before.abort();
        }
    }

    async fn read_standalone(self: Arc<Self>) {
        let limits = &self.limits.http_client;
        let session = self.legacy.session();
        let mut cursor = Cursor::default();
        let mut backoff = Backoff::new(limits);
        let mut in_vain = 0;
        while in_vain < limits.reconnects {
            let before = cursor.events;
            match self.open_stream(cursor.last.as_deref()).await {
                Ok(response) if is_stream(&response) => {
                    // There is no answer to wait for; what looks like one is dropped.
                    let none: Option<&RequestId> = None;
                    if let Ok(reply) = self.read_events(response.into_body(), none, &mut cursor).await {
                        tracing::warn!(?reply, "the stream of the session cannot be read further");
                        break;
                    }
                }
                Ok(response) if response.status() == StatusCode::NOT_FOUND && session.has_id() => {
                    // A server without such a stream says 405; this one has forgotten the session. The task that
                    // reads the stream of the next one stands in for this one.
                    let shared = Arc::clone(&self);
                    tokio::spawn(async move {
                        if let Err(error) = shared.renew(&session).await {
                            tracing::warn!(%error, "the session is lost");
                        }
                    });
                    return;
                }
                Ok(response) if cursor.last.is_some() && response.status().is_client_error() => {
                    // The server does not go on from there: what it told meanwhile is lost, and we say so.
                    cursor.last = None;
                    self.inbound.missed();
                }
                Ok(response) if response.status().is_client_error() || response.status().is_success() => {
                    let status = response.status().as_u16();
                    tracing::debug!(status, "the server has no stream for the session");
                    return;
                }
                Ok(response) => tracing::debug!(status = response.status().as_u16(), "no stream"),
                Err(error) => tracing::debug!(%error, "the stream of the session could not be opened"),
            }
            if cursor.events > before {
                in_vain = 0;
                backoff = Backoff::new(limits);
            } else {
                in_vain += 1;
            }
            let wait = cursor.retry.take().unwrap_or_else(|| backoff.pause());
            sleep(wait.min(limits.longest_retry)).await;
            if cursor.last.is_none() && cursor.events > 0 {
                // Without ids nothing can be replayed.
                self.inbound.missed();
            }
        }
        tracing::warn!("gave up the stream of the session: changes that the server tells of are missed");
        self.inbound.missed();
    }
}
