//! Decodes a frame into a message: one scan, then one flat parse of the envelope.
//!
//! The envelope has a hand-written visitor. A derived untagged enum would try one variant after the
//! other, could accept a member that occurs twice, and cannot hold raw JSON (THREAT-13 to
//! THREAT-18).

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{ErrorObject, Message, MethodName, RequestId};
use crate::codec::scan::{ScanError, scan};
use crate::json::{JsonBytes, read_string};
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
    let frame = ByteString::try_from(frame.clone())
        .map_err(|_| Malformed::new(ErrorObject::parse_error("the message is not valid UTF-8")))?;
    scan(&frame, limits.max_json_depth, limits.max_json_nodes)
        .map_err(|refused| Malformed::new(scan_rejection(refused, limits)))?;
    if frame.trim_ascii_start().starts_with('[') {
        return decode_batch(&frame, limits.max_batch_entries);
    }
    decode_one(&frame, &frame).map(Decoded::Single)
}

/// Returns the error for a message that is longer than
/// [`max_message_bytes`](ConnectionLimits::max_message_bytes).
#[must_use]
pub fn too_long(limits: &ConnectionLimits) -> ErrorObject {
    let max = limits.max_message_bytes;
    ErrorObject::invalid_request(format!(
        "the message is longer than {max} bytes (max_message_bytes)"
    ))
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
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|_| not_a_message(text))?;
    let slice = |raw: &RawValue| JsonBytes::from_frame(frame.slice_ref(raw.get()));
    let id = match &envelope.id {
        Some(Ok(id)) => Some(id.clone()),
        _ => None,
    };
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
    if envelope.version != Version::Two {
        return Err(invalid("jsonrpc must be \"2.0\""));
    }
    if let Some(Err(reason)) = envelope.id {
        // An error response has a null id if the sender could not read the id of the request.
        if !(reason == BadId::Null && envelope.error.is_some()) {
            return Err(invalid(
                "the id must be a string of at most 256 bytes or a 64-bit integer",
            ));
        }
    }
    match (envelope.method, envelope.result, envelope.error) {
        (Some(method), None, None) => {
            let Some(method) = method else { return Err(invalid("the method must be a string")) };
            let params = match envelope.params {
                None => JsonBytes::empty_object(),
                Some(raw) if raw.get().starts_with('{') => slice(raw),
                Some(_) => {
                    return Err(refuse(ErrorObject::invalid_params("params must be an object")));
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
            if !result.get().starts_with('{') {
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
    // be. Whether the whole text is JSON decides which error it is.
    Malformed::new(match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => ErrorObject::invalid_request(
            "the message must be an object whose member names are text",
        ),
        Err(_) => ErrorObject::parse_error("the message is not valid JSON"),
    })
}

fn intern(method: Cow<'_, str>) -> MethodName {
    match method::find(&method) {
        Some(row) => Cow::Borrowed(row.name),
        None => Cow::Owned(method.into_owned()),
    }
}

/// The members of a message whose kind is not known yet.
#[derive(Default)]
struct Envelope<'a> {
    version: Version,
    id: Option<Result<RequestId, BadId>>,
    /// `Some(None)` for a method that is not a string.
    method: Option<Option<Cow<'a, str>>>,
    params: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    /// A member that occurs more than once.
    repeated: Option<&'static str>,
}

#[derive(Default, PartialEq)]
enum Version {
    #[default]
    Absent,
    Two,
    Other,
}

#[derive(PartialEq)]
enum BadId {
    Null,
    Other,
}

enum Member {
    Version,
    Id,
    Method,
    Params,
    Result,
    Error,
    Unknown,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Member;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Member, E> {
                Ok(match name {
                    "jsonrpc" => Member::Version,
                    "id" => Member::Id,
                    "method" => Member::Method,
                    "params" => Member::Params,
                    "result" => Member::Result,
                    "error" => Member::Error,
                    _ => Member::Unknown,
                })
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON-RPC message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(member) = map.next_key()? {
            let repeated = match member {
                Member::Version => {
                    let previous =
                        std::mem::replace(&mut envelope.version, read_version(map.next_value()?));
                    (previous != Version::Absent).then_some("jsonrpc")
                }
                Member::Id => envelope.id.replace(read_id(map.next_value()?)).map(|_| "id"),
                Member::Method => envelope
                    .method
                    .replace(read_string(map.next_value::<&RawValue>()?.get()))
                    .map(|_| "method"),
                Member::Params => replace_raw(&mut envelope.params, map.next_value()?, "params"),
                Member::Result => replace_raw(&mut envelope.result, map.next_value()?, "result"),
                Member::Error => replace_raw(&mut envelope.error, map.next_value()?, "error"),
                Member::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            envelope.repeated = envelope.repeated.or(repeated);
        }
        if envelope.params.is_some_and(|params| params.get() == "null") {
            envelope.params = None; // Many clients send null instead of omitting the member.
        }
        Ok(envelope)
    }
}

fn replace_raw<'a>(
    member: &mut Option<&'a RawValue>,
    raw: &'a RawValue,
    name: &'static str,
) -> Option<&'static str> {
    member.replace(raw).map(|_| name)
}

fn read_version(raw: &RawValue) -> Version {
    if raw.get() == "\"2.0\"" { Version::Two } else { Version::Other }
}

fn read_id(raw: &RawValue) -> Result<RequestId, BadId> {
    match raw.get() {
        "null" => Err(BadId::Null),
        text => RequestId::from_json(text).ok_or(BadId::Other),
    }
}

fn read_error(raw: &RawValue) -> Option<ErrorObject> {
    // The derived code of `ErrorObject` would also accept an array of its members in order.
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}
