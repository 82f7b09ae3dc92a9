//! Requests of a legacy server: each is handed to the client's handlers, and its answer is a POST of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use http::Method;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, MethodName, RequestId, write_error, write_result};
use mcp_core::revision::Era;
use mcp_core::service::{CallError, Request, Service as _};
use serde::Deserialize;
use tokio::task::AbortHandle;

use super::exchange::{About, Attempts, Outgoing, Twice};
use super::transport::Shared;

/// The requests of the server that are being answered.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    running: Mutex<HashMap<RequestId, AbortHandle>>,
}

impl Incoming {
    fn lock(&self) -> MutexGuard<'_, HashMap<RequestId, AbortHandle>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server takes a request back.
    pub(super) fn cancel(&self, params: &JsonBytes) {
        #[derive(Deserialize)]
        struct Cancelled {
            #[serde(rename = "requestId")]
            request_id: RequestId,
        }
        let Ok(Cancelled { request_id }) = params.parse() else { return };
        if let Some(task) = self.lock().remove(&request_id) {
            task.abort();
        }
    }

    /// Stops all of them.
    pub(super) fn abort(&self) {
        for task in std::mem::take(&mut *self.lock()).into_values() {
            task.abort();
        }
    }
}

impl Shared {
    /// Begins to answer a request of the server. Waits while as many are being answered as may be.
    pub(super) async fn serve(
        self: &Arc<Self>,
        id: RequestId,
        method: MethodName,
        params: JsonBytes,
    ) {
        if self.inbound.revision.get().map(|revision| revision.era()) == Some(Era::Modern) {
            // Such a server has no way to get an answer (BASE-8).
            tracing::warn!(%method, "dropped a request: this revision's servers send none");
            return;
        }
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
        // Held until the task is noted down, which takes itself off this list.
        let mut running = self.incoming.lock();
        if running.contains_key(&id) {
            tracing::warn!(%method, "dropped a request whose id is in use");
            return;
        }
        if *self.closed.borrow() {
            return;
        }
        let shared = Arc::clone(self);
        let key = id.clone();
        let task = tokio::spawn(async move {
            let reply = shared.local.call(Request::new(id.clone(), method, params)).await;
            let mut answer = BytesMut::new();
            match reply {
                Ok(result) if result.as_bytes().len() > shared.limits.outgoing_bytes => {
                    tracing::warn!(
                        bytes = result.as_bytes().len(),
                        "the answer is longer than is sent"
                    );
                    write_error(&mut answer, Some(&id), &ErrorObject::internal());
                }
                Ok(result) => write_result(&mut answer, &id, result.as_bytes()),
                Err(CallError::Peer(error)) => write_error(&mut answer, Some(&id), &error),
                Err(_) => write_error(&mut answer, Some(&id), &ErrorObject::internal()),
            }
            shared.post_answer(answer.freeze()).await;
            shared.incoming.lock().remove(&id);
            drop(place);
        });
        running.insert(key, task.abort_handle());
    }

    async fn post_answer(&self, body: Bytes) {
        let headers = self.legacy_headers();
        // The server forgets a request once it is answered, so that a second answer does nothing.
        let about = About { method: None, name: None, twice: Twice::Harmless };
        let outgoing = Outgoing { method: Method::POST, headers, body, about };
        let mut attempts = Attempts::new(self);
        let sent = self
            .within(self.limits.write_stall, self.send_unnumbered(None, &outgoing, &mut attempts));
        match sent.await.and_then(|sent| sent) {
            Ok(response) if response.status().is_success() => {}
            Ok(response) => {
                tracing::warn!(status = response.status().as_u16(), "the server refused an answer");
            }
            Err(error) => tracing::warn!(%error, "an answer did not reach the server"),
        }
    }
}
