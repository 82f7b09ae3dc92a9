//! Peers that ask and do not read (THREAT-7).

use std::time::{Duration, Instant};

use mcp_server::Limits;
use mcp_test_support::http::{Call, rest, wire};
use mcp_test_support::soon;
use serde_json::json;
use tokio::io::AsyncReadExt as _;

use super::{echo, turn};
use crate::running::serve_buffered;

#[tokio::test]
async fn a_peer_that_never_reads_a_large_answer_is_cut_off() {
    let _turn = turn().await;
    let mut limits = Limits::new();
    limits.connection.write_stall_timeout = Duration::from_millis(400);
    limits.http.max_connections = 1;
    let server = serve_buffered(limits, Some(16 << 10)).await;
    let asked = Instant::now();
    let mut stalled =
        server.connect_narrow(&wire(&Call::tool("large", json!({ "kib": 8 << 10 })))).await;
    // The only place is taken until the server gives up on that one.
    let mut next = server.caller().await;
    assert_eq!(soon(next.send(&wire(&echo("next")))).await.unwrap().status, 200);
    assert!(asked.elapsed() >= Duration::from_millis(400), "{:?}", asked.elapsed());
    let text = rest(&mut stalled).await;
    assert!(text.starts_with("HTTP/1.1 200"));
    assert!(text.len() < 4 << 20, "{} bytes of 8 MiB", text.len());
}

#[tokio::test]
async fn a_peer_that_reads_slowly_gets_all_of_it() {
    let _turn = turn().await;
    let mut limits = Limits::new();
    limits.connection.write_stall_timeout = Duration::from_millis(400);
    let server = serve_buffered(limits, Some(16 << 10)).await;
    let began = Instant::now();
    let call = Call::tool("large", json!({ "kib": 1 << 10 })).header("connection", "close");
    let mut slow = server.connect_narrow(&wire(&call)).await;
    let (mut length, mut paused) = (0, 0);
    let mut piece = vec![0; 64 << 10];
    let mut pause = tokio::time::interval(Duration::from_millis(60));
    loop {
        match soon(slow.read(&mut piece)).await.unwrap() {
            0 => break,
            read => length += read,
        }
        if length - paused > 50_000 {
            paused = length;
            pause.tick().await; // The peer's own pace.
        }
    }
    assert!(length > 1 << 20, "{length}");
    assert!(began.elapsed() > Duration::from_millis(800), "it took longer than a stall may");
}
