//! One connection, from the detection of its protocol to its end.

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout;

use super::activity::{Activity, Connected};
use super::repoll::Repolled;
use super::socket::Socket;
use super::tasks::Tasks;
use crate::Limits;
use crate::http::{HttpService, PeerAddress};

/// The limit of hyper where none is set. Only without one does it parse header fields on the stack;
/// otherwise it allocates twice for each request.
const HYPER_MAX_HEADERS: usize = 100;

/// Time that a connection has for its first byte when the server stops. Fixed: the byte follows the
/// connection at once, unless the connection is only kept ready.
const FIRST_BYTE: Duration = Duration::from_millis(100);

/// What all connections share.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) service: HttpService,
    pub(super) limits: Limits,
    http1: http1::Builder,
    http2: http2::Builder<Tasks>,
    stopping: watch::Sender<bool>,
}

impl Connections {
    pub(super) fn new(service: HttpService, limits: Limits) -> Arc<Self> {
        let http = &limits.http;
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(None) // The socket has its own, which starts earlier.
            .max_buf_size(http.max_head_bytes.max(8 << 10));
        if http.max_header_fields != HYPER_MAX_HEADERS {
            http1.max_headers(http.max_header_fields);
        }
        let mut http2 = http2::Builder::new(service.tasks().clone());
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(Some(http.http2_ping_interval))
            .keep_alive_timeout(http.http2_ping_timeout)
            .max_concurrent_streams(Some(http.max_http2_streams))
            .max_pending_accept_reset_streams(Some(http.max_http2_pending_resets))
            .max_local_error_reset_streams(Some(http.max_http2_local_resets))
            .max_header_list_size(http.max_http2_header_list_bytes);
        Arc::new(Self { service, limits, http1, http2, stopping: watch::Sender::new(false) })
    }

