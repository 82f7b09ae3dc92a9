//! The network itself, over sockets of this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_client::http::{Bytes, HttpLimits, HttpStack as _, Network, Request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A server that answers every request without a body, and counts connections.
async fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while let Ok(1..) = stream.read_buf(&mut seen).await {
                    if seen.ends_with(b"\r\n\r\n") {
                        seen.clear();
                        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        stream.write_all(head).await.expect("the client reads");
                    }
                }
            });
        }
    });
    (url, connections)
}

#[tokio::test]
async fn unused_connections_are_kept_up_to_the_limit() {
    for (max_idle_connections, expected) in [(64, 1), (0, 5)] {
        let (url, connections) = server().await;
        let mut limits = HttpLimits::new();
        limits.max_idle_connections = max_idle_connections;
        let network = Network::with_limits(&limits);
        for _ in 0..5 {
            let mut request = Request::new(Bytes::new());
            *request.uri_mut() = url.parse().unwrap();
            let response = network.send(request).await.unwrap();
            assert_eq!(response.into_body().read(1).await.unwrap().unwrap(), Bytes::new());
            // The connection returns to the pool in its own task.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(connections.load(Ordering::SeqCst), expected, "{max_idle_connections}");
    }
}
