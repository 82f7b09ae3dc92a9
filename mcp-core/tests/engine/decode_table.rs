//! Envelopes that are no message: the exact code and id of the answer, alone and inside of a batch.

use bytes::Bytes;
use mcp_core::Limits;
use mcp_core::jsonrpc::{Decoded, Malformed, Message, RequestId, decode};

/// Which request a refusal concerns.
enum Concerns {
    /// Nobody's, as far as can be told.
    Nobody,
    /// The peer's with this id, which gets the error.
    Theirs(i64),
    /// Ours with this id, which ends.
    Ours(i64),
}

use Concerns::{Nobody, Ours, Theirs};

fn decode_one(text: &str) -> Result<Message, Malformed> {
    match decode(&Bytes::copy_from_slice(text.as_bytes()), &Limits::default())? {
        Decoded::Single(message) => Ok(message),
        Decoded::Batch(_) => panic!("a batch: {text}"),
    }
}

fn decode_in_batch(text: &str) -> Result<Message, Malformed> {
    let good = r#"{"jsonrpc":"2.0","method":"good"}"#;
    let frame = Bytes::from(format!("[{good}, {text} ,{good}]"));
    let Ok(Decoded::Batch(mut entries)) = decode(&frame, &Limits::default()) else {
        panic!("no batch: {text}")
    };
    assert_eq!(entries.len(), 3);
    assert!(entries[0].is_ok() && entries[2].is_ok(), "{text} hurt its neighbours");
    entries.swap_remove(1)
}

fn envelope(members: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0",{members}}}"#)
}

#[track_caller]
fn is_refused(text: &str, code: i32, concerns: &Concerns) {
    for (place, outcome) in [("alone", decode_one(text)), ("in a batch", decode_in_batch(text))] {
        let Err(Malformed { id, error, answers }) = outcome else {
            panic!("accepted {place}: {text}")
        };
        assert_eq!(error.code(), code, "{place}: {text}");
        let (theirs, ours) = match concerns {
            Nobody => (None, None),
            Theirs(id) => (Some(RequestId::Number(*id)), None),
            Ours(id) => (None, Some(RequestId::Number(*id))),
        };
        assert_eq!((id, answers), (theirs, ours), "{place}: {text}");
    }
}

