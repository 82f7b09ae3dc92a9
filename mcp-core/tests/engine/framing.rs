//! Lines of all lengths, split at all positions.

use mcp_core::ConnectionLimits;
use mcp_core::transport::TransportErrorKind;
use mcp_test_support::Random;
use serde_json::{Value, json};

use crate::support::{Harness, NonceMessages as _, until_idle};

fn short_lines() -> ConnectionLimits {
    let mut limits = ConnectionLimits::default();
    limits.max_message_bytes = 200;
    limits
}

#[tokio::test(start_paused = true)]
async fn the_conversation_does_not_depend_on_how_the_stream_is_split() {
    let mut stream = "\u{feff}".to_owned();
    for id in 0..40 {
        let end = ["\n", "\r\n", "\n\n", "\n \t\r\n"][id % 4];
        let text = ["é", "日本", "\\u0000", "\\n"][id % 4].repeat(id);
        stream += &format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"echo","params":{{"n":{id},"t":"{text}"}}}}{end}"#
        );
    }
    stream += r#"{"jsonrpc":"2.0","id":40,"method":"echo","params":{"n":40}}"#; // No line break.
    let mut random = Random::new(3);
    for round in 0..12 {
        let mut harness = Harness::new(&ConnectionLimits::default());
        let mut rest = stream.as_bytes();
        while !rest.is_empty() {
            let max_chunk = [1, 3, 100, 5_000][round % 4];
            let (chunk, left) = rest.split_at((1 + random.below(max_chunk)).min(rest.len()));
            harness.wire.send_bytes(chunk).await;
            until_idle().await;
            rest = left;
        }
        harness.wire.half_close().await;
        for id in 0..=40 {
            assert_eq!(harness.wire.message().await["result"]["n"], id, "round {round}");
        }
        assert_eq!(harness.wire.line().await, None);
        harness.assert_nothing_left().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_overlong_line_is_refused_once_and_the_next_one_is_read() {
    let mut harness = Harness::new(&short_lines());
    for length in [201, 10_000] {
        harness.wire.send_line("x".repeat(length)).await;
        harness.wire.request(1, "echo", 5).await;
        let refused = harness.wire.message().await;
        assert_eq!((refused.get("id"), refused["error"]["code"].as_i64()), (None, Some(-32600)));
        assert_eq!(harness.wire.message().await["result"]["n"], 5);
    }
    until_idle().await;
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn too_many_overlong_lines_end_the_conversation() {
    let mut harness = Harness::new(&short_lines());
    let waiting = harness.call(crate::support::request(1, "echo", 1));
    harness.wire.message().await;
    for _ in 0..3 {
        harness.wire.send_line("x".repeat(300)).await;
        assert_eq!(harness.wire.message().await["error"]["code"], -32600);
    }
    harness.wire.send_line("x".repeat(300)).await;
    let error = harness.driver.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Protocol);
    assert!(waiting.await.unwrap().unwrap_err().to_string().contains("no answer"));
}

#[tokio::test(start_paused = true)]
async fn a_line_without_an_end_is_refused_once() {
    let mut harness = Harness::with(&short_lines(), Default::default(), 1 << 16);
    let chunk = vec![b'['; 1 << 16];
    for _ in 0..1_000 {
        harness.wire.send_bytes(&chunk).await;
    }
    until_idle().await;
    let refused = harness.wire.received().await;
    assert_eq!(refused.len(), 1, "{refused:?}");
    // The line can still be ended, and the conversation continues.
    harness.wire.send_line("").await;
    harness.wire.request(2, "echo", 2).await;
    assert_eq!(harness.wire.message().await["id"], 2);
    harness.wire.send_bytes(&chunk).await;
    harness.wire.half_close().await;
    assert!(harness.driver.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_invalid_line_is_answered_and_the_conversation_continues() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    let lines: [(&[u8], i64, Value); 8] = [
        (b"garbage", -32700, Value::Null),
        (b"\xff\xfe", -32700, Value::Null),
        (b"\xef\xbb\xbf{}", -32700, Value::Null), // Not the first line.
        (b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}\0", -32700, Value::Null),
        (b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"echo\",\"params\":[]}", -32602, json!(7)),
        (b"{\"jsonrpc\":\"1.0\",\"id\":\"a\",\"method\":\"echo\"}", -32600, json!("a")),
        (b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}]", -32600, Value::Null),
        (b"\"\\ud800\"", -32600, Value::Null),
    ];
    harness.wire.send_line("").await;
    harness.wire.request(0, "echo", 0).await;
    harness.wire.message().await;
    for (line, code, id) in lines {
        harness.wire.send_bytes(line).await;
        harness.wire.send_bytes(b"\n").await;
        let refused = harness.wire.message().await;
        assert_eq!(
            (refused["error"]["code"].as_i64(), &refused["id"]),
            (Some(code), &id),
            "{refused}"
        );
    }
    harness.wire.request(9, "echo", 9).await;
    assert_eq!(harness.wire.message().await["id"], 9);
    harness.assert_nothing_left().await;
}
