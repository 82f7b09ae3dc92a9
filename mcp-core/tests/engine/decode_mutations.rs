//! Two hundred thousand damaged messages: no panic, no hang, and the same verdict as the slow
//! reader's.

use bytes::Bytes;
use mcp_core::ConnectionLimits;
use mcp_core::jsonrpc::{Decoded, Malformed, Message, decode};

use crate::reference::{self, Verdict};
use crate::support::Random;

const CORPUS: &[&str] = &[
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":-2.5e3}}}"#,
    r#"{"jsonrpc":"2.0","id":"a-1","method":"tools/list"}"#,
    r#"{"jsonrpc":"2.0","id":9223372036854775807,"method":"ping","params":null}"#,
    r#"{"jsonrpc":"2.0","id":-9223372036854775808,"method":"ping","params":{}}"#,
    r#"{"method":"notifications\/cancelled","params":{"requestId":7,"reason":"\ud83d\ude00"},"jsonrpc":"2.0"}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":0.5}}"#,
    r#"{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"a\"b\\c\u0000"}],"isError":false}}"#,
    r#"{"jsonrpc":"2.0","id":"x","error":{"code":-32601,"message":"no","data":[1,{"k":null}]}}"#,
    r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}"#,
    r#"{ "id" : 0 , "extra":[[],{},""],"jsonrpc":"2.0" , "result" : { } }"#,
    r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"n"}]"#,
    r#"[{"jsonrpc":"2.0","id":2,"result":{}}, 1, {"jsonrpc":"2.0","id":1.0,"method":"ping"}]"#,
    r#"{"jsonrpc":"2.0","id":"é日本","method":"é","params":{"ü":"日本"}}"#,
];

/// Bits of text that matter to a reader of messages.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "\\udc00",
    "\\\"",
    "null",
    "true",
    "0",
    "-",
    "1e9",
    ".0",
    " ",
    "\t",
    "\r",
    "\0",
    "\u{feff}",
    "é",
    "\"id\":1,",
    "\"id\":\"1\",",
    "\"method\":\"m\",",
    "\"jsonrpc\":\"2.0\",",
    "\"result\":{},",
    "\"params\":[],",
    "\"params\":{},",
    "\"error\":{\"code\":1,\"message\":\"\"},",
    "9223372036854775808",
    "i\\u0064",
    "\"2.0\"",
    "\"1.0\"",
];

fn damage(random: &mut Random, text: &mut Vec<u8>) {
    let at = random.below(text.len() + 1);
    let span = at..(at + random.below(12)).min(text.len());
    match random.below(8) {
        0 if !text.is_empty() => {
            let at = at.min(text.len() - 1);
            text[at] ^= 1 << random.below(8);
        }
        1 => drop(text.drain(span)),
        2 => {
            let copy = text[span].to_vec();
            let to = random.below(text.len() + 1);
            text.splice(to..to, copy);
        }
        3 => text.truncate(at),
        4 => {
            let other = random.pick(CORPUS).as_bytes();
            let from = random.below(other.len());
            let to = (from + random.below(40)).min(other.len());
            text.splice(at..at, other[from..to].iter().copied());
        }
        5 => {
            text.splice(span, random.pick(PIECES).bytes());
        }
        _ => {
            text.splice(at..at, random.pick(PIECES).bytes());
        }
    }
}

fn kind(message: Result<Message, Malformed>) -> Verdict {
    let text =
        |json: mcp_core::json::JsonBytes| String::from_utf8(json.as_bytes().to_vec()).unwrap();
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

fn read(frame: &[u8], limits: &ConnectionLimits) -> Result<Vec<Verdict>, Verdict> {
    match decode(&Bytes::copy_from_slice(frame), limits) {
        Ok(Decoded::Single(message)) => Ok(vec![kind(Ok(message))]),
        Ok(Decoded::Batch(entries)) => Ok(entries.into_iter().map(kind).collect()),
        Err(malformed) => Err(kind(Err(malformed))),
    }
}

#[test]
fn damaged_messages_get_the_verdict_of_the_slow_reader() {
    let limits = ConnectionLimits::default();
    for text in CORPUS {
        assert_eq!(read(text.as_bytes(), &limits), reference::read(text.as_bytes()), "{text}");
    }
    let mut random = Random::new(0x6d63_7031);
    let (mut accepted, mut refused) = (0_u32, 0_u32);
    for round in 0..200_000 {
        let mut text = random.pick(CORPUS).as_bytes().to_vec();
        for _ in 0..=random.below(4) {
            damage(&mut random, &mut text);
        }
        let (fast, slow) = (read(&text, &limits), reference::read(&text));
        assert_eq!(fast, slow, "round {round}: {}", String::from_utf8_lossy(&text));
        *if fast.is_ok() { &mut accepted } else { &mut refused } += 1;
    }
    // Both sides of the line were visited.
    assert!(accepted > 10_000 && refused > 10_000, "{accepted} accepted, {refused} refused");
}
