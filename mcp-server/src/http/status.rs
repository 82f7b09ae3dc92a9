//! Which HTTP status an answer has, and the answers that are not about a message.

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use mcp_core::http::names::JSON;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{
    ErrorObject, RequestId, code, write_error, write_result, write_result_start,
};

use super::{HttpBody, Response};

/// From this length on, a result is sent where it is; shorter ones are copied into one piece with the rest of
/// their message, which costs less.
const LONG: usize = 16 << 10;

/// The status of a JSON-RPC error on a modern request (HTTP-10, T-16). What a handler says of a call that
/// was well formed is an answer like any other.
pub(super) fn of(error: &ErrorObject) -> StatusCode {
    match error.code() {
        code::PARSE_ERROR
        | code::INVALID_REQUEST
        | code::HEADER_MISMATCH
        | code::MISSING_REQUIRED_CLIENT_CAPABILITY
        | code::UNSUPPORTED_PROTOCOL_VERSION => StatusCode::BAD_REQUEST,
        code::METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}

/// A JSON-RPC error as the whole answer.
pub(super) fn error(status: StatusCode, id: Option<&RequestId>, error: &ErrorObject) -> Response {
    let mut text = BytesMut::new();
    write_error(&mut text, id, error);
    json(status, text)
}

/// A result as the whole answer.
pub(super) fn result(id: &RequestId, result: JsonBytes) -> Response {
    let mut text = BytesMut::new();
    if result.as_bytes().len() < LONG {
        write_result(&mut text, id, result.as_bytes());
        return json(StatusCode::OK, text);
    }
    write_result_start(&mut text, id);
    with_json(
        StatusCode::OK,
        HttpBody::pieces([text.freeze(), result.into_bytes(), Bytes::from_static(b"}")]),
    )
}

/// One message as the whole answer.
pub(super) fn json(status: StatusCode, text: impl Into<Bytes>) -> Response {
    with_json(status, HttpBody::whole(text))
}

fn with_json(status: StatusCode, body: HttpBody) -> Response {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}

/// Nothing but a status.
pub(super) fn bare(status: StatusCode) -> Response {
    let mut response = http::Response::new(HttpBody::empty());
    *response.status_mut() = status;
    response
}

/// A request that is refused for what its head says, before any message was read.
pub(super) fn refused(status: StatusCode, reason: &str) -> Response {
    error(status, None, &ErrorObject::invalid_request(reason))
}

/// 405: what may be done instead depends on whether there are sessions.
pub(super) fn method_not_allowed(sessions: bool) -> Response {
    let mut response = bare(StatusCode::METHOD_NOT_ALLOWED);
    let allowed = if sessions { "GET, POST, DELETE" } else { "POST" };
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// 503: too much is in flight.
pub(super) fn overloaded(id: Option<&RequestId>) -> Response {
    let mut response = error(StatusCode::SERVICE_UNAVAILABLE, id, &busy());
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// 429: this caller has too much of it.
pub(super) fn too_many(id: Option<&RequestId>) -> Response {
    let mut response = overloaded(id);
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response
}

/// The same as a JSON-RPC error.
pub(super) fn busy() -> ErrorObject {
    ErrorObject::new(code::INTERNAL_ERROR, "the server is at its limit")
        .with_data(&serde_json::json!({ "retryable": true }))
}
