//! The network itself, over sockets of this machine.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use mcp_client::http::{Bytes, HttpLimits, HttpStack as _, Network, Pool, Request};
use mcp_test_support::{settle, soon, within_an_hour};
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf,
};
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

fn request(url: &str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = url.parse().expect("a URL");
    request
}

#[tokio::test]
async fn unused_connections_are_kept_up_to_the_limit() {
    for (max_idle_connections, expected) in [(64, 1), (0, 5)] {
        let (url, connections) = server().await;
        let mut limits = HttpLimits::new();
        limits.max_idle_connections = max_idle_connections;
        let network = Network::with_limits(&limits);
        for _ in 0..5 {
            let response = network.send(request(&url)).await.unwrap();
            assert_eq!(response.into_body().read(1).await.unwrap().unwrap(), Bytes::new());
            // The connection returns to the pool in its own task.
            settle().await;
        }
        assert_eq!(connections.load(Ordering::SeqCst), expected, "{max_idle_connections}");
    }
}

#[tokio::test]
async fn an_unused_connection_is_closed_after_its_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let mut limits = HttpLimits::new();
    limits.pool_idle_timeout = Duration::from_millis(50);
    let network = Network::with_limits(&limits);
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        stream
    };
    let (response, mut stream) = tokio::join!(network.send(request(&url)), serve);
    assert_eq!(response.unwrap().into_body().read(1).await.unwrap().unwrap(), Bytes::new());
    assert_eq!(soon(stream.read(&mut [0])).await.unwrap(), 0, "the client closes the connection");
    drop(network);
}

/// Linux drops the handshakes of connections for which a listener has no capacity.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_connection_that_does_not_open_is_given_up_after_its_time() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut opened = Vec::new();
    let wait = Duration::from_millis(100);
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, wait) {
        opened.push(stream);
        assert!(opened.len() < 10, "the listener is full");
    }
    let mut limits = HttpLimits::new();
    limits.connect_timeout = wait;
    let network = Network::with_limits(&limits);
    let response = network.send(request(&format!("http://{address}/")));
    assert!(soon(response).await.is_err());
}

/// A connection that speaks HTTP/2.
struct Http2(DuplexStream);

impl Connection for Http2 {
    fn connected(&self) -> Connected {
        Connected::new().negotiated_h2()
    }
}

impl AsyncRead for Http2 {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Http2 {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Connects to a peer that begins HTTP/2 and then says nothing.
#[derive(Clone)]
struct Silent;

impl tower_service::Service<Uri> for Silent {
    type Response = TokioIo<Http2>;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (client, mut server) = tokio::io::duplex(64 << 10);
        tokio::spawn(async move {
            server.write_all(b"\0\0\0\x04\0\0\0\0\0").await.expect("the client reads");
            while let Ok(1..) = server.read(&mut [0; 1_024]).await {}
        });
        std::future::ready(Ok(TokioIo::new(Http2(client))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_no_ping_is_given_up() {
    let mut limits = HttpLimits::new();
    limits.keep_alive_interval = Duration::from_secs(7);
    limits.keep_alive_timeout = Duration::from_secs(3);
    let pool = Pool::with_limits(Silent, &limits);
    let began = tokio::time::Instant::now();
    let response = pool.send(request("http://localhost/"));
    assert!(within_an_hour("the end of the request", response).await.is_err());
    assert_eq!(began.elapsed().as_secs(), 10);
}
