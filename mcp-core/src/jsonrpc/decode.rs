//! Decodes a frame into a message.
//!
//! A usual message is read in one strict pass over the text. Any other is scanned for its depth and
//! number of values and then parsed, which finds the error or the meaning.

use std::borrow::Cow;

use bytes::Bytes;
use bytestring::ByteString;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::envelope::Envelope;
use super::{ErrorKind, ErrorObject, Message, MethodName, Params, RequestId};
use crate::codec::scan::{ScanError, scan};
use crate::json::{JsonBytes, has_reserved_name, read_string};
use crate::limits::ConnectionLimits;
use crate::method;

/// A decoded frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// One message.
    Single(Message),
    /// An array of messages, in order, each decoded on its own. Only a peer that speaks 2025-03-26
    /// may send one.
    Batch(Vec<Result<Message, Malformed>>),
}

/// A frame that is not a valid message: the error to answer with, and the id that the answer needs,
/// if it was readable.
#[derive(Debug, Clone, PartialEq)]
pub struct Malformed {
    /// The id of the request, if the message has a valid one.
    pub id: Option<RequestId>,
    /// The error to answer with: −32700, −32600, or −32602 if `params` is not an object.
    pub error: ErrorObject,
    /// The request of this side that the frame was meant to answer. It gets no better answer.
    /// Nothing is sent back, because the peer would take it for the answer to a request of its own
    /// with the same id.
    pub answers: Option<RequestId>,
}

impl Malformed {
    fn new(error: ErrorObject) -> Self {
        Self { id: None, error, answers: None }
    }
}

/// Decodes one frame.
///
/// ```
/// use bytes::Bytes;
/// use mcp_core::ConnectionLimits;
/// use mcp_core::jsonrpc::{Decoded, Message, RequestId, code, decode};
///
/// let limits = ConnectionLimits::for_server();
/// let frame = Bytes::from(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#);
/// let Ok(Decoded::Single(Message::Request { id, method, params })) = decode(&frame, &limits) else {
///     panic!("a request");
/// };
/// assert_eq!((id, &*method, params.as_bytes()), (RequestId::Number(1), "tools/list", &b"{}"[..]));
///
/// let malformed = decode(&Bytes::from("{"), &limits).unwrap_err();
/// assert_eq!(malformed.error.code(), code::PARSE_ERROR);
/// ```
///
/// # Errors
/// [`Malformed`] has the error to answer with: −32700 for bytes that are not JSON in UTF-8, and
/// −32600 for JSON that exceeds a limit or is not a JSON-RPC message (a member is missing or occurs
/// twice, `jsonrpc` is not `"2.0"`, the id is not allowed, or `result` and `error` occur together).
pub fn decode(frame: &Bytes, limits: &ConnectionLimits) -> Result<Decoded, Malformed> {
    let frame = text(frame)?;
    match Envelope::read(&frame, limits) {
        Some(envelope) => message(&frame, &envelope).map(Decoded::Single),
        None => decode_unusual(&frame, limits),
    }
}

/// Decodes one frame as [`decode`] does, without the pass for usual messages. For tests that
/// compare the two.
///
/// # Errors
/// As [`decode`].
#[doc(hidden)]
pub fn decode_by_parser(frame: &Bytes, limits: &ConnectionLimits) -> Result<Decoded, Malformed> {
    decode_unusual(&text(frame)?, limits)
}

fn text(frame: &Bytes) -> Result<ByteString, Malformed> {
    ByteString::try_from(frame.clone())
        .map_err(|_| Malformed::new(ErrorObject::parse_error("the message is not valid UTF-8")))
}

#[cold]
fn decode_unusual(frame: &ByteString, limits: &ConnectionLimits) -> Result<Decoded, Malformed> {
    scan(frame, limits.max_json_depth, limits.max_json_nodes)
        .map_err(|refused| Malformed::new(scan_rejection(refused, limits)))?;
    if has_reserved_name(frame) {
        return Err(refused_if_json(frame, reserved_name()));
    }
    if frame.trim_ascii_start().starts_with('[') {
        return decode_batch(frame, limits.max_batch_entries);
    }
    decode_one(frame, frame).map(Decoded::Single)
}

/// Returns the error for a message that is longer than
/// [`max_message_bytes`](ConnectionLimits::max_message_bytes).
#[must_use]
pub fn too_long(limits: &ConnectionLimits) -> ErrorObject {
    let max = limits.max_message_bytes;
    ErrorObject::invalid_request(format!(
        "the message is longer than {max} bytes (max_message_bytes)"
    ))
    .with_kind(
        ErrorKind::MessageTooLarge,
        &serde_json::json!({ "part": "message", "limitBytes": max }),
    )
}

/// Returns the error for a message in which a member has a [reserved name](has_reserved_name).
pub(crate) fn reserved_name() -> ErrorObject {
    ErrorObject::invalid_request(
        "the name of a member must not start with \"$serde_json::private::\"; rename it",
    )
}

