//! POST: one message, or a batch of 2025-03-26. Which era it belongs to is decided here.
//!
//! A message that names its protocol version in `_meta` is modern, and so is one whose header names
//! a modern version; any other is legacy. What the connection did before plays no part. A batch is
//! always legacy: modern entries in it are refused, because their header fields cannot be checked.

use std::sync::Arc;

use mcp_core::jsonrpc::{self, Decoded, ErrorObject, Message, RequestId};
use mcp_core::service::{Notification, Request};

use super::admission::{RequestBody, read};
use super::legacy;
use super::modern;
use super::request::Head;
use super::response::body::Response;
use super::response::status;
use super::shared::Shared;
use crate::call::{CallMeta, Claim};

/// Answers a POST whose head is checked.
pub(super) async fn post(shared: &Arc<Shared>, head: &Head<'_>, body: RequestBody) -> Response {
    let mut admitted = match shared.admission.admit() {
        Ok(admitted) => admitted,
        Err(full) => return status::full(shared.errors(head), full, None),
    };
    let limits = shared.server.limits();
    let bytes = match read(body, limits, &mut admitted, || shared.errors(head)).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    if let Err(full) = admitted.becomes_request(head.principal()) {
        return status::full_for(shared.errors(head), full, &bytes, limits);
    }
    let message = match jsonrpc::decode(&bytes, &limits.connection) {
        Err(malformed) => {
            if let Some(id) = malformed.answers.as_ref().filter(|_| shared.sessions) {
                Box::pin(legacy::failed_answer(shared, head, id, &malformed.error)).await;
            }
            return refuse(shared, malformed.id.as_ref(), malformed.error);
        }
        Ok(Decoded::Single(message)) => message,
        Ok(batch) if shared.sessions && !head.version().is_modern() => {
            return legacy::post(shared, head, batch, CallMeta::default(), admitted).await;
        }
        Ok(_) => {
            let error =
                ErrorObject::invalid_request("one message at a time: this revision has no batches");
            return refuse(shared, None, error);
        }
    };
    let meta = match &message {
        Message::Request { id, params, .. } => match CallMeta::read(params) {
            Ok(meta) => meta,
            Err(error) => return refuse(shared, Some(id), error),
        },
        Message::Notification { params, .. } => match CallMeta::read(params) {
            Ok(meta) => meta,
            Err(error) => return refuse(shared, None, error),
        },
        Message::Response { .. } => CallMeta::default(),
    };
    if !is_modern(shared, head, &meta) {
        return legacy::post(shared, head, Decoded::Single(message), meta, admitted).await;
    }
    match message {
        Message::Request { id, method, params } => {
            match modern::begin(shared, head, Request::new(id, method, params), meta, admitted) {
                Ok(call) => call.respond().await,
                Err(refused) => *refused,
            }
        }
        Message::Notification { method, params } => {
            Box::pin(modern::notification(shared, head, Notification::new(method, params), meta))
                .await
        }
        Message::Response { id, .. } => modern::response(shared, id.as_ref()),
    }
}

fn is_modern(shared: &Shared, head: &Head<'_>, meta: &CallMeta) -> bool {
    !shared.sessions || meta.claim != Claim::Absent || head.version().is_modern()
}

/// A message that is not read further.
fn refuse(shared: &Shared, id: Option<&RequestId>, error: ErrorObject) -> Response {
    status::refusal(shared.modern_errors(), id, error)
}
