//! Responses: their HTTP status, and those that are not about a message.

use bytes::{Bytes, BytesMut};
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, StatusCode};
use mcp_core::http::names::{EVENT_STREAM, JSON};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{
    Decoded, ErrorKind, ErrorObject, ErrorTable, Message, RequestId, code, decode, write_error,
    write_result, write_result_start,
};
use mcp_core::oauth::Challenge;
use mcp_core::revision::Revision;
use mcp_core::service::{Reply, outgoing};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{HttpBody, Response};
use crate::Limits;
use crate::auth::REQUIRED_SCOPES;
use crate::http::admission::Full;
use crate::store::StoreError;

/// From this length on, a result is sent where it is; shorter ones are copied into one piece with
/// the rest of their message, which costs less.
const LONG: usize = 16 << 10;

/// The media type of a message. A constant, so that its characters are checked when this is
/// compiled.
const JSON_TYPE: HeaderValue = HeaderValue::from_static(JSON);

/// Room for the header fields of a usual request: hyper keeps the map of a response for the next
/// request of its connection, which then need not allocate one.
const REQUEST_FIELDS: usize = 12;

/// The errors of requests that belong to the legacy era. Its revisions agree about what a transport
/// refuses.
pub(in crate::http) const LEGACY: &ErrorTable = Revision::LATEST_LEGACY.rules().errors;