/// Returns the error for a message that [`scan`] rejected.
pub(crate) fn scan_rejection(refused: ScanError, limits: &ConnectionLimits) -> ErrorObject {
    match refused {
        ScanError::TooDeep => ErrorObject::invalid_request(format!(
            "the message is nested deeper than {} levels (max_json_depth)",
            limits.max_json_depth
        )),
        ScanError::TooManyNodes => ErrorObject::invalid_request(format!(
            "the message has more than {} JSON values (max_json_nodes)",
            limits.max_json_nodes
        )),
    }
}

fn decode_batch(frame: &ByteString, max_entries: usize) -> Result<Decoded, Malformed> {
    let entries: Vec<&RawValue> = serde_json::from_str(frame).map_err(|_| not_a_message(frame))?;
    if entries.is_empty() {
        return Err(Malformed::new(ErrorObject::invalid_request("the batch is empty")));
    }
    if entries.len() > max_entries {
        return Err(Malformed::new(ErrorObject::invalid_request(format!(
            "the batch has {} entries; the limit is {max_entries} (max_batch_entries)",
            entries.len()
        ))));
    }
    Ok(Decoded::Batch(entries.into_iter().map(|entry| decode_one(frame, entry.get())).collect()))
}

fn decode_one(frame: &ByteString, text: &str) -> Result<Message, Malformed> {
    message(frame, &Envelope::parse(text).map_err(|_| not_a_message(text))?)
}

/// Decides which message the members make.
fn message(frame: &ByteString, envelope: &Envelope<'_>) -> Result<Message, Malformed> {
    let slice = |raw: &str| JsonBytes::from_frame(frame.slice_ref(raw));
    let id = envelope.id.and_then(RequestId::from_json);
    let is_answer =
        envelope.method.is_none() && (envelope.result.is_some() || envelope.error.is_some());
    let refuse = |error| match is_answer {
        true => Malformed { id: None, error, answers: id.clone() },
        false => Malformed { id: id.clone(), error, answers: None },
    };
    let invalid = |message: &str| refuse(ErrorObject::invalid_request(message));

    if let Some(member) = envelope.repeated {
        return Err(Malformed::new(ErrorObject::invalid_request(format!(
            "the member {member} occurs more than once"
        ))));
    }
    if envelope.version != Some("\"2.0\"") {
        return Err(invalid("jsonrpc must be \"2.0\""));
    }
    // An error response has a null id if the sender could not read the id of the request.
    let may_be_null = envelope.error.is_some();
    if id.is_none() && envelope.id.is_some_and(|id| id != "null" || !may_be_null) {
        return Err(invalid("the id must be a string of at most 256 bytes or a 64-bit integer"));
    }
    match (envelope.method, envelope.result, envelope.error) {
        (Some(method), None, None) => {
            let Some(method) = read_string(method) else {
                return Err(invalid("the method must be a string"));
            };
            let params = match envelope.params {
                // Many clients send null instead of omitting the member.
                None | Some("null") => JsonBytes::empty_object().into(),
                Some(raw) if raw.starts_with('{') => Params::new(slice(raw), envelope.places),
                Some(_) => {
                    let error = ErrorObject::invalid_params("params must be an object");
                    return Err(refuse(error.with_kind(ErrorKind::MalformedParams, &())));
                }
            };
            let method = intern(method);
            Ok(match id {
                Some(id) => Message::Request { id, method, params },
                None => Message::Notification { method, params },
            })
        }
        (None, Some(result), None) => {
            if id.is_none() {
                return Err(invalid("a response with a result must have an id"));
            }
            if !result.starts_with('{') {
                return Err(invalid("the result must be an object"));
            }
            Ok(Message::Response { id, outcome: Ok(slice(result)) })
        }
        (None, None, Some(error)) => match read_error(error) {
            Some(error) => Ok(Message::Response { id, outcome: Err(error) }),
            None => Err(invalid(
                "the error must be an object with an integer code and a string message",
            )),
        },
        (None, Some(_), Some(_)) => {
            Err(invalid("a response must not have both a result and an error"))
        }
        (None, None, None) => Err(invalid("the message must have a method, a result or an error")),
        (Some(_), _, _) => {
            Err(invalid("a message with a method must not have a result or an error"))
        }
    }
}

#[cold]
fn not_a_message(text: &str) -> Malformed {
    // The envelope parser stops at the first mistake, which may be a number where an object should
    // be.
    let message = "the message must be an object whose member names are text";
    refused_if_json(text, ErrorObject::invalid_request(message))
}

/// Returns the refusal of a text: `error` if the text is JSON.
#[cold]
fn refused_if_json(text: &str, error: ErrorObject) -> Malformed {
    Malformed::new(match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => error,
        Err(_) => ErrorObject::parse_error("the message is not valid JSON"),
    })
}

fn intern(method: Cow<'_, str>) -> MethodName {
    match method::find(&method) {
        Some(row) => Cow::Borrowed(row.name),
        None => Cow::Owned(method.into_owned()),
    }
}

fn read_error(raw: &str) -> Option<ErrorObject> {
    // The derived code of `ErrorObject` would also accept an array of its members in order.
    raw.starts_with('{').then(|| serde_json::from_str(raw).ok())?
}
