//! Requests of a legacy server: a handler of the client handles each, and its response is a POST of
//! its own.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{MethodName, RequestId};
use mcp_core::service::{Request, write_reply};
use mcp_core::sync::Mutex;
use mcp_core::text::PeerText;
use mcp_core::types::CancelledParams;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use super::channel::SessionChannel;
use crate::http::client_side::ClientSide;
use crate::http::send::{Attempts, OutgoingRequest, RequestInfo};
use crate::inbound::CameWith;

/// The requests of the server that are being handled.
pub(super) struct ServerRequests {
    channel: Arc<SessionChannel>,
    client: ClientSide,
    /// Permits for requests that are handled at a time.
    permits: Arc<Semaphore>,
    running: Mutex<HashMap<RequestId, AbortHandle>>,
}

impl ServerRequests {
    pub(super) fn new(channel: &Arc<SessionChannel>) -> Self {
        let sender = channel.sender();
        let max = sender.limits().connection.max_in_flight_requests;
        Self {
            channel: Arc::clone(channel),
            client: sender.client().clone(),
            permits: Arc::new(Semaphore::new(max)),
            running: Mutex::default(),
        }
    }

    /// Begins to handle a request, which came on the stream of a call or on that of the session.
    /// Waits while there are as many as the limits allow.
    pub(super) async fn begin(
        self: &Arc<Self>,
        id: RequestId,
        method: MethodName,
        params: JsonBytes,
        call: Option<RequestId>,
    ) {
        let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { return };
        // Held until the task is in the list, from which it removes itself.
        let mut running = self.running.lock();
        if running.contains_key(&id) {
            let method = PeerText::new(&method);
            tracing::warn!(%method, "dropped a request whose id is in use");
            return;
        }
        if self.channel.sender().is_closed() {
            return;
        }
        let requests = Arc::clone(self);
        let key = id.clone();
        let task = tokio::spawn(async move {
            let mut request = Request::new(id.clone(), method, params);
            request.extensions.insert(CameWith(call));
            let reply = requests.client.call(request).await;
            let max_bytes = requests.channel.sender().limits().connection.max_outgoing_bytes;
            let mut response = BytesMut::new();
            write_reply(&mut response, &id, reply, max_bytes);
            requests.post_response(response.freeze()).await;
            requests.running.lock().remove(&id);
            drop(permit);
        });
        running.insert(key, task.abort_handle());
    }

    /// The server cancels a request.
    pub(super) fn cancel(&self, params: &JsonBytes) {
        // Malformed cancellations are ignored (CAN-3).
        let Ok(CancelledParams { request_id: Some(id), .. }) = params.parse() else { return };
        if let Some(task) = self.running.lock().remove(&id) {
            task.abort();
        }
    }

    /// Aborts all of them.
    pub(super) fn abort(&self) {
        for task in std::mem::take(&mut *self.running.lock()).into_values() {
            task.abort();
        }
    }

    /// Aborts all of them, and begins no others.
    pub(super) fn close(&self) {
        self.permits.close();
        self.abort();
    }

    async fn post_response(&self, body: Bytes) {
        let sender = self.channel.sender();
        // The server forgets a request once it is answered, so that a second response does nothing.
        let request = OutgoingRequest::post(self.channel.headers(), body, RequestInfo::NONE);
        let mut attempts = Attempts::new(sender.limits());
        let wait = sender.limits().connection.write_stall_timeout;
        let sent = sender.within(wait, sender.send_without_id(&request, &mut attempts)).await;
        let sent = sent.and_then(|sent| sent).and_then(|response| sender.check_success(&response));
        if let Err(error) = sent {
            tracing::warn!(%error, "a response did not reach the server");
        }
    }
}
