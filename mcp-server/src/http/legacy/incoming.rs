//! Messages of a session that are not answered.

use mcp_core::jsonrpc::{ErrorObject, Message, RequestId};
use mcp_core::method::NotificationMethod as _;
use mcp_core::method::notification::Cancelled;
use mcp_core::service::{Notification, Service as _};
use mcp_core::text::PeerText;
use mcp_core::types::CancelledParams;

use super::lookup;
use super::session::Entry;
use crate::call::{CallMeta, Claim};
use crate::http::request::Head;
use crate::http::shared::Shared;

/// Handles a message that is not a request.
pub(super) async fn take(entry: &Entry, message: Message) {
    match message {
        Message::Notification { method, params } => {
            // A modern notification is a POST of its own, with its header fields.
            if !CallMeta::read(&params).is_ok_and(|meta| meta.claim == Claim::Absent) {
                let method = PeerText::new(&method);
                return tracing::debug!(%method, "dropped a modern notification in a session");
            }
            if method != Cancelled::NAME {
                return entry.connection.notify(Notification::new(method, params)).await;
            }
            // Malformed cancellations are ignored (CAN-3).
            if let Ok(CancelledParams { request_id: Some(id), .. }) = params.parse() {
                entry.cancel(&id);
            }
        }
        Message::Response { id: Some(id), outcome } => {
            entry.answer(&id, outcome.map_err(Into::into));
        }
        Message::Response { id: None, outcome } => {
            let error = outcome.err().map(|error| PeerText::new(error.message()).to_string());
            tracing::warn!(error, "the client could not read a message of this server");
        }
        Message::Request { .. } => {}
    }
}

/// Handles a body that was meant to answer a request of the server and cannot be read: the request
/// fails.
pub(in crate::http) fn failed_answer(
    shared: &Shared,
    head: &Head<'_>,
    id: &RequestId,
    error: &ErrorObject,
) {
    if let Ok(entry) = lookup::session(shared, head, None) {
        entry.answer(id, Err(error.clone().into()));
    }
}
