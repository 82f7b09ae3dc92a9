//! `jsonrpc::decode`: the same result as the reference reader, and again the same message after
//! encoding it. The pass for usual messages gives the same result and finds the same members as the
//! parser for all others.

use bytes::{Bytes, BytesMut};
use mcp_core::ConnectionLimits;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{
    Decoded, Malformed, Message, Params, decode, decode_by_parser, write_error, write_notification,
    write_request, write_result,
};
use mcp_core::meta;

use crate::reference::{self, Verdict};

/// Members of `params`: those that every call reads, and others.
const MEMBERS: [&str; 9] = [
    "_meta",
    "name",
    "arguments",
    "uri",
    "taskId",
    "inputResponses",
    "requestState",
    "requestId",
    "a",
];

/// Members of `params._meta`: those that every call reads, and others.
const META_MEMBERS: [&str; 7] = [
    meta::PROGRESS_TOKEN,
    meta::PROTOCOL_VERSION,
    meta::CLIENT_INFO,
    meta::CLIENT_CAPABILITIES,
    meta::LOG_LEVEL,
    meta::TRACEPARENT,
    "a",
];

pub(crate) fn run(frame: &[u8]) {
    check_with_reference(frame);
    let frame = Bytes::copy_from_slice(frame);
    let mut limits = ConnectionLimits::default();
    check_both_ways(&frame, &limits);
    (limits.max_json_depth, limits.max_json_nodes) = (3, 10);
    check_both_ways(&frame, &limits);
}

/// Compares both ways to decode a frame, and the members of its parameters.
fn check_both_ways(frame: &Bytes, limits: &ConnectionLimits) {
    let decoded = decode(frame, limits);
    assert_eq!(decoded, decode_by_parser(frame, limits));
    if let Ok(Decoded::Single(
        Message::Request { params, .. } | Message::Notification { params, .. },
    )) = decoded
    {
        check_members(&params);
    }
}

/// Compares the noted members of parameters with those that a search finds.
fn check_members(params: &Params) {
    let searched = JsonBytes::from(params.clone());
    assert_eq!(params.members(MEMBERS), searched.members(MEMBERS));
    for name in MEMBERS {
        assert_eq!(params.members([name]), searched.members([name]));
    }
    let Ok([Some(meta)]) = params.members(["_meta"]) else { return };
    check_meta_members(params, &meta, META_MEMBERS);
    for name in META_MEMBERS {
        check_meta_members(params, &meta, [name]);
    }
}

fn check_meta_members<const N: usize>(params: &Params, meta: &JsonBytes, names: [&'static str; N]) {
    let searched = meta.members(names);
    let searched = searched.as_ref().map(|found| found.each_ref().map(text_of));
    assert_eq!(params.meta_members(meta.as_str(), names), searched.map_err(Clone::clone));
}

fn text_of(json: &Option<JsonBytes>) -> Option<&str> {
    json.as_ref().map(JsonBytes::as_str)
}

fn check_with_reference(frame: &[u8]) {
    let decoded = decode(&Bytes::copy_from_slice(frame), &ConnectionLimits::default());
    // The reference has no limits: inputs are too short for most of them, and what exceeds one is
    // rejected without an id.
    if let Err(Malformed { error, id: None, answers: None }) = &decoded
        && error.message().contains("(max_")
    {
        return;
    }
    assert_eq!(verdicts(decoded.clone()), reference::read(frame));
    if let Ok(Decoded::Single(message)) = decoded {
        // Encoding replaces line breaks, so messages are compared in their encoded form.
        let encoded = encode(&message);
        let Ok(Decoded::Single(again)) = decode(&encoded, &ConnectionLimits::default()) else {
            panic!("an encoded message is not a message: {encoded:?}");
        };
        assert_eq!(encode(&again), encoded);
    }
}

fn encode(message: &Message) -> Bytes {
    let mut out = BytesMut::new();
    match message {
        Message::Request { id, method, params } => {
            write_request(&mut out, id, method, params.as_bytes());
        }
        Message::Notification { method, params } => {
            write_notification(&mut out, method, params.as_bytes());
        }
        Message::Response { id: Some(id), outcome: Ok(result) } => {
            write_result(&mut out, id, result.as_bytes());
        }
        Message::Response { id, outcome: Err(error) } => write_error(&mut out, id.as_ref(), error),
        Message::Response { id: None, outcome: Ok(_) } => panic!("a result without an id"),
    }
    assert!(!out.contains(&b'\n') && !out.contains(&b'\r'), "a frame with a line break");
    out.freeze()
}

fn verdicts(decoded: Result<Decoded, Malformed>) -> Result<Vec<Verdict>, Verdict> {
    match decoded {
        Ok(Decoded::Single(message)) => Ok(vec![verdict(Ok(message))]),
        Ok(Decoded::Batch(entries)) => Ok(entries.into_iter().map(verdict).collect()),
        Err(malformed) => Err(verdict(Err(malformed))),
    }
}

fn verdict(message: Result<Message, Malformed>) -> Verdict {
    let text = |json: JsonBytes| json.as_str().to_owned();
    match message {
        Ok(Message::Request { id, method, params }) => {
            Verdict::Request(id, method.into_owned(), text(params.into()))
        }
        Ok(Message::Notification { method, params }) => {
            Verdict::Notification(method.into_owned(), text(params.into()))
        }
        Ok(Message::Response { id: Some(id), outcome: Ok(result) }) => {
            Verdict::Result(id, text(result))
        }
        Ok(Message::Response { id, outcome: Err(error) }) => {
            Verdict::Error(id, error.code().into())
        }
        Ok(Message::Response { id: None, outcome: Ok(_) }) => panic!("a result without an id"),
        Err(Malformed { id, error, answers }) => Verdict::Refused(error.code(), id, answers),
    }
}
