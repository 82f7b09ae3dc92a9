//! Frame → message: one scan, then one flat parse of the envelope.
//!
//! The envelope is read by a visitor of our own. Derived enums would try one variant after the other, accept
//! a doubled member in one of them, and cannot hold raw JSON (docs: reliability, T13–T18).

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{ErrorObject, Message, MethodName, RequestId};
use crate::codec::scan::{ScanError, scan};
use crate::json::JsonBytes;
use crate::limits::Limits;
use crate::method;

/// A frame that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// One message.
    Single(Message),
    /// An array of messages, in order, each read on its own. Only a 2025-03-26 peer may send one.
    Batch(Vec<Result<Message, Malformed>>),
}

/// A frame that is not a message: the error to answer with, and the id it belongs to where that was readable.
#[derive(Debug, Clone, PartialEq)]
pub struct Malformed {
    /// The id of the request, if the message had a valid one.
    pub id: Option<RequestId>,
    /// −32700 or −32600 (−32602 where the parameters are not an object).
    pub error: ErrorObject,
    /// The frame was meant to answer this request of ours, which gets no better answer. Nothing is sent
    /// back: the peer would take it for the answer to a request of its own that has the same id.
    pub answers: Option<RequestId>,
}

impl Malformed {
    fn new(error: ErrorObject) -> Self {
        Self { id: None, error, answers: None }
    }
}

/// Reads one frame.
///
/// # Errors
/// [`Malformed`] says what to answer: −32700 for bytes that are not JSON in UTF-8, −32600 for JSON that is
/// over the limits or no JSON-RPC message (a doubled or missing member, another `jsonrpc`, an id outside the
/// rules, result together with error).
pub fn decode(frame: &Bytes, limits: &Limits) -> Result<Decoded, Malformed> {
    let text = scan(frame, limits.depth, limits.nodes).map_err(|refused| {
        Malformed::new(match refused {
            ScanError::NotUtf8 => ErrorObject::parse_error("the message is not UTF-8"),
            ScanError::TooDeep => ErrorObject::invalid_request(format!(
                "the message is nested deeper than {} levels",
                limits.depth
            )),
            ScanError::TooManyNodes => ErrorObject::invalid_request(format!(
                "the message has more than {} JSON values",
                limits.nodes
            )),
        })
    })?;
    if text.trim_ascii_start().starts_with('[') {
        return decode_batch(frame, text, limits.batch);
    }
    decode_one(frame, text).map(Decoded::Single)
}

fn decode_batch(frame: &Bytes, text: &str, most: usize) -> Result<Decoded, Malformed> {
    let entries: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| no_message(text))?;
    if entries.is_empty() {
        return Err(Malformed::new(ErrorObject::invalid_request("the batch is empty")));
    }
    if entries.len() > most {
        return Err(Malformed::new(ErrorObject::invalid_request(format!(
            "the batch has {} entries; at most {most} are accepted",
            entries.len()
        ))));
    }
    Ok(Decoded::Batch(entries.into_iter().map(|entry| decode_one(frame, entry.get())).collect()))
}

fn decode_one(frame: &Bytes, text: &str) -> Result<Message, Malformed> {
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|_| no_message(text))?;
    let slice = |raw: &RawValue| JsonBytes::from_trusted(frame.slice_ref(raw.get().as_bytes()));
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

    if let Some(doubled) = envelope.doubled {
        return Err(Malformed::new(ErrorObject::invalid_request(format!(
            "the member {doubled} is doubled"
        ))));
    }
    if envelope.version != Version::Two {
        return Err(invalid("the member jsonrpc must be \"2.0\""));
    }
    if let Some(Err(reason)) = envelope.id {
        // A response may carry null where the sender could not read the id it answers.
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
                return Err(invalid("a result needs an id"));
            }
            if !result.get().starts_with('{') {
                return Err(invalid("the result must be an object"));
            }
            Ok(Message::Response { id, outcome: Ok(slice(result)) })
        }
        (None, None, Some(error)) => match read_error(error) {
            Some(error) => Ok(Message::Response { id, outcome: Err(error) }),
            None => Err(invalid("the error must be an object with an integer code and a message")),
        },
        (None, Some(_), Some(_)) => Err(invalid("a response has either a result or an error")),
        (None, None, None) => Err(invalid("the message has no method, no result and no error")),
        (Some(_), _, _) => Err(invalid("a message with a method has no result and no error")),
    }
}

#[cold]
fn no_message(text: &str) -> Malformed {
    // The parser stops at the first thing that is wrong, which may be a 2 where an object should be; whether
    // what follows is JSON decides which error it is.
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

/// The members of a message before it is known which kind it is.
#[derive(Default)]
struct Envelope<'a> {
    version: Version,
    id: Option<Result<RequestId, BadId>>,
    /// `Some(None)` for a method that is not a string.
    method: Option<Option<Cow<'a, str>>>,
    params: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    doubled: Option<&'static str>,
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
            let doubled = match member {
                Member::Version => {
                    let before =
                        std::mem::replace(&mut envelope.version, read_version(map.next_value()?));
                    (before != Version::Absent).then_some("jsonrpc")
                }
                Member::Id => envelope.id.replace(read_id(map.next_value()?)).map(|_| "id"),
                Member::Method => {
                    envelope.method.replace(read_text(map.next_value()?)).map(|_| "method")
                }
                Member::Params => replace_raw(&mut envelope.params, map.next_value()?, "params"),
                Member::Result => replace_raw(&mut envelope.result, map.next_value()?, "result"),
                Member::Error => replace_raw(&mut envelope.error, map.next_value()?, "error"),
                Member::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            envelope.doubled = envelope.doubled.or(doubled);
        }
        if envelope.params.is_some_and(|params| params.get() == "null") {
            envelope.params = None; // Many clients write null for "none".
        }
        Ok(envelope)
    }
}

fn replace_raw<'a>(
    place: &mut Option<&'a RawValue>,
    raw: &'a RawValue,
    name: &'static str,
) -> Option<&'static str> {
    place.replace(raw).map(|_| name)
}

fn read_version(raw: &RawValue) -> Version {
    if raw.get() == "\"2.0\"" { Version::Two } else { Version::Other }
}

fn read_id(raw: &RawValue) -> Result<RequestId, BadId> {
    match raw.get() {
        "null" => Err(BadId::Null),
        text => serde_json::from_str(text).map_err(|_| BadId::Other),
    }
}

fn read_error(raw: &RawValue) -> Option<ErrorObject> {
    // What reads an object by its members also reads an array by their order.
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}

fn read_text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str(text).ok().map(Cow::Owned),
    }
}
