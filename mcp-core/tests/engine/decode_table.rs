//! Envelopes that are not valid messages: the exact code and id of the answer, alone and inside a
//! batch.

use bytes::Bytes;
use mcp_core::ConnectionLimits;
use mcp_core::jsonrpc::{Decoded, Malformed, Message, RequestId, decode};

/// The request that a refusal concerns.
enum Concerns {
    /// No request that can be identified.
    Unknown,
    /// The request from the peer with this id, which is answered with the error.
    PeerRequest(i64),
    /// The request of this side with this id, which fails.
    LocalRequest(i64),
}

use Concerns::{LocalRequest, PeerRequest, Unknown};

fn decode_one(text: &str) -> Result<Message, Malformed> {
    match decode(&Bytes::copy_from_slice(text.as_bytes()), &ConnectionLimits::default())? {
        Decoded::Single(message) => Ok(message),
        Decoded::Batch(_) => panic!("a batch: {text}"),
    }
}

fn decode_in_batch(text: &str) -> Result<Message, Malformed> {
    let good = r#"{"jsonrpc":"2.0","method":"good"}"#;
    let frame = Bytes::from(format!("[{good}, {text} ,{good}]"));
    let Ok(Decoded::Batch(mut entries)) = decode(&frame, &ConnectionLimits::default()) else {
        panic!("not a batch: {text}")
    };
    assert_eq!(entries.len(), 3);
    assert!(entries[0].is_ok() && entries[2].is_ok(), "{text} affected its neighbours");
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
        let (answer_id, failed_id) = match concerns {
            Unknown => (None, None),
            PeerRequest(id) => (Some(RequestId::Number(*id)), None),
            LocalRequest(id) => (None, Some(RequestId::Number(*id))),
        };
        assert_eq!((id, answers), (answer_id, failed_id), "{place}: {text}");
    }
}

#[test]
fn a_repeated_member_is_refused_without_an_id_in_any_position() {
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
        is_refused(&envelope(members), -32600, &Unknown);
    }
    is_refused(r#"{"id":1,"method":"m","jsonrpc":"2.0","jsonrpc":"2.0"}"#, -32600, &Unknown);
}

