//! A response whose status is no success: a JSON-RPC error, or only a status.

use bytes::Bytes;
use http::header::LOCATION;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use mcp_core::http::names::JSON;
use mcp_core::http_client::url::ShownUrl;
use mcp_core::http_client::{HttpBody, HttpError};
use mcp_core::jsonrpc::{Decoded, ErrorObject, Message, RequestId, code, decode};
use mcp_core::method::{Discover, Method as _};
use mcp_core::service::Reply;
use mcp_core::transport::{TransportError, TransportErrorKind};

use crate::http::send::{RequestInfo, Sender, media_type, refusal, status_text};

/// The code with which several servers say that they do not know the session of a request.
const SESSION_NOT_FOUND: i32 = -32001;

/// Reads a response whose status is no success.
pub(super) async fn read_refusal(
    sender: &Sender,
    head: &Parts,
    body: HttpBody,
    info: RequestInfo<'_>,
) -> Result<Reply, HttpError> {
    let body = body.read(sender.limits().http.max_error_body_bytes).await;
    let body = body.map_err(HttpError::lost)?.unwrap_or_default();
    let refused = refusal(head.status, &head.headers, &body, sender.has_authorizer());
    if refused.kind() == TransportErrorKind::Unauthorized {
        return Ok(Err(refused.into()));
    }
    // A server that fails or forbids the probe says nothing about its era (TRAP-2).
    let is_silent = head.status.is_server_error() || head.status == StatusCode::FORBIDDEN;
    let is_answer = !(is_silent && info.method == Some(Discover::NAME));
    match json_rpc_error(sender, &head.headers, &body) {
        Some((_, error)) if is_answer => Ok(Err(error.into())),
        _ => Ok(Err(refused.into())),
    }
}

/// The error in a response with status 404 that answers a request, or `None` if the response says
/// that the server does not know the session.
pub(crate) async fn error_for(
    sender: &Sender,
    response: Response<HttpBody>,
    id: &RequestId,
) -> Option<ErrorObject> {
    let (head, body) = response.into_parts();
    // A server that does not know the session says so in any form.
    let body = body.read(sender.limits().http.max_error_body_bytes).await.ok()??;
    let (for_id, error) = json_rpc_error(sender, &head.headers, &body)?;
    let is_about_session = matches!(error.code(), code::INVALID_REQUEST | SESSION_NOT_FOUND);
    (for_id.as_ref() == Some(id) && !is_about_session).then_some(error)
}

fn json_rpc_error(
    sender: &Sender,
    headers: &HeaderMap,
    body: &Bytes,
) -> Option<(Option<RequestId>, ErrorObject)> {
    if !media_type(headers).eq_ignore_ascii_case(JSON) {
        return None;
    }
    match decode(body, &sender.limits().connection) {
        Ok(Decoded::Single(Message::Response { id, outcome: Err(error) })) => Some((id, error)),
        _ => None,
    }
}

/// The error for a redirect that does not keep the request.
pub(super) fn redirected(head: &Parts) -> TransportError {
    let target = head.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let message = format!(
        "the server redirects to {:?} with {}, which does not keep the request: use that URL, or \
         have the server answer 308",
        ShownUrl(target.unwrap_or_default()).to_string(),
        status_text(head.status)
    );
    TransportError::refused(head.status.as_u16(), message)
}
