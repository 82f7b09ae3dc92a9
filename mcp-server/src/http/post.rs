//! POST: one message, or a batch of 2025-03-26. Which era it belongs to is decided here.

use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;
use http_body::Body;
use mcp_core::jsonrpc::{self};

use super::service::Shared;
use super::{Response, legacy, read, status};

/// Answers a POST whose head is checked.
pub(super) async fn post<B: Body>(shared: &Arc<Shared>, parts: Parts, body: B) -> Response {
    let Some(mut admitted) = shared.admission.admit() else { return status::overloaded() };
    let limits = &shared.server.limits;
    let bytes = match read::read(body, limits, &mut admitted).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    match jsonrpc::decode(&bytes, limits) {
        Err(malformed) => status::error(StatusCode::BAD_REQUEST, malformed.id.as_ref(), &malformed.error),
        Ok(frame) => legacy::post(shared, parts, frame, admitted).await,
    }
}