    /// Ends each connection once its requests are answered.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Serves one connection until it ends, and holds its permit until then.
    pub(super) fn serve<S, P: Send + 'static>(
        self: &Arc<Self>,
        stream: S,
        peer: SocketAddr,
        place: P,
    ) -> impl Future<Output = ()> + Send + use<S, P>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (this, task) = (Arc::clone(self), self.service.tasks().begin());
        async move {
            let mut stopping = this.stopping.subscribe();
            let stopping = pin!(async { drop(stopping.wait_for(|stopping| *stopping).await) });
            if let Err(error) = this.converse(stream, peer, stopping).await {
                tracing::debug!(%peer, error, "a connection broke");
            }
            drop((task, place));
        }
    }

    async fn converse<S>(
        &self,
        stream: S,
        peer: SocketAddr,
        mut stopping: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::default();
        let mut socket = Socket::new(stream, activity.clone(), &self.limits);
        let (is_http2, is_stopping) = tokio::select! {
            biased;
            is_http2 = socket.speaks_http2() => (is_http2?, false),
            () = &mut stopping => match timeout(FIRST_BYTE, socket.speaks_http2()).await {
                Ok(is_http2) => (is_http2?, true),
                Err(_) => return Ok(()), // Nothing was asked.
            },
        };
        let peer = Arc::new(PeerAddress(peer));
        let service = Connected { service: self.service.clone(), peer, activity };
        // Boxed, so that a connection is no larger than its protocol needs.
        if is_http2 {
            let connection = self.http2.serve_connection(TokioIo::new(socket), service);
            let mut connection = Repolled::new(Box::pin(connection));
            if !is_stopping {
                tokio::select! {
                    biased;
                    ended = &mut connection => return Ok(ended?),
                    () = stopping => {}
                }
            }
            connection.future.as_mut().graceful_shutdown();
            return Ok(connection.await?);
        }
        let connection = self.http1.serve_connection(TokioIo::new(socket), service);
        let mut connection = Repolled::new(Box::pin(connection));
        if !is_stopping {
            tokio::select! {
                biased;
                ended = &mut connection => return Ok(ended?),
                () = stopping => {}
            }
        }
        connection.future.as_mut().graceful_shutdown();
        Ok(connection.await?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, IoSlice};
    use std::sync::Mutex;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadBuf, duplex};
    use tokio::sync::Notify;

    use super::*;
    use crate::server::Server;
    use crate::tool::ToolRoute;

    /// What was written, a piece for each write.
    #[derive(Debug, Default)]
    struct Writes {
        pieces: Mutex<Vec<String>>,
        more: Notify,
    }

    impl Writes {
        /// The first `count` writes.
        async fn first(&self, count: usize) -> Vec<String> {
            loop {
                let more = self.more.notified();
                let pieces = self.pieces.lock().unwrap().clone();
                if pieces.len() >= count {
                    return pieces;
                }
                timeout(Duration::from_secs(60), more).await.unwrap();
            }
        }
    }

    /// A stream that records its writes, and takes vectored ones as sockets do.
    struct Noting(DuplexStream, Arc<Writes>);

    impl AsyncRead for Noting {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(cx, buffer)
        }
    }

    impl AsyncWrite for Noting {
        fn poll_write(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            pieces: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
            let length = bytes.len();
            self.1.pieces.lock().unwrap().push(String::from_utf8_lossy(&bytes).into_owned());
            self.1.more.notify_waiters();
            Poll::Ready(Ok(length))
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[expect(deprecated, reason = "logging is the shortest way to say something")]
    fn connections() -> Arc<Connections> {
        let tool = ToolRoute::builder("tell").handler(|context: crate::Context| async move {
            context.log(crate::types::LoggingLevel::Error, "the first event").await;
            std::future::pending::<String>().await
        });
        let server = Server::builder("writes", "1").tool(tool).build().unwrap();
        let limits = server.definition.limits().clone();
        Connections::new(server.into_service(), limits)
    }

    /// Sends a request on a connection of its own; returns what was written, and the client's end.
    async fn ask(connections: &Arc<Connections>, request: &str) -> (Arc<Writes>, DuplexStream) {
        let (mut client, server) = duplex(64 << 10);
        let writes = Arc::<Writes>::default();
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        tokio::spawn(connections.serve(Noting(server, Arc::clone(&writes)), peer, ()));
        client.write_all(request.as_bytes()).await.unwrap();
        (writes, client)
    }

    fn post(headers: &str, body: &str) -> String {
        let length = body.len();
        format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        )
    }

    const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"w","version":"1"}}}"#;

    async fn session(connections: &Arc<Connections>) -> String {
        let (writes, _client) = ask(connections, &post("", INITIALIZE)).await;
        let pieces = writes.first(1).await;
        assert!(pieces[0].ends_with("}"), "an answer is one write: {pieces:?}");
        let id = pieces[0].lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        format!("mcp-session-id: {}\r\n", id.unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_head_of_a_stream_and_its_first_event_leave_in_one_write() {
        let connections = connections();
        let session = session(&connections).await;
        let modern = |method: &str, params: &str, name: &str| {
            let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/logLevel":"debug"}"#;
            let body = format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params},{meta}}}}}"#
            );
            post(
                &format!("mcp-protocol-version: 2026-07-28\r\nmcp-method: {method}\r\n{name}"),
                &body,
            )
        };
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"tell","arguments":{}}}"#;
        let listen = r#""notifications":{"toolsListChanged":true}"#;
        let get = format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n{session}\r\n"
        );
        for (request, first) in [
            (
                modern("tools/call", r#""name":"tell","arguments":{}"#, "mcp-name: tell\r\n"),
                "the first event",
            ),
            (modern("subscriptions/listen", listen, ""), "subscriptions/acknowledged"),
            (post(&session, call), "the first event"),
            (get, "retry: "),
        ] {
            let (writes, _client) = ask(&connections, &request).await;
            let pieces = writes.first(1).await;
            assert!(pieces[0].starts_with("HTTP/1.1 200 OK\r\n"), "{pieces:?}");
            assert!(pieces[0].contains(first), "{first:?} is not in the first write: {pieces:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_protocol_is_recognized_however_its_beginning_arrives() {
        let connections = connections();
        let http1 = post("", INITIALIZE);
        let http2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";
        for (request, answer) in [(http1.as_str(), "HTTP/1.1 200 OK"), (http2, "\0\0")] {
            for cut in 0..30 {
                let (writes, mut client) = ask(&connections, &request[..cut]).await;
                // Virtual: until what has arrived is read.
                tokio::time::sleep(Duration::from_millis(1)).await;
                client.write_all(&request.as_bytes()[cut..]).await.unwrap();
                let pieces = writes.first(1).await;
                assert!(pieces[0].starts_with(answer), "{cut}: {pieces:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_head_of_every_request_on_a_connection_has_its_time() {
        let connections = connections();
        let (mut client, server) = duplex(64 << 10);
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let serving = tokio::spawn(connections.serve(server, peer, ()));
        let request = post("", INITIALIZE);
        let (head_timeout, began) =
            (connections.limits.http.head_timeout, tokio::time::Instant::now());
        for number in 0..3_u32 {
            client.write_all(request.as_bytes()).await.unwrap();
            let mut answer = [0; 4 << 10];
            assert!(client.read(&mut answer).await.unwrap() > 0);
            // Between two requests a connection may rest for longer than a head may take.
            tokio::time::sleep(2 * head_timeout).await;
            assert!(!serving.is_finished(), "{number}");
        }
        client.write_all(&request.as_bytes()[..20]).await.unwrap();
        let rested = began.elapsed();
        serving.await.unwrap();
        let took = began.elapsed() - rested;
        assert!(took >= head_timeout && took < 2 * head_timeout, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_answers_no_ping_is_disconnected() {
        let mut limits = Limits::new();
        limits.http.http2_ping_interval = Duration::from_secs(7);
        limits.http.http2_ping_timeout = Duration::from_secs(3);
        let server = Server::builder("pings", "1").limits(limits.clone()).build().unwrap();
        let connections = Connections::new(server.into_service(), limits);
        let (mut client, server) = duplex(64 << 10);
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let serving = tokio::spawn(connections.serve(server, peer, ()));
        let began = tokio::time::Instant::now();
        client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        serving.await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 10);
    }
}