/// Tells proxies that buffer responses not to buffer this one.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The status of a JSON-RPC error, in a revision with this table (HTTP-10, TRAP-16).
pub(in crate::http) fn of(errors: &ErrorTable, error: &ErrorObject) -> StatusCode {
    // A table has valid statuses only.
    StatusCode::from_u16(errors.status(error)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A request that is not answered by a handler, with the code and the status that the table has for
/// the error.
pub(in crate::http) fn refusal(
    errors: &ErrorTable,
    id: Option<&RequestId>,
    error: ErrorObject,
) -> Response {
    let error = errors.fit(error);
    self::error(of(errors, &error), id, &error)
}

/// The reply to a call as the whole answer. `of_error` returns the status of an error.
pub(in crate::http) fn reply(
    id: &RequestId,
    reply: Reply,
    max_bytes: usize,
    of_error: impl FnOnce(&ErrorObject) -> StatusCode,
) -> Response {
    match outgoing(id, reply, max_bytes) {
        Ok(result) => self::result(id, result),
        Err(error) => self::error(of_error(&error), Some(id), &error),
    }
}

/// A JSON-RPC error as the whole answer.
pub(in crate::http) fn error(
    status: StatusCode,
    id: Option<&RequestId>,
    error: &ErrorObject,
) -> Response {
    let mut text = BytesMut::new();
    write_error(&mut text, id, error);
    let mut response = message(status, text);
    if error.kind() == ErrorKind::InsufficientScope {
        response.extensions_mut().insert(RequiredScopes(required_scopes(error)));
    }
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
        && let Some(seconds) = retry_after(error)
    {
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

/// The scopes that a refused operation needs, in the extensions of its response. The challenge
/// that names them also depends on the service.
#[derive(Debug, Clone)]
pub(in crate::http) struct RequiredScopes(pub(in crate::http) Vec<String>);

/// Adds a challenge to a response.
pub(in crate::http) fn add_challenge(response: &mut Response, challenge: &Challenge) {
    // A prefix of scopes is not checked: it may have characters that are not ASCII.
    if let Ok(value) = HeaderValue::from_str(&challenge.to_string()) {
        response.headers_mut().append(WWW_AUTHENTICATE, value);
    }
}

fn required_scopes(error: &ErrorObject) -> Vec<String> {
    let data = error.data().and_then(|data| serde_json::from_str::<Value>(data.get()).ok());
    let scopes = data.as_ref().and_then(|data| data.get(REQUIRED_SCOPES)?.as_array());
    let scopes = scopes.into_iter().flatten();
    scopes.filter_map(|scope| scope.as_str().map(str::to_owned)).collect()
}

/// Returns the time after which an error says that the client may try again, in whole seconds.
fn retry_after(error: &ErrorObject) -> Option<HeaderValue> {
    #[derive(Deserialize)]
    struct Data {
        #[serde(rename = "retryAfterMs")]
        milliseconds: u64,
    }
    let data: Data = serde_json::from_str(error.data()?.get()).ok()?;
    Some(data.milliseconds.div_ceil(1_000).into())
}

/// A result as the whole answer.
pub(in crate::http) fn result(id: &RequestId, result: JsonBytes) -> Response {
    let mut text = BytesMut::new();
    if result.as_bytes().len() < LONG {
        write_result(&mut text, id, result.as_bytes());
        return message(StatusCode::OK, text);
    }
    write_result_start(&mut text, id);
    with_json(
        StatusCode::OK,
        HttpBody::pieces([text.freeze(), result.into_bytes(), Bytes::from_static(b"}")]),
    )
}

/// One message as the whole answer.
pub(in crate::http) fn message(status: StatusCode, text: impl Into<Bytes>) -> Response {
    with_json(status, HttpBody::whole(text))
}

fn with_json(status: StatusCode, body: HttpBody) -> Response {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = HeaderMap::with_capacity(REQUEST_FIELDS);
    response.headers_mut().insert(CONTENT_TYPE, JSON_TYPE);
    response
}

/// Nothing but a status.
pub(in crate::http) fn bare(status: StatusCode) -> Response {
    let mut response = http::Response::new(HttpBody::empty());
    *response.status_mut() = status;
    response
}

/// A request that is refused with −32600 and the reason. `id` is that of its message, where it
/// could be read.
pub(in crate::http) fn refused(
    status: StatusCode,
    id: Option<&RequestId>,
    reason: &str,
) -> Response {
    error(status, id, &ErrorObject::invalid_request(reason))
}

/// 405: what may be done instead depends on whether there are sessions.
pub(in crate::http) fn method_not_allowed(sessions: bool) -> Response {
    let mut response = bare(StatusCode::METHOD_NOT_ALLOWED);
    let allowed = if sessions { "GET, POST, DELETE" } else { "POST" };
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// 503, or 429 where this caller alone is at its limit.
pub(in crate::http) fn full(errors: &ErrorTable, full: Full, id: Option<&RequestId>) -> Response {
    let mut response = refusal(errors, id, busy(full));
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// [`full`] for a message that was received but is not handled. It is decoded for its id only
/// (BASE-4), which costs less than to receive it.
pub(in crate::http) fn full_for(
    errors: &ErrorTable,
    full: Full,
    message: &Bytes,
    limits: &Limits,
) -> Response {
    let id = match decode(message, &limits.connection) {
        Ok(Decoded::Single(Message::Request { id, .. })) => Some(id),
        Ok(_) => None,
        Err(malformed) => malformed.id,
    };
    self::full(errors, full, id.as_ref())
}

/// The same as a JSON-RPC error.
pub(in crate::http) fn busy(full: Full) -> ErrorObject {
    let (kind, message) = match full {
        Full::All(limit) => (
            ErrorKind::Overloaded,
            format!("the server is at its limit ({limit}); try again later"),
        ),
        Full::Principal(limit) => {
            (ErrorKind::OverQuota, format!("this user is at a limit ({limit}); try again later"))
        }
    };
    let details = json!({ "reason": "overloaded", "retryAfterMs": 1_000, "notProcessed": true });
    ErrorObject::new(code::INTERNAL_ERROR, message)
        .with_data(&json!({ "retryable": true }))
        .with_kind(kind, &details)
}

/// The response where the store of sessions, or the bus, failed: the client may try again.
#[cold]
pub(in crate::http) fn unavailable(id: Option<&RequestId>, failure: &StoreError) -> Response {
    tracing::warn!(error = %failure, "a session could not be used");
    let message = "the store of sessions failed; try again later";
    let failure = ErrorObject::new(code::INTERNAL_ERROR, message)
        .with_data(&json!({ "retryable": true }))
        .with_kind(ErrorKind::Overloaded, &());
    refusal(LEGACY, id, failure)
}

/// A stream of server-sent events as the response.
pub(in crate::http) fn events(body: HttpBody) -> Response {
    // No larger than needed: the connection keeps it for as long as the stream lasts.
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    let mut response = http::Response::new(body);
    *response.headers_mut() = headers;
    response
}
