//! HTTP/2 peers that break the rules, written frame by frame (THREAT-8).

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mcp_server::Limits;
use mcp_test_support::http::Call;
use mcp_test_support::soon;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{echo, turn};
use crate::fixture;
use crate::running::{Running, serve};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const INITIAL_WINDOW_SIZE: u16 = 4;
const PROTOCOL_ERROR: u32 = 1;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

/// A frame as it was read.
#[derive(Debug)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Frame {
    /// The error code of an RST_STREAM or a GOAWAY.
    fn code(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A string of HPACK, not compressed.
fn text(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match u8::try_from(text.len()) {
        Ok(length) if length < 127 => out.push(length),
        _ => {
            let mut rest = text.len() - 127;
            out.push(127);
            while rest >= 128 {
                out.push(u8::try_from(rest % 128).unwrap() | 128);
                rest /= 128;
            }
            out.push(u8::try_from(rest).unwrap());
        }
    }
    out.extend(text);
    out
}

/// The head of a request.
fn head(stream: u32, call: &Call, flags: u8) -> Vec<u8> {
    let pseudo =
        [(":method", "POST"), (":scheme", "http"), (":path", "/mcp"), (":authority", "localhost")];
    let pseudo = pseudo.iter().map(|(name, value)| (*name, value.as_bytes()));
    let fields = call.headers.iter().filter(|(name, _)| name != "host");
    let mut block = Vec::new();
    for (name, value) in pseudo.chain(fields.map(|(name, value)| (name.as_str(), &value[..]))) {
        block.push(0); // Literal, not to be remembered.
        block.extend(text(name.as_bytes()));
        block.extend(text(value));
    }
    frame(HEADERS, END_HEADERS | flags, stream, &block)
}

/// A whole request.
fn request(stream: u32, call: &Call) -> Vec<u8> {
    let mut bytes = head(stream, call, 0);
    bytes.extend(frame(DATA, END_STREAM, stream, &call.body));
    bytes
}

fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())
}

/// The numbers of streams that a client opens.
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|number| 2 * number + 1)
}

struct Peer(TcpStream);

