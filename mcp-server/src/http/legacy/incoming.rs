//! Messages of a session that are not answered.

use bytes::BytesMut;
use mcp_core::jsonrpc::{ErrorObject, Message, RequestId};
use mcp_core::method::NotificationMethod as _;
use mcp_core::method::notification::Cancelled;
use mcp_core::service::{Notification, Reply, Service as _, write_reply};
use mcp_core::text::PeerText;
use mcp_core::types::CancelledParams;

use super::lookup;
use super::session::Entry;
use crate::call::{CallMeta, Claim};
use crate::http::request::Head;
use crate::http::response::body::Response;
use crate::http::response::status;
use crate::http::shared::Shared;

/// Handles a message that is not a request.
///
/// # Errors
/// The response to send, where the message should be sent again.
pub(super) async fn take(entry: &Entry, message: Message) -> Result<(), Box<Response>> {
    match message {
        Message::Notification { method, params } => {
            // A modern notification is a POST of its own, with its header fields.
            if !CallMeta::read(&params).is_ok_and(|meta| meta.claim == Claim::Absent) {
                let method = PeerText::new(&method);
                tracing::debug!(%method, "dropped a modern notification in a session");
                return Ok(());
            }
            if method != Cancelled::NAME {
                entry.connection.notify(Notification::new(method, params)).await;
                return Ok(());
            }
            // Malformed cancellations are ignored (CAN-3).
            if let Ok(CancelledParams { request_id: Some(id), .. }) = params.parse()
                && !entry.cancel(&id)
                && let Some(part) = entry.shared()
            {
                part.forward_cancellation(id).await;
            }
        }
        Message::Response { id: Some(id), outcome } => {
            return answer(entry, id, outcome.map_err(Into::into)).await;
        }
        Message::Response { id: None, outcome } => {
            let error = outcome.err().map(|error| PeerText::new(error.message()).to_string());
            tracing::warn!(error, "the client could not read a message of this server");
        }
        Message::Request { .. } => {}
    }
    Ok(())
}

/// Delivers an answer of the client to the handler that waits for it, here or at another instance.
async fn answer(entry: &Entry, id: RequestId, reply: Reply) -> Result<(), Box<Response>> {
    let Err(reply) = entry.answer(&id, reply) else { return Ok(()) };
    let Some(part) = entry.shared().filter(|part| part.is_of_another(&id)) else {
        tracing::debug!(%id, "dropped an answer to an unknown request");
        return Ok(());
    };
    let mut text = BytesMut::new();
    write_reply(&mut text, &id, reply, usize::MAX); // It has been read within the limits.
    let forwarded = part.forward_answer(id, text.to_vec()).await;
    forwarded.map_err(|error| Box::new(status::unavailable(None, &error)))
}

/// Handles a body that was meant to answer a request of the server and cannot be read: the request
/// fails.
pub(in crate::http) async fn failed_answer(
    shared: &Shared,
    head: &Head<'_>,
    id: &RequestId,
    error: &ErrorObject,
) {
    if let Ok(entry) = lookup::session(shared, head, None).await {
        drop(answer(&entry, id.clone(), Err(error.clone().into())).await);
    }
}
