//! The accept loop: slow peers, leaving peers, stopping.

use std::sync::atomic::Ordering;
use std::time::Duration;

use mcp_server::Limits;
use mcp_server::http::HttpOptions;
use mcp_test_support::http::{Call, rest, wire};
use mcp_test_support::soon;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::fixture;
use crate::running::{serve, serve_buffered};

fn quick() -> Limits {
    let mut limits = Limits::new();
    limits.http.head_timeout = Duration::from_millis(200);
    limits.http.idle_timeout = Duration::from_millis(200);
    limits.http.body_timeout = Duration::from_millis(200);
    limits.http.shutdown_timeout = Duration::from_millis(300);
    limits
}

#[tokio::test]
async fn peers_that_send_no_head_are_left() {
    let server = serve(quick()).await;
    for begun in [
        "",
        "P",
        "PRI * HTT",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST",
        "POST /mcp HTTP/1.1\r\nhost: localhost\r\nx: ",
    ] {
        let mut stream = server.connect(begun.as_bytes()).await;
        let text = rest(&mut stream).await;
        assert!(!text.contains("200 OK"), "{begun:?} {text:?}");
    }
    // Between two requests as well.
    let mut stream = server.connect(&wire(&Call::new("tools/list", json!({})))).await;
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn texts_of_every_length_come_back_whole() {
    let server = serve(Limits::new()).await;
    let mut caller = server.caller().await;
    // Around the length from which results leave in pieces, and those at which buffers of a body
    // grow.
    let lengths =
        [0, 1, 8 << 10, (16 << 10) - 200, 16 << 10, (16 << 10) + 1, 64 << 10, 300 << 10, 1 << 20];
    for length in lengths {
        let text: String = "a \"b\"\\\n\u{e9} ".chars().cycle().take(length).collect();
        let answer =
            caller.send(&wire(&Call::tool("echo", json!({ "text": text })))).await.unwrap();
        let message = answer.json();
        assert_eq!(answer.status, 200);
        assert_eq!(message["id"], 1);
        assert_eq!(message["result"]["content"][0]["text"], text, "{length}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_a_408() {
    let server = serve(quick()).await;
    let whole = wire(&Call::new("tools/list", json!({})));
    let mut stream = server.connect(&whole[..whole.len() - 1]).await;
    let text = rest(&mut stream).await;
    assert!(text.starts_with("HTTP/1.1 408"), "{text:?}");
}

#[tokio::test]
async fn a_peer_that_hangs_up_cancels_its_call() {
    let server = serve(Limits::new()).await;
    let stream = server.connect(&wire(&Call::tool("hang", json!({})))).await;
    soon(server.seen.wait(|seen| seen.started.load(Ordering::SeqCst), 1)).await;
    drop(stream);
    soon(server.seen.wait(|seen| seen.dropped.load(Ordering::SeqCst), 1)).await;
}

#[tokio::test]
async fn stopping_ends_listeners_with_their_result_and_drops_what_does_not_end() {
    let mut server = serve(quick()).await;
    let mut listening = server
        .connect(&wire(&Call::new(
            "subscriptions/listen",
            json!({ "notifications": { "toolsListChanged": true } }),
        )))
        .await;
    let mut first = [0; 4096];
    let length = soon(listening.read(&mut first)).await.unwrap();
    let first = String::from_utf8_lossy(&first[..length]);
    assert!(
        first.starts_with("HTTP/1.1 200 OK") && first.contains("acknowledged"),
        "head and event in one write: {first}"
    );
    let mut hanging = server.connect(&wire(&Call::tool("hang", json!({})))).await;
    soon(server.seen.wait(|seen| seen.started.load(Ordering::SeqCst), 1)).await;
    server.stop.take().unwrap().send(()).unwrap();
    assert!(rest(&mut listening).await.contains(r#""resultType":"complete""#));
    soon(&mut server.served).await.unwrap().unwrap();
    assert_eq!(server.seen.dropped.load(Ordering::SeqCst), 1);
    assert_eq!(rest(&mut hanging).await, "");
    assert!(TcpStream::connect(server.address).await.is_err());
}

/// As behind a load balancer, which has not learned yet that the server stops.
#[tokio::test]
async fn requests_that_have_arrived_when_the_server_stops_are_answered() {
    use std::io::{Read as _, Write as _};

    let mut server = serve(Limits::new()).await;
    soon(tokio::task::yield_now()).await; // The server waits for connections.
    // The runtime has one thread, so the system accepts them and the server does not.
    let connect = || std::net::TcpStream::connect(server.address).unwrap();
    let mut waiting: Vec<_> = (0..20).map(|_| connect()).collect();
    let request =
        wire(&Call::tool("echo", json!({ "text": "in time" })).and("connection", "close"));
    for stream in &mut waiting {
        stream.write_all(&request).unwrap();
    }
    let idle = connect();
    server.stop.take().unwrap().send(()).unwrap();
    let stopping = std::time::Instant::now();
    soon(&mut server.served).await.unwrap().unwrap();
    assert!(stopping.elapsed() < Duration::from_secs(5), "an idle connection delays it briefly");
    for mut stream in waiting {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("in time"), "{answer}");
    }
    drop(idle);
}

#[tokio::test]
async fn calls_that_are_part_of_no_session_end_with_serving_too() {
    let (server, seen) = fixture::server();
    let server = server.limits(quick()).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        let options = HttpOptions::new().stateless();
        server.serve_http_with(listener, options, async { drop(stopped.await) }).await
    });
    let params = json!({ "name": "hang", "arguments": {} });
    let call =
        Call::raw(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&wire(&call)).await.unwrap();
    soon(seen.wait(|seen| seen.started.load(Ordering::SeqCst), 1)).await;
    stop.send(()).unwrap();
    soon(served).await.unwrap().unwrap();
    assert_eq!(seen.dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_time_without_end_is_taken_as_such() {
    let mut limits = Limits::new();
    limits.connection.write_stall_timeout = Duration::MAX;
    let http = &mut limits.http;
    for time in [
        &mut http.head_timeout,
        &mut http.body_timeout,
        &mut http.idle_timeout,
        &mut http.stream_upgrade_delay,
        &mut http.keep_alive_interval,
    ] {
        *time = Duration::MAX;
    }
    let server = serve_buffered(limits, Some(16 << 10)).await;
    let mut caller = server.caller().await;
    for text in ["first", "second"] {
        let answer =
            caller.send(&wire(&Call::tool("echo", json!({ "text": text })))).await.unwrap();
        assert!(answer.text.contains(text), "{answer:?}");
    }
    // More than the system takes at once.
    let large = Call::tool("large", json!({ "kib": 4 << 10 })).header("connection", "close");
    let mut slow = server.connect_narrow(&wire(&large)).await;
    assert!(rest(&mut slow).await.len() > 4 << 20);
    server.stop().await.1.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_blocks_its_thread_cannot_keep_serving() {
    let server = serve(quick()).await;
    let seen = std::sync::Arc::clone(&server.seen);
    let mut blocked = server.connect(&wire(&Call::tool("block", json!({})))).await;
    soon(seen.wait(|seen| seen.started.load(Ordering::SeqCst), 1)).await;
    let (took, outcome) = server.stop().await;
    let text = outcome.unwrap_err().to_string();
    assert!(text.contains("1 tasks") && text.contains("blocks its thread"), "{text}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    seen.released.store(true, Ordering::SeqCst);
    rest(&mut blocked).await; // Its connection ends once the thread is free.
}

#[tokio::test]
async fn a_silent_connection_does_not_keep_the_server() {
    let server = serve(Limits::new()).await;
    let mut silent = server.connect(b"").await;
    let mut begun = server.connect(b"PRI").await;
    // Both are accepted before this one is answered.
    assert_eq!(
        server
            .caller()
            .await
            .send(&wire(&Call::new("tools/list", json!({}))))
            .await
            .unwrap()
            .status,
        200
    );
    let (took, outcome) = server.stop().await;
    outcome.unwrap();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!((rest(&mut silent).await, rest(&mut begun).await), (String::new(), String::new()));
}

#[tokio::test]
async fn a_socket_that_others_reach_needs_host_names() {
    let server = fixture::server().0.build().unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused =
        server.serve_http_with(listener, HttpOptions::new(), std::future::pending()).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("HttpOptions::allow_host"), "{text}");
    for options in [HttpOptions::new().allow_any_host(), HttpOptions::new().allow_host("a.example")]
    {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        server.serve_http_with(listener, options, std::future::ready(())).await.unwrap();
    }
}

#[tokio::test]
async fn bytes_behind_a_request_do_not_hide_that_its_peer_hangs_up() {
    let server = serve(Limits::new()).await;
    let hang = wire(&Call::tool("hang", json!({})));
    for (number, more) in [&b"P"[..], b"\r\n", &hang, &[b'x'; 8 << 10]].into_iter().enumerate() {
        let stream = server.connect(&[&hang, more].concat()).await;
        soon(server.seen.wait(|seen| seen.started.load(Ordering::SeqCst), number + 1)).await;
        drop(stream);
        soon(server.seen.wait(|seen| seen.dropped.load(Ordering::SeqCst), number + 1)).await;
    }
    // Also where they arrive later.
    let mut stream = server.connect(&hang).await;
    soon(server.seen.wait(|seen| seen.started.load(Ordering::SeqCst), 5)).await;
    stream.write_all(b"more").await.unwrap();
    drop(stream);
    soon(server.seen.wait(|seen| seen.dropped.load(Ordering::SeqCst), 5)).await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let server = serve(Limits::new()).await;
    let texts: Vec<_> = (0..20).map(|number| format!("{number}-{}", "x".repeat(2_000))).collect();
    let mut requests = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let tool = if number % 2 == 0 { "echo_later" } else { "echo" };
        let mut call = Call::tool(tool, json!({ "text": text }));
        if number + 1 == texts.len() {
            call = call.header("connection", "close");
        }
        requests.extend_from_slice(&wire(&call));
    }
    let mut stream = server.connect(&requests).await;
    let answers = rest(&mut stream).await;
    let places: Vec<_> = texts.iter().map(|text| answers.find(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_system_probes_whether_a_silent_peer_is_still_there() {
    let server = serve(Limits::new()).await;
    let mut caller = server.caller().await;
    let list = wire(&Call::new("tools/list", json!({})));
    assert_eq!(caller.send(&list).await.unwrap().status, 200);
    let local = format!("0100007F:{:04X}", server.address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    // Field 1 is the local address, 3 the state (01 is established), 5 the timer (02 is
    // keep-alive).
    let timers: Vec<_> = rows
        .filter(|row| row.get(1) == Some(&local.as_str()) && row.get(3) == Some(&"01"))
        .map(|row| row[5].to_owned())
        .collect();
    assert!(timers.len() == 1 && timers[0].starts_with("02:"), "{timers:?}");
}

#[tokio::test]
async fn a_head_over_the_limits_is_refused() {
    let mut limits = Limits::new();
    limits.http.max_head_bytes = 10_000;
    limits.http.max_header_fields = 20;
    let server = serve(limits).await;
    let list = || Call::new("tools/list", json!({})).header("connection", "close");
    let long = |bytes: usize| list().header("x-long", "x".repeat(bytes));
    let many = |count: usize| {
        (0..count).fold(list(), |call, number| call.header(&format!("x-{number}"), "x"))
    };
    for (call, is_accepted) in
        [(long(8_000), true), (long(30_000), false), (many(10), true), (many(20), false)]
    {
        let mut stream = server.connect(&wire(&call)).await;
        let text = rest(&mut stream).await;
        assert_eq!(text.starts_with("HTTP/1.1 200 OK"), is_accepted, "{call:?}");
    }
}