#[test]
fn a_doubled_member_is_refused_without_an_id_wherever_it_stands() {
    for members in [
        r#""jsonrpc":"2.0","id":1,"method":"m""#,
        r#""id":1,"method":"m","id":1"#,
        r#""id":1,"id":2,"method":"m""#,
        r#""id":1,"i\u0064":2,"method":"m""#,
        r#""id":1,"method":"m","method":"m""#,
        r#""id":1,"method":"a","x":{},"method":"b""#,
        r#""id":1,"method":"m","params":{},"params":{}"#,
        r#""id":1,"method":"m","params":null,"params":{"admin":true}"#,
        r#""id":1,"result":{},"result":{}"#,
        r#""id":1,"error":{"code":1,"message":""},"error":{"code":2,"message":""}"#,
    ] {
        is_refused(&envelope(members), -32600, &Nobody);
    }
    is_refused(r#"{"id":1,"method":"m","jsonrpc":"2.0","jsonrpc":"2.0"}"#, -32600, &Nobody);
}

#[test]
fn names_in_another_case_are_other_names() {
    is_refused(&envelope(r#""id":1,"Method":"m""#), -32600, &Theirs(1));
    is_refused(&envelope(r#""id":1,"METHOD":"m""#), -32600, &Theirs(1));
    is_refused(&envelope(r#""id":1,"method\u0000":"m""#), -32600, &Theirs(1));
    is_refused(&envelope(r#""id":1,"Result":{}"#), -32600, &Theirs(1));
    is_refused(r#"{"JsonRPC":"2.0","id":1,"method":"m"}"#, -32600, &Theirs(1));
    let Ok(Message::Notification { params, .. }) =
        decode_one(&envelope(r#""ID":1,"method":"m","Params":{"a":1},"param\u017f":{"b":1}"#))
    else {
        panic!("not a notification")
    };
    assert_eq!(params.as_bytes(), b"{}");
}

#[test]
fn another_version_is_refused_with_the_id() {
    for version in [r#""1.0""#, r#""2""#, r#""2.0 ""#, "2.0", "2", "null", "[]", r#"{"v":"2.0"}"#] {
        is_refused(&format!(r#"{{"jsonrpc":{version},"id":1,"method":"m"}}"#), -32600, &Theirs(1));
        is_refused(&format!(r#"{{"jsonrpc":{version},"id":1,"result":{{}}}}"#), -32600, &Ours(1));
    }
    is_refused(r#"{"id":1,"method":"m"}"#, -32600, &Theirs(1));
    is_refused(r#"{"id":1,"result":{}}"#, -32600, &Ours(1));
    is_refused("{}", -32600, &Nobody);
}

#[test]
fn an_id_outside_the_rules_is_refused_without_one() {
    let long = format!("\"{}\"", "x".repeat(257));
    let wide = format!("\"{}\"", "é".repeat(129));
    for id in [
        "null",
        "true",
        "[]",
        "[1]",
        "{}",
        "1.0",
        "1.5",
        "1e0",
        "1E3",
        "-0",
        "1e400",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        &long,
        &wide,
    ] {
        is_refused(&envelope(&format!(r#""id":{id},"method":"m""#)), -32600, &Nobody);
        is_refused(&envelope(&format!(r#""id":{id},"result":{{}}"#)), -32600, &Nobody);
    }
    is_refused(&envelope(r#""result":{}"#), -32600, &Nobody);
}

#[test]
fn ids_at_the_edge_of_the_rules_are_kept_as_they_are() {
    let longest = "x".repeat(256);
    let widest = "é".repeat(128);
    let cases: [(String, RequestId); 9] = [
        ("0".into(), 0.into()),
        ("-1".into(), (-1).into()),
        ("9223372036854775807".into(), i64::MAX.into()),
        ("-9223372036854775808".into(), i64::MIN.into()),
        ("\"\"".into(), "".into()),
        ("\"1\"".into(), "1".into()),
        (r#""\ud83d\ude00\n""#.into(), "😀\n".into()),
        (format!("\"{longest}\""), longest.as_str().into()),
        (format!("\"{widest}\""), widest.as_str().into()),
    ];
    for (text, expected) in cases {
        let message = decode_one(&envelope(&format!(r#""id":{text},"method":"m""#)));
        let Ok(Message::Request { id, .. }) = message else { panic!("{text}: {message:?}") };
        assert_eq!(id, expected);
    }
}

#[test]
fn a_message_is_exactly_one_of_request_result_and_error() {
    let error = r#""error":{"code":1,"message":"x"}"#;
    is_refused(&envelope(&format!(r#""id":1,"result":{{}},{error}"#)), -32600, &Ours(1));
    is_refused(&envelope(&format!(r#""id":1,"result":null,{error}"#)), -32600, &Ours(1));
    is_refused(&envelope(r#""id":1,"method":"m","result":{}"#), -32600, &Theirs(1));
    is_refused(&envelope(&format!(r#""id":1,"method":"m",{error}"#)), -32600, &Theirs(1));
    is_refused(&envelope(&format!(r#""method":"m","result":{{}},{error}"#)), -32600, &Nobody);
    is_refused(&envelope(r#""id":1"#), -32600, &Theirs(1));
    is_refused(&envelope(r#""id":1,"params":{}"#), -32600, &Theirs(1));
    for not_an_object in ["1", "null", "true", r#""x""#, "1.5", "1e400", r#""\ud800""#] {
        is_refused(not_an_object, -32600, &Nobody);
    }
    is_refused(&envelope(r#""id":1,"method":"m","\ud800":1"#), -32600, &Nobody);
}

#[test]
fn a_method_is_a_string() {
    for method in ["1", "null", "true", "[]", r#"["m"]"#, r#"{"m":1}"#, r#""\ud800""#] {
        is_refused(&envelope(&format!(r#""id":1,"method":{method}"#)), -32600, &Theirs(1));
    }
    let message = decode_one(&envelope(r#""id":1,"method":"tools\/call""#));
    let Ok(Message::Request { method, .. }) = message else { panic!("{message:?}") };
    assert_eq!(method, "tools/call");
}

#[test]
fn parameters_are_an_object_or_nothing() {
    for params in ["[]", "[{}]", "1", "1e400", "true", "false", r#""{}""#] {
        is_refused(
            &envelope(&format!(r#""id":1,"method":"m","params":{params}"#)),
            -32602,
            &Theirs(1),
        );
        is_refused(&envelope(&format!(r#""method":"m","params":{params}"#)), -32602, &Nobody);
    }
    for params in [r#","params":null"#, r#","params":{}"#, r#","params": { } "#, ""] {
        let message = decode_one(&envelope(&format!(r#""id":1,"method":"m"{params}"#)));
        let Ok(Message::Request { params, .. }) = message else { panic!("{params}: {message:?}") };
        assert!(params.parse::<serde_json::Map<_, _>>().unwrap().is_empty());
    }
}

#[test]
fn a_result_is_an_object() {
    for result in ["[]", "1", "null", "true", r#""x""#] {
        is_refused(&envelope(&format!(r#""id":1,"result":{result}"#)), -32600, &Ours(1));
        is_refused(&envelope(&format!(r#""result":{result}"#)), -32600, &Nobody);
    }
}

#[test]
fn an_error_is_an_object_with_an_integer_code_and_a_message() {
    for error in [
        "null",
        "1",
        r#""x""#,
        "[]",
        r#"[1,"x",null]"#,
        "{}",
        r#"{"code":1}"#,
        r#"{"message":"x"}"#,
        r#"{"code":"1","message":"x"}"#,
        r#"{"code":1.5,"message":"x"}"#,
        r#"{"code":2147483648,"message":"x"}"#,
        r#"{"code":null,"message":"x"}"#,
        r#"{"code":1,"message":null}"#,
        r#"{"code":1,"message":["x"]}"#,
        r#"{"code":1,"code":2,"message":"x"}"#,
        r#"{"code":1,"message":"x","message":"y"}"#,
        r#"{"code":1,"message":"\ud800"}"#,
    ] {
        is_refused(&envelope(&format!(r#""id":1,"error":{error}"#)), -32600, &Ours(1));
        is_refused(&envelope(&format!(r#""id":null,"error":{error}"#)), -32600, &Nobody);
    }
    for (id, expected) in [(r#""id":7,"#, Some(7)), (r#""id":null,"#, None), ("", None)] {
        let text = envelope(&format!(
            r#"{id}"error":{{"message":"x","code":-5,"data":null,"stack":[1]}}"#
        ));
        let message = decode_one(&text);
        let Ok(Message::Response { id, outcome: Err(error) }) = message else {
            panic!("{text}: {message:?}")
        };
        assert_eq!((id, error.code(), error.message()), (expected.map(RequestId::Number), -5, "x"));
    }
}

#[test]
fn members_that_are_not_known_are_skipped_whatever_they_hold() {
    for member in [
        r#""x":1e400"#,
        r#""x":"\ud800""#,
        r#""":[[{"id":2}]]"#,
        r#""x":{"a":1,"a":2}"#,
        r#""x":1,"x":2"#,
    ] {
        let text = envelope(&format!(r#"{member},"id":1,"method":"m""#));
        assert!(matches!(decode_one(&text), Ok(Message::Request { .. })), "{text}");
        assert!(matches!(decode_in_batch(&text), Ok(Message::Request { .. })), "{text}");
    }
}
