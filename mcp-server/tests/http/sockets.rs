//! The accept loop: slow peers, leaving peers, stopping.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mcp_server::http::HttpOptions;
use mcp_server::{Limits, ServeError};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::caller::Call;
use crate::fixture::{self, Seen};

struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), ServeError>>,
    seen: Arc<Seen>,
}

async fn serve(limits: Limits) -> Running {
    let (server, seen) = fixture::server();
    let server = server.limits(limits).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        server.serve_http_with(listener, HttpOptions::new(), async { drop(stopped.await) }).await
    });
    Running { address, stop: Some(stop), served, seen }
}

fn quick() -> Limits {
    let mut limits = Limits::for_server();
    limits.http.head_timeout = Duration::from_millis(200);
    limits.http.idle_timeout = Duration::from_millis(200);
    limits.http.body_timeout = Duration::from_millis(200);
    limits.drain_on_signal = Duration::from_millis(300);
    limits
}

fn wire(call: &Call) -> Vec<u8> {
    let mut head = format!("POST /mcp HTTP/1.1\r\ncontent-length: {}\r\n", call.body.len()).into_bytes();
    for (name, value) in &call.headers {
        head.extend_from_slice(format!("{name}: ").as_bytes());
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(&call.body);
    head
}

impl Running {
    async fn connect(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

/// What arrives until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    drop(soon(stream.read_to_end(&mut bytes)).await); // A reset ends a connection as well.
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(10), future).await.unwrap()
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
async fn a_body_that_does_not_come_is_a_408() {
    let server = serve(quick()).await;
    let whole = wire(&Call::new("tools/list", json!({})));
    let mut stream = server.connect(&whole[..whole.len() - 1]).await;
    let text = rest(&mut stream).await;
    assert!(text.starts_with("HTTP/1.1 408"), "{text:?}");
}

#[tokio::test]
async fn a_peer_that_hangs_up_cancels_its_call() {
    let server = serve(Limits::for_server()).await;
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

#[tokio::test]
async fn a_socket_that_others_reach_needs_host_names() {
    let server = fixture::server().0.build().unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = server.serve_http_with(listener, HttpOptions::new(), std::future::pending()).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("HttpOptions::allow_host"), "{text}");
    for options in [HttpOptions::new().allow_any_host(), HttpOptions::new().allow_host("a.example")] {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        server.serve_http_with(listener, options, std::future::ready(())).await.unwrap();
    }
}
