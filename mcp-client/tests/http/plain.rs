//! Connections without TLS, whose bytes the calls themselves move.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_client::http::{Bytes, HttpStack as _, Network, Request};
use mcp_test_support::{settle, soon};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A server that answers on each connection as `serve` does. Returns its address and the number of
/// its connections.
async fn server<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> (String, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream));
        }
    });
    (address, connections)
}

/// The head of the next request; `None` at the end of the connection.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut seen).await.ok()? == 0 {
            return None;
        }
    }
    String::from_utf8(seen).ok()
}

fn request(url: &str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = url.parse().expect("a URL");
    request
}

async fn body(network: &Network, url: &str) -> Bytes {
    let response = soon(network.send(request(url))).await.expect("a response");
    soon(response.into_body().read(1_000)).await.expect("a body").expect("a short one")
}

#[tokio::test]
async fn a_request_names_the_host_and_the_path_alone() {
    let (address, _) = server(|mut stream| async move {
        while let Some(head) = head(&mut stream).await {
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{head}", head.len());
            stream.write_all(answer.as_bytes()).await.expect("the client reads");
        }
    })
    .await;
    let network = Network::new();
    for (url, path) in [("", "/"), ("/", "/"), ("/mcp", "/mcp"), ("/mcp?a=b", "/mcp?a=b")] {
        let seen = body(&network, &format!("http://{address}{url}")).await;
        let expected = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
        assert_eq!(std::str::from_utf8(&seen), Ok(&*expected));
    }
}

#[tokio::test]
async fn a_connection_is_used_again_after_a_body_of_any_form() {
    for answer in [
        "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    ] {
        // In one piece, and byte by byte.
        for piece in [1_000, 1] {
            let (address, connections) = server(move |mut stream| async move {
                while head(&mut stream).await.is_some() {
                    for piece in answer.as_bytes().chunks(piece) {
                        stream.write_all(piece).await.expect("the client reads");
                        tokio::task::yield_now().await;
                    }
                }
            })
            .await;
            let network = Network::new();
            for _ in 0..3 {
                let read = body(&network, &format!("http://{address}/")).await;
                assert!(read.is_empty() || read == "hello", "{read:?}");
            }
            assert_eq!(connections.load(Ordering::SeqCst), 1, "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let (address, connections) = server(|mut stream| async move {
        if head(&mut stream).await.is_some() {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(answer).await.expect("the client reads");
        }
    })
    .await;
    let network = Network::new();
    for number in 1..4 {
        assert_eq!(body(&network, &format!("http://{address}/")).await, "ok");
        assert_eq!(connections.load(Ordering::SeqCst), number);
        settle().await; // The server closes the connection.
    }
}

#[tokio::test]
async fn a_response_that_is_dropped_closes_its_connection() {
    let (ended, mut has_ended) = tokio::sync::mpsc::channel(1);
    let (address, connections) = server(move |mut stream| {
        let ended = ended.clone();
        async move {
            while head(&mut stream).await.is_some() {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello";
                stream.write_all(answer).await.expect("the client reads");
            }
            ended.send(()).await.expect("the test waits");
        }
    })
    .await;
    let network = Network::new();
    let url = format!("http://{address}/");
    for number in 1..3 {
        let mut response = soon(network.send(request(&url))).await.expect("a response");
        let piece = soon(response.body_mut().chunk()).await.expect("a piece");
        assert_eq!(piece.as_deref(), Some(&b"hello"[..]));
        drop(response);
        soon(has_ended.recv()).await.expect("the connection is closed");
        assert_eq!(connections.load(Ordering::SeqCst), number);
    }
}
