//! Frames that are not JSON, or exceed a limit: they are refused as a whole, in a batch as well.

use bytes::Bytes;
use mcp_core::ConnectionLimits;
use mcp_core::jsonrpc::{Decoded, Malformed, decode};

fn decode_frame(frame: impl Into<Vec<u8>>) -> Result<Decoded, Malformed> {
    decode(&Bytes::from(frame.into()), &ConnectionLimits::default())
}

#[track_caller]
fn is_refused(frame: impl Into<Vec<u8>>, code: i32) {
    let frame = frame.into();
    let batch = [b"[{\"jsonrpc\":\"2.0\",\"method\":\"good\"},", &*frame, b"]"].concat();
    for frame in [frame, batch] {
        let excerpt = String::from_utf8_lossy(&frame[..frame.len().min(200)]).into_owned();
        let refused = decode_frame(frame).expect_err(&excerpt);
        assert_eq!(
            (refused.error.code(), refused.id, refused.answers),
            (code, None, None),
            "{excerpt}"
        );
    }
}

const GOOD: &str = r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#;

#[test]
fn bytes_that_are_not_json_are_a_parse_error_without_an_id() {
    let with = |member: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m",{member}}}"#);
    for text in [
        format!("{GOOD}x"),
        format!("{GOOD}{GOOD}"),
        format!("{GOOD}}}"),
        format!("\u{feff}{GOOD}"),
        format!("{GOOD}\0"),
        format!("\0{GOOD}"),
        format!("\u{b}{GOOD}"),
        format!("\u{a0}{GOOD}"),
        GOOD[..GOOD.len() - 1].to_owned(),
        GOOD.replace('"', "'"),
        with(r#""x":"#),
        with(r#""x":01"#),
        with(r#""x":1."#),
        with(r#""x":.5"#),
        with(r#""x":+1"#),
        with(r#""x":1e"#),
        with(r#""x":NaN"#),
        with(r#""x":Infinity"#),
        with(r#""x":tru"#),
        with(r#""x":"\x""#),
        with(r#""x":"\u12g4""#),
        with(r#""x":"open"#),
        with("\"x\":\"a\0b\""),
        with("\"x\":\"a\tb\""),
        with(r#""x":[1,]"#),
        with(r#""x":{"a":1,}"#),
        with(r#""x":{a:1}"#),
        with(r#""x":1 /* no */"#),
        with(r#""x" 1"#),
        "2026-07-28 INFO started".into(),
        r#""text" and more"#.into(),
    ] {
        is_refused(text, -32700);
    }
    assert_eq!(decode_frame(format!("{GOOD},")).unwrap_err().error.code(), -32700);
    for empty in ["", " ", "\r"] {
        assert_eq!(decode_frame(empty).unwrap_err().error.code(), -32700);
    }
}

#[test]
fn invalid_utf8_is_found_even_in_members_that_are_skipped() {
    for bytes in [
        &b"\xff"[..],
        b"\xc0\x80",
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xc3",
        b"\xe2\x82",
        b"\x80",
    ] {
        for (before, after) in [
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","x":""#, r#""}"#),
            (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"deep":[{"x":""#, r#""}]}}"#),
            (r#"{"jsonrpc":"2.0","id":1,""#, r#"":1,"method":"m"}"#),
        ] {
            is_refused([before.as_bytes(), bytes, after.as_bytes()].concat(), -32700);
        }
    }
}

#[test]
fn an_empty_or_oversized_batch_is_refused_as_a_whole() {
    let batch = |entries: usize| format!("[{}]", vec![GOOD; entries].join(","));
    assert_eq!(decode_frame("[]").unwrap_err().error.code(), -32600);
    assert_eq!(decode_frame(" [ ] ").unwrap_err().error.code(), -32600);
    assert!(
        matches!(decode_frame(batch(100)), Ok(Decoded::Batch(entries)) if entries.len() == 100)
    );
    assert_eq!(decode_frame(batch(101)).unwrap_err().error.code(), -32600);
    assert_eq!(decode_frame(format!("[{GOOD},]")).unwrap_err().error.code(), -32700);
    assert_eq!(decode_frame(format!("[{GOOD} {GOOD}]")).unwrap_err().error.code(), -32700);
    let Ok(Decoded::Batch(entries)) = decode_frame("[[],[1],1]") else { panic!("not a batch") };
    assert!(
        entries.into_iter().all(|entry| entry.is_err_and(|refused| refused.error.code() == -32600))
    );
}

/// Returns a request that is nested `depth` containers deep.
fn nested(depth: usize, open: &str, close: &str) -> Vec<u8> {
    let mut frame = br#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":"#.to_vec();
    frame.extend_from_slice(open.repeat(depth - 2).as_bytes());
    frame.extend_from_slice(b"1");
    frame.extend_from_slice(close.repeat(depth - 2).as_bytes());
    frame.extend_from_slice(b"}}");
    frame
}

#[test]
fn depth_is_bounded_before_anything_recurses() {
    let on_a_small_stack = || {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]")] {
            let levels = open.matches(['[', '{']).count();
            for (depth, passes) in
                [(63, true), (64, true), (65, false), (66, false), (1_000_000, false)]
            {
                if (depth - 2) % levels != 0 {
                    continue;
                }
                let mut frame = nested((depth - 2) / levels + 2, open, close);
                let outcome = decode_frame(frame.clone());
                assert_eq!(outcome.is_ok(), passes, "depth {depth} of {open}");
                if let Err(refused) = outcome {
                    assert_eq!((refused.error.code(), refused.id), (-32600, None));
                }
                // A batch adds one level, and an unterminated frame does not bypass the limit.
                let batched = decode_frame([b"[", &*frame, b"]"].concat());
                assert_eq!(batched.is_ok(), depth < 64, "depth {depth} of {open} in a batch");
                frame.truncate(frame.len() - frame.len() / 3);
                assert!(decode_frame(frame).is_err());
            }
        }
    };
    std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(on_a_small_stack)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn the_number_of_values_is_bounded_exactly() {
    // The message, its three members, the member of the parameters and the array are six values;
    // each item adds one.
    let with = |entries: usize| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"x":[{}]}}}}"#,
            vec!["0"; entries].join(",")
        )
    };
    let max = ConnectionLimits::default().max_json_nodes;
    assert!(decode_frame(with(max - 6)).is_ok());
    for entries in [max - 5, max, max * 2] {
        let refused = decode_frame(with(entries)).unwrap_err();
        assert_eq!((refused.error.code(), refused.id), (-32600, None), "{entries}");
    }
    for shape in [r#"{"":0}"#, "[]", "{}", "[[]]", "\"\""] {
        let many = format!("[{}]", vec![shape; max].join(","));
        assert_eq!(decode_frame(many).unwrap_err().error.code(), -32600, "{shape}");
    }
}

#[test]
fn names_that_the_parser_reserves_are_refused() {
    let message =
        |params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#);
    for name in ["$serde_json::private::RawValue", r"\u0024serde_json::private\u003a:RawValue"] {
        let wrapper = format!(r#"{{"{name}":"[]"}}"#);
        is_refused(message(&wrapper), -32600);
        is_refused(message(&format!(r#"{{"a":[{wrapper}]}}"#)), -32600);
        assert!(decode_frame(message(&format!(r#"{{"a":"{name}"}}"#))).is_ok(), "a text: {name}");
    }
    assert!(decode_frame(message(r#"{"$a":1,"b\n":2}"#)).is_ok(), "other names are not reserved");
}
