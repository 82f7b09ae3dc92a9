//! The connection of a request that is refused for its token: the client repeats the request on it,
//! with a token.

use http::Method;
use mcp_server::http::HttpOptions;
use mcp_test_support::http::{Call, rest, wire};
use mcp_test_support::settle;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::fixture::{protection, routes, service, with};

/// Serves, and connects.
async fn connect() -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = routes().protect(protection()).build().unwrap();
    tokio::spawn(async move {
        let forever = std::future::pending::<()>();
        server.serve_http_with(listener, HttpOptions::new(), forever).await
    });
    TcpStream::connect(address).await.unwrap()
}

/// The head and the body of a request as they are sent.
fn halves(call: &Call) -> (Vec<u8>, Vec<u8>) {
    let mut head = wire(call);
    let end = head.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    let body = head.split_off(end);
    (head, body)
}

/// Reads until a response has begun, and returns what has arrived of it.
async fn begun(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "the connection was closed");
    }
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn the_body_of_a_refused_request_may_follow_its_head() {
    let mut stream = connect().await;
    let call = Call::tool("open", json!({}));
    let (head, body) = halves(&call);
    stream.write_all(&head).await.unwrap();
    // The server sees the head, and waits for the body of a request that it will refuse.
    settle().await;
    stream.write_all(&body).await.unwrap();
    let refused = begun(&mut stream).await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");

    stream.write_all(&wire(&with("full", call))).await.unwrap();
    let answer = begun(&mut stream).await;
    assert!(answer.contains("HTTP/1.1 200 OK"), "{answer}");
}

/// The clock goes on by itself while everything waits.
#[tokio::test(start_paused = true)]
async fn a_long_body_or_one_that_does_not_come_closes_the_connection_of_a_refused_request() {
    let call = Call::tool("open", json!({ "text": "a".repeat(100_000) }));
    let (head, _) = halves(&call);
    let (short, _) = halves(&Call::tool("open", json!({})));
    for head in [head, short] {
        let mut stream = connect().await;
        stream.write_all(&head).await.unwrap();
        let refused = rest(&mut stream).await;
        assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
        assert!(refused.to_lowercase().contains("connection: close\r\n"), "{refused}");
    }
}

/// What a host reads for callers without a token is its own to limit.
#[tokio::test]
async fn a_foreign_host_is_told_to_close_the_connection_whose_body_is_not_read() {
    let service = service();
    let answer = Call::tool("open", json!({})).send(&service).await;
    assert_eq!((answer.status.as_u16(), answer.header("connection")), (401, Some("close")));
    let answer = Call::empty(Method::DELETE).send(&service).await;
    assert_eq!((answer.status.as_u16(), answer.header("connection")), (401, None));
}