#[test]
fn member_names_are_case_sensitive() {
    is_refused(&envelope(r#""id":1,"Method":"m""#), -32600, &PeerRequest(1));
    is_refused(&envelope(r#""id":1,"METHOD":"m""#), -32600, &PeerRequest(1));
    is_refused(&envelope(r#""id":1,"method\u0000":"m""#), -32600, &PeerRequest(1));
    is_refused(&envelope(r#""id":1,"Result":{}"#), -32600, &PeerRequest(1));
    is_refused(r#"{"JsonRPC":"2.0","id":1,"method":"m"}"#, -32600, &PeerRequest(1));
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
        is_refused(
            &format!(r#"{{"jsonrpc":{version},"id":1,"method":"m"}}"#),
            -32600,
            &PeerRequest(1),
        );
        is_refused(
            &format!(r#"{{"jsonrpc":{version},"id":1,"result":{{}}}}"#),
            -32600,
            &LocalRequest(1),
        );
    }
    is_refused(r#"{"id":1,"method":"m"}"#, -32600, &PeerRequest(1));
    is_refused(r#"{"id":1,"result":{}}"#, -32600, &LocalRequest(1));
    is_refused("{}", -32600, &Unknown);
}

#[test]
fn an_invalid_id_is_refused_without_an_id() {
    let long = format!("\"{}\"", "x".repeat(257));
    let wide = format!("\"{}\"", "é".repeat(129));
    for id in [
        "null",
        "true",
        "[]",
        "[1]",
        "{}",
        "1.5",
        "1e-1",
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
        is_refused(&envelope(&format!(r#""id":{id},"method":"m""#)), -32600, &Unknown);
        is_refused(&envelope(&format!(r#""id":{id},"result":{{}}"#)), -32600, &Unknown);
    }
    is_refused(&envelope(r#""result":{}"#), -32600, &Unknown);
}

#[test]
fn an_integer_with_a_fraction_or_an_exponent_is_the_same_id() {
    let cases = [
        ("1.0", 1),
        ("-0", 0),
        ("-0.00e9", 0),
        ("0e99999999999999999999", 0),
        ("1e0", 1),
        ("1E+3", 1_000),
        ("-2.50e1", -25),
        ("100e-2", 1),
        ("0.0012e4", 12),
        // No float equals these.
        ("9007199254740993.0", 9_007_199_254_740_993),
        ("9223372036854775807.000", i64::MAX),
        ("-9.223372036854775808e18", i64::MIN),
    ];
    for (text, id) in cases {
        let frame = envelope(&format!(r#""id":{text},"method":"ping""#));
        let read = decode(&Bytes::from(frame.clone()), &ConnectionLimits::default());
        let Ok(Decoded::Single(Message::Request { id: read, .. })) = read else {
            panic!("{frame}")
        };
        assert_eq!(read, RequestId::Number(id), "{frame}");
    }
    // A float would round the last two to integers.
    for id in [
        "1.5",
        "1e-1",
        "1e19",
        "9223372036854775808.0",
        "1e99999999999999999999",
        "922337203685477.05807",
        "0.99999999999999999",
    ] {
        is_refused(&envelope(&format!(r#""id":{id},"method":"ping""#)), -32600, &Unknown);
    }
}

#[test]
fn ids_at_the_limits_are_kept_unchanged() {
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
    is_refused(&envelope(&format!(r#""id":1,"result":{{}},{error}"#)), -32600, &LocalRequest(1));
    is_refused(&envelope(&format!(r#""id":1,"result":null,{error}"#)), -32600, &LocalRequest(1));
    is_refused(&envelope(r#""id":1,"method":"m","result":{}"#), -32600, &PeerRequest(1));
    is_refused(&envelope(&format!(r#""id":1,"method":"m",{error}"#)), -32600, &PeerRequest(1));
    is_refused(&envelope(&format!(r#""method":"m","result":{{}},{error}"#)), -32600, &Unknown);
    is_refused(&envelope(r#""id":1"#), -32600, &PeerRequest(1));
    is_refused(&envelope(r#""id":1,"params":{}"#), -32600, &PeerRequest(1));
    for not_an_object in ["1", "null", "true", r#""x""#, "1.5", "1e400", r#""\ud800""#] {
        is_refused(not_an_object, -32600, &Unknown);
    }
    is_refused(&envelope(r#""id":1,"method":"m","\ud800":1"#), -32600, &Unknown);
}

#[test]
fn a_method_is_a_string() {
    for method in ["1", "null", "true", "[]", r#"["m"]"#, r#"{"m":1}"#, r#""\ud800""#] {
        is_refused(&envelope(&format!(r#""id":1,"method":{method}"#)), -32600, &PeerRequest(1));
    }
    let message = decode_one(&envelope(r#""id":1,"method":"tools\/call""#));
    let Ok(Message::Request { method, .. }) = message else { panic!("{message:?}") };
    assert_eq!(method, "tools/call");
}

#[test]
fn parameters_are_an_object_or_absent() {
    for params in ["[]", "[{}]", "1", "1e400", "true", "false", r#""{}""#] {
        is_refused(
            &envelope(&format!(r#""id":1,"method":"m","params":{params}"#)),
            -32602,
            &PeerRequest(1),
        );
        is_refused(&envelope(&format!(r#""method":"m","params":{params}"#)), -32602, &Unknown);
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
        is_refused(&envelope(&format!(r#""id":1,"result":{result}"#)), -32600, &LocalRequest(1));
        is_refused(&envelope(&format!(r#""result":{result}"#)), -32600, &Unknown);
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
        is_refused(&envelope(&format!(r#""id":1,"error":{error}"#)), -32600, &LocalRequest(1));
        is_refused(&envelope(&format!(r#""id":null,"error":{error}"#)), -32600, &Unknown);
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
fn unknown_members_are_skipped_whatever_their_value() {
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