impl Peer {
    async fn connect(server: &Running, settings: &[(u16, u32)]) -> Self {
        let mut payload = Vec::new();
        for (setting, value) in settings {
            payload.extend(setting.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        Self(server.connect(&[PREFACE, &frame(SETTINGS, 0, 0, &payload)].concat()).await)
    }

    async fn send(&mut self, bytes: &[u8]) {
        drop(self.0.write_all(bytes).await); // What the server makes of it is read.
    }

    /// The next frame that is about the requests; none at the end. Answers what has to be answered.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            let mut head = [0; 9];
            soon(self.0.read_exact(&mut head)).await.ok()?;
            let [a, b, c, kind, flags, stream @ ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            soon(self.0.read_exact(&mut payload)).await.ok()?;
            let frame = Frame { kind, flags, stream: u32::from_be_bytes(stream), payload };
            match (kind, flags & ACK) {
                (PING, 0) => self.send(&self::frame(PING, ACK, 0, &frame.payload)).await,
                (SETTINGS, 0) => self.send(&self::frame(SETTINGS, ACK, 0, &[])).await,
                (PING | SETTINGS | WINDOW_UPDATE, _) => {}
                _ => return Some(frame),
            }
        }
    }

    /// Reads the answer to one request; its body.
    async fn answer(&mut self, stream: u32) -> String {
        let mut body = Vec::new();
        loop {
            let frame = self.next().await.unwrap();
            assert_eq!(frame.stream, stream, "{frame:?}");
            assert!(matches!(frame.kind, HEADERS | DATA), "{frame:?}");
            if frame.kind == DATA {
                body.extend(&frame.payload);
            }
            if frame.flags & END_STREAM != 0 {
                return String::from_utf8(body).unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rapid_resets_end_the_connection_and_start_next_to_nothing() {
    let _turn = turn().await;
    let limits = Limits::new();
    let most = limits.http.max_http2_pending_resets;
    let server = serve(limits).await;
    let hang = Call::tool("hang", json!({}));
    let mut flood = Vec::new();
    for stream in streams(5_000) {
        flood.extend(request(stream, &hang));
        flood.extend(reset(stream));
    }
    let mut peer = Peer::connect(&server, &[]).await;
    let (mut reading, mut writing) = peer.0.into_split();
    let flooding = tokio::spawn(async move {
        drop(writing.write_all(&flood).await); // It breaks off when the server has had enough.
        writing
    });
    let mut said = Vec::new();
    drop(soon(reading.read_to_end(&mut said)).await);
    let writing = flooding.await.unwrap();
    peer = Peer(reading.reunite(writing).unwrap());
    assert_eq!(peer.next().await.map(|frame| frame.kind), None, "the connection is closed");
    let code = ENHANCE_YOUR_CALM.to_be_bytes();
    assert!(said.windows(4).any(|window| window == code), "no reason was given: {said:?}");
    let started = server.seen.started.load(Ordering::SeqCst);
    assert!(started <= 10 * most, "{started} handlers were started");
    // What was started is dropped, and others are served.
    soon(server.seen.wait(|seen| seen.dropped.load(Ordering::SeqCst), started)).await;
    let mut other = Peer::connect(&server, &[]).await;
    other.send(&request(1, &echo("other"))).await;
    assert!(other.answer(1).await.contains("other"));
    drop(other);
    let (took, outcome) = server.stop().await;
    outcome.unwrap();
    assert!(took < Duration::from_secs(5), "nothing is left: {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_over_the_limit_are_refused_and_the_others_go_on() {
    let _turn = turn().await;
    let mut limits = Limits::new();
    limits.http.max_http2_streams = 16;
    let server = serve(limits).await;
    let mut peer = Peer::connect(&server, &[]).await;
    for stream in streams(16) {
        peer.send(&request(stream, &Call::tool("gate", json!({ "text": "let go" })))).await;
    }
    for stream in streams(40).skip(16) {
        peer.send(&head(stream, &echo("refused"), END_STREAM)).await;
    }
    let mut refused = Vec::new();
    while refused.len() < 24 {
        let frame = peer.next().await.unwrap();
        assert_eq!((frame.kind, frame.code()), (RST_STREAM, REFUSED_STREAM), "{frame:?}");
        refused.push(frame.stream);
    }
    assert_eq!(refused, streams(40).skip(16).collect::<Vec<_>>());
    soon(server.seen.wait(|seen| seen.started.load(Ordering::SeqCst), 16)).await;
    server.seen.gate.add_permits(1_000);
    let mut ended = Vec::new();
    while ended.len() < 16 {
        let frame = peer.next().await.unwrap();
        assert!(matches!(frame.kind, HEADERS | DATA), "{frame:?}");
        if frame.flags & END_STREAM != 0 {
            ended.push(frame.stream);
        }
    }
    ended.sort_unstable();
    assert_eq!(ended, streams(16).collect::<Vec<_>>());
    assert_eq!(server.seen.started.load(Ordering::SeqCst), 16);
    // There is room again.
    peer.send(&request(81, &echo("again"))).await;
    assert!(peer.answer(81).await.contains("again"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_we_reset_for_errors_are_limited() {
    let _turn = turn().await;
    let mut limits = Limits::new();
    limits.http.max_http2_local_resets = 5;
    let server = serve(limits).await;
    let mut peer = Peer::connect(&server, &[]).await;
    // A body that is longer than its head says is an error of its stream alone.
    let call = echo("longer");
    let length = call.body.len() - 1;
    let call = call.header("content-length", length.to_string());
    for stream in streams(5) {
        peer.send(&request(stream, &call)).await;
        let frame = peer.next().await.unwrap();
        let reset = (RST_STREAM, stream, PROTOCOL_ERROR);
        assert_eq!((frame.kind, frame.stream, frame.code()), reset, "{frame:?}");
    }
    peer.send(&request(11, &echo("within"))).await;
    assert!(peer.answer(11).await.contains("within"));
    peer.send(&request(13, &call)).await;
    let frame = peer.next().await.unwrap();
    assert_eq!((frame.kind, frame.code()), (GOAWAY, ENHANCE_YOUR_CALM), "{frame:?}");
    assert_eq!(peer.next().await.map(|frame| frame.kind), None, "the connection is closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_over_http2_end_with_the_server() {
    let _turn = turn().await;
    let mut limits = Limits::new();
    limits.http.shutdown_timeout = Duration::from_millis(300);
    let server = serve(limits).await;
    let mut peer = Peer::connect(&server, &[]).await;
    for stream in streams(10) {
        peer.send(&request(stream, &Call::tool("hang", json!({})))).await;
    }
    peer.send(&request(21, &Call::tool("gate", json!({ "text": "in time" })))).await;
    let seen = std::sync::Arc::clone(&server.seen);
    soon(seen.wait(|seen| seen.started.load(Ordering::SeqCst), 11)).await;
    let stopping = tokio::spawn(server.stop());
    let goodbye = peer.next().await.unwrap();
    assert_eq!((goodbye.kind, goodbye.code()), (GOAWAY, 0), "{goodbye:?}");
    seen.gate.add_permits(1);
    let mut answered = String::new();
    while let Some(frame) = peer.next().await {
        if frame.kind == DATA {
            answered.push_str(&String::from_utf8(frame.payload).unwrap());
        }
    }
    assert!(answered.contains("in time"), "{answered}");
    let (took, outcome) = stopping.await.unwrap();
    outcome.unwrap();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(seen.dropped.load(Ordering::SeqCst), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_a_window_is_reset_and_the_others_go_on() {
    let _turn = turn().await;
    let mut limits = fixture::limits();
    limits.connection.write_stall_timeout = Duration::from_millis(400);
    let server = serve(limits).await;
    let mut peer = Peer::connect(&server, &[(INITIAL_WINDOW_SIZE, 100)]).await;
    let began = Instant::now();
    // One of which nothing is read after the first window, one that streams, and one that only
    // takes its time.
    peer.send(&request(1, &Call::tool("large", json!({ "kib": 1_024 })))).await;
    peer.send(&request(3, &Call::tool("tell", json!({ "count": 10_000 })))).await;
    peer.send(&request(5, &Call::tool("gate", json!({ "text": "patient" })))).await;
    let (mut reset, mut sent) = (Vec::new(), 0);
    while reset.len() < 2 {
        let frame = peer.next().await.unwrap();
        match frame.kind {
            RST_STREAM => {
                assert_eq!(frame.code(), CANCEL);
                reset.push(frame.stream);
            }
            DATA => sent += frame.payload.len(),
            kind => assert_eq!(kind, HEADERS, "{frame:?}"),
        }
    }
    assert!(began.elapsed() >= Duration::from_millis(400), "{:?}", began.elapsed());
    reset.sort_unstable();
    assert_eq!((reset, sent), (vec![1, 3], 200));
    assert!(
        server.seen.told.load(Ordering::SeqCst) < 2_000,
        "the handler without a reader is dropped"
    );
    // The connection, and the call that waited for its handler all the time, are well.
    server.seen.gate.add_permits(1);
    peer.send(&frame(WINDOW_UPDATE, 0, 5, &10_000_u32.to_be_bytes())).await;
    assert!(peer.answer(5).await.contains("patient"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_read_window_by_window_arrives_whole() {
    let _turn = turn().await;
    let mut limits = Limits::new();
    limits.connection.write_stall_timeout = Duration::from_millis(400);
    let server = serve(limits).await;
    let mut peer = Peer::connect(&server, &[]).await;
    peer.send(&request(1, &Call::tool("large", json!({ "kib": 512 })))).await;
    let began = Instant::now();
    let (mut body, mut unread) = (Vec::new(), 0);
    let mut pause = tokio::time::interval(Duration::from_millis(100));
    loop {
        let frame = peer.next().await.unwrap();
        assert!(matches!(frame.kind, HEADERS | DATA), "{frame:?}");
        if frame.kind == DATA {
            unread += frame.payload.len();
            body.extend(frame.payload);
        }
        if frame.flags & END_STREAM != 0 {
            break;
        }
        if unread >= 60_000 {
            pause.tick().await; // The peer's own pace.
            let more = u32::try_from(unread).unwrap().to_be_bytes();
            unread = 0;
            for stream in [0, 1] {
                peer.send(&self::frame(WINDOW_UPDATE, 0, stream, &more)).await;
            }
        }
    }
    assert!(body.len() > 512 << 10 && body.ends_with(b"}"), "{}", body.len());
    assert!(began.elapsed() > Duration::from_millis(500), "it took longer than a stall may");
}

#[tokio::test]
async fn a_list_of_header_fields_over_the_limit_is_refused() {
    let _turn = turn().await;
    let mut limits = Limits::new();
    limits.http.max_http2_header_list_bytes = 3_000;
    let server = serve(limits).await;
    let mut peer = Peer::connect(&server, &[]).await;
    for (stream, bytes, is_accepted) in [(1, 1_000, true), (3, 4_000, false)] {
        let call = echo("whole").header("x-long", "x".repeat(bytes));
        peer.send(&request(stream, &call)).await;
        if is_accepted {
            assert!(peer.answer(stream).await.contains("whole"));
        } else {
            // The status has no body.
            let refusal = peer.next().await.unwrap();
            assert_eq!((refusal.kind, refusal.stream), (HEADERS, stream), "{refusal:?}");
            assert_eq!(refusal.flags & END_STREAM, END_STREAM, "{refusal:?}");
        }
    }
}
