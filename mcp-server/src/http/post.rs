//! POST: one message, or a batch of 2025-03-26. Which era it belongs to is decided here.
//!
//! A message that names its protocol version in `_meta` is modern, and so is one whose header names a modern
//! version; any other is legacy. What the connection did before plays no part.

use std::sync::Arc;

use crate::call::{CallMeta, Claim};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body::Body;
use mcp_core::http::names;
use mcp_core::jsonrpc::{self, Decoded, ErrorObject, Message, RequestId};
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{Notification, Request};

use super::service::Shared;
use super::{Response, legacy, modern, read, status};

/// Answers a POST whose head is checked.
pub(super) async fn post<B: Body>(shared: &Arc<Shared>, parts: Arc<Parts>, body: B) -> Response {
    let Some(mut admitted) = shared.admission.admit() else { return status::overloaded(None) };
    let limits = shared.server.limits();
    let bytes = match read::read(body, limits, &mut admitted).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    if !admitted.becomes_request() {
        return status::overloaded(None);
    }
    let message = match jsonrpc::decode(&bytes, &limits.connection) {
        Err(malformed) => {
            if let Some(id) = malformed.answers.as_ref().filter(|_| shared.sessions) {
                legacy::failed_answer(shared, &parts, id, &malformed.error);
            }
            return refuse(malformed.id.as_ref(), &malformed.error);
        }
        Ok(Decoded::Single(message)) => message,
        Ok(batch) if shared.sessions && header_era(&parts.headers) != Some(Era::Modern) => {
            return legacy::post(shared, parts, batch, CallMeta::default(), admitted).await;
        }
        Ok(_) => {
            let error =
                ErrorObject::invalid_request("one message at a time: this revision has no batches");
            return refuse(None, &error);
        }
    };
    let meta = match &message {
        Message::Request { id, params, .. } => match CallMeta::read(params) {
            Ok(meta) => meta,
            Err(error) => return refuse(Some(id), &error),
        },
        Message::Notification { params, .. } => match CallMeta::read(params) {
            Ok(meta) => meta,
            Err(error) => return refuse(None, &error),
        },
        Message::Response { .. } => CallMeta::default(),
    };
    if !is_modern(shared, &parts.headers, &meta) {
        return legacy::post(shared, parts, Decoded::Single(message), meta, admitted).await;
    }
    match message {
        Message::Request { id, method, params } => {
            match modern::begin(shared, parts, Request::new(id, method, params), meta, admitted) {
                Ok(call) => call.respond().await,
                Err(refused) => *refused,
            }
        }
        Message::Notification { method, params } => {
            Box::pin(modern::notification(shared, &parts, Notification::new(method, params), meta))
                .await
        }
        Message::Response { id, .. } => modern::response(id.as_ref()),
    }
}

fn is_modern(shared: &Shared, headers: &HeaderMap, meta: &CallMeta) -> bool {
    !shared.sessions || meta.claim != Claim::Absent || header_era(headers) == Some(Era::Modern)
}

/// The era of the version in the header; none if it names none that we know.
fn header_era(headers: &HeaderMap) -> Option<Era> {
    let version = headers.get(names::PROTOCOL_VERSION)?.to_str().ok()?.trim();
    version.parse().ok().map(Revision::era)
}

/// A message that is not read further.
fn refuse(id: Option<&RequestId>, error: &ErrorObject) -> Response {
    status::error(StatusCode::BAD_REQUEST, id, error)
}
