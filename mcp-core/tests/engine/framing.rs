//! Lines of every length, cut everywhere.

use mcp_core::Limits;
use mcp_core::transport::TransportErrorKind;
use serde_json::{Value, json};

use crate::support::{Bench, Random, idle};

fn short_lines() -> Limits {
    let mut limits = Limits::default();
    limits.message_bytes = 200;
    limits
}

#[tokio::test(start_paused = true)]
async fn any_split_of_the_stream_is_the_same_conversation() {
    let mut stream = "\u{feff}".to_owned();
    for id in 0..40 {
        let end = ["\n", "\r\n", "\n\n", "\n \t\r\n"][id % 4];
        let text = ["é", "日本", "\\u0000", "\\n"][id % 4].repeat(id);
        stream += &format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"echo","params":{{"n":{id},"t":"{text}"}}}}{end}"#
        );
    }
    stream += r#"{"jsonrpc":"2.0","id":40,"method":"echo","params":{"n":40}}"#; // No line end.
    let mut random = Random::new(3);
    for round in 0..12 {
        let mut bench = Bench::new(&Limits::default());
        let mut rest = stream.as_bytes();
        while !rest.is_empty() {
            let most = [1, 3, 100, 5_000][round % 4];
            let (chunk, left) = rest.split_at((1 + random.below(most)).min(rest.len()));
            bench.wire.bytes(chunk).await;
            idle().await;
            rest = left;
        }
        bench.wire.half_close().await;
        for id in 0..=40 {
            assert_eq!(bench.wire.message().await["result"]["n"], id, "round {round}");
        }
        assert_eq!(bench.wire.line().await, None);
        bench.leaves_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_overlong_line_is_refused_once_and_the_next_one_is_read() {
    let mut bench = Bench::new(&short_lines());
    for length in [201, 10_000] {
        bench.wire.send("x".repeat(length)).await;
        bench.wire.request(1, "echo", 5).await;
        let refused = bench.wire.message().await;
        assert_eq!((refused.get("id"), refused["error"]["code"].as_i64()), (None, Some(-32600)));
        assert_eq!(bench.wire.message().await["result"]["n"], 5);
    }
    idle().await;
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn too_many_overlong_lines_end_the_conversation() {
    let mut bench = Bench::new(&short_lines());
    let waiting = bench.call(crate::support::request(1, "echo", 1));
    bench.wire.message().await;
    for _ in 0..3 {
        bench.wire.send("x".repeat(300)).await;
        assert_eq!(bench.wire.message().await["error"]["code"], -32600);
    }
    bench.wire.send("x".repeat(300)).await;
    let error = bench.driver.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Protocol);
    assert!(waiting.await.unwrap().unwrap_err().to_string().contains("no answer"));
}

#[tokio::test(start_paused = true)]
async fn a_line_without_end_is_refused_once_and_costs_nothing_more() {
    let mut bench = Bench::with(&short_lines(), Default::default(), 1 << 16);
    let chunk = vec![b'['; 1 << 16];
    for _ in 0..1_000 {
        bench.wire.bytes(&chunk).await;
    }
    idle().await;
    let refused = bench.wire.arrived().await;
    assert_eq!(refused.len(), 1, "{refused:?}");
    // It can still be ended, and the conversation goes on.
    bench.wire.send("").await;
    bench.wire.request(2, "echo", 2).await;
    assert_eq!(bench.wire.message().await["id"], 2);
    bench.wire.bytes(&chunk).await;
    bench.wire.half_close().await;
    assert!(bench.driver.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_bad_line_is_answered_and_none_ends_the_conversation() {
    let mut bench = Bench::new(&Limits::default());
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
    bench.wire.send("").await;
    bench.wire.request(0, "echo", 0).await;
    bench.wire.message().await;
    for (line, code, id) in lines {
        bench.wire.bytes(line).await;
        bench.wire.bytes(b"\n").await;
        let refused = bench.wire.message().await;
        assert_eq!(
            (refused["error"]["code"].as_i64(), &refused["id"]),
            (Some(code), &id),
            "{refused}"
        );
    }
    bench.wire.request(9, "echo", 9).await;
    assert_eq!(bench.wire.message().await["id"], 9);
    bench.leaves_nothing().await;
}
