//! `jsonrpc::decode`: the same result as the reference reader, and again the same message after
//! encoding it.

use bytes::{Bytes, BytesMut};
use mcp_core::ConnectionLimits;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{
    Decoded, Malformed, Message, decode, write_error, write_notification, write_request,
    write_result,
};

use crate::reference::{self, Verdict};

pub(crate) fn run(frame: &[u8]) {
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
            Verdict::Request(id, method.into_owned(), text(params))
        }
        Ok(Message::Notification { method, params }) => {
            Verdict::Notification(method.into_owned(), text(params))
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
