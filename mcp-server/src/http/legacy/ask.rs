//! What a server says to a legacy client on a stream: notifications, and requests that it answers
//! with a POST.

use std::sync::Arc;

use bytes::BytesMut;
use futures::FutureExt as _;
use mcp_core::ConnectionLimits;
use mcp_core::jsonrpc::{RequestId, write_notification, write_request};
use mcp_core::method::NotificationMethod as _;
use mcp_core::method::notification::Cancelled;
use mcp_core::service::{Notification, Reply, Request, check_outgoing};
use mcp_core::transport::TransportError;

use super::session::Entry;
use super::stream::EventStream;

/// Sends a request on a stream, and waits for its answer.
///
/// Fails at once where no client reads the stream and nothing of it is kept. Cancel safe: dropping
/// the future withdraws the request.
pub(super) async fn ask(
    entry: &Entry,
    stream: &Arc<EventStream>,
    request: &Request,
    limits: &ConnectionLimits,
) -> Reply {
    check_outgoing(request.params.as_bytes().len(), limits.max_outgoing_bytes)?;
    let answer = entry.expect(request.id.clone(), limits.max_pending_requests)?;
    let _withdraw = Withdraw { entry, stream, id: &request.id };
    let mut text = BytesMut::new();
    write_request(&mut text, &request.id, &request.method, request.params.as_bytes());
    let closed = |_| TransportError::closed("the stream has ended");
    stream.publish(text.freeze()).await.map_err(closed)?;
    tokio::select! {
        biased;
        reply = answer => reply.map_err(|_| TransportError::closed("the session has ended"))?,
        () = stream.lost() => {
            Err(TransportError::closed("the client has disconnected").into())
        }
    }
}

/// Sends a notification on a stream. Waits while its reader has too much unread.
pub(super) async fn tell(
    stream: &EventStream,
    notification: &Notification,
    limits: &ConnectionLimits,
) {
    let Notification { method, params, .. } = notification;
    if let Err(error) = check_outgoing(params.as_bytes().len(), limits.max_outgoing_bytes) {
        return tracing::debug!(%method, %error, "a notification was not sent");
    }
    let mut text = BytesMut::new();
    write_notification(&mut text, method, params.as_bytes());
    drop(stream.publish(text.freeze()).await); // The stream may have ended.
}

/// Withdraws a request when its answer is not awaited any more.
struct Withdraw<'a> {
    entry: &'a Entry,
    stream: &'a Arc<EventStream>,
    id: &'a RequestId,
}

impl Drop for Withdraw<'_> {
    fn drop(&mut self) {
        if !self.entry.forget(self.id) {
            return;
        }
        let id = serde_json::to_string(self.id).unwrap_or_default();
        let mut text = BytesMut::new();
        let params = format!(r#"{{"requestId":{id}}}"#);
        write_notification(&mut text, Cancelled::NAME, params.as_bytes());
        let stream = Arc::clone(self.stream);
        let mut sending = Box::pin(async move { stream.publish(text.freeze()).await });
        // Mostly the stream takes it at once. Without a runtime the process is ending.
        if (&mut sending).now_or_never().is_none()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(sending);
        }
    }
}
