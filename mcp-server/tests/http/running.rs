//! A server on a socket, and peers that write bytes to it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mcp_server::http::HttpOptions;
use mcp_server::{Limits, ServeError, ServerHandle};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::caller::Call;
use crate::fixture::{self, Seen};

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) stop: Option<oneshot::Sender<()>>,
    pub(crate) served: JoinHandle<Result<(), ServeError>>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) handle: ServerHandle,
}

pub(crate) async fn serve(limits: Limits) -> Running {
    serve_buffered(limits, None).await
}

/// As [`serve`], with this much room for what the system has not sent yet.
pub(crate) async fn serve_buffered(limits: Limits, buffer: Option<u32>) -> Running {
    let (server, seen) = fixture::server();
    let handle = server.handle();
    let server = server.limits(limits).build().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    if let Some(bytes) = buffer {
        socket.set_send_buffer_size(bytes).unwrap(); // Accepted sockets inherit it.
    }
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(4_096).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        server.serve_http_with(listener, HttpOptions::new(), async { drop(stopped.await) }).await
    });
    Running { address, stop: Some(stop), served, seen, handle }
}

impl Running {
    pub(crate) async fn connect(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// A peer whose system takes next to nothing that it does not read.
    pub(crate) async fn connect_narrow(&self, bytes: &[u8]) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        let mut stream = socket.connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    pub(crate) async fn caller(&self) -> Caller {
        Caller { stream: self.connect(b"").await, buffer: Vec::new() }
    }

    /// Asks the server to stop and waits until it has; gives how long that took.
    pub(crate) async fn stop(mut self) -> (Duration, Result<(), ServeError>) {
        let before = std::time::Instant::now();
        self.stop.take().unwrap().send(()).unwrap();
        let outcome = soon(&mut self.served).await.unwrap();
        (before.elapsed(), outcome)
    }
}

/// A connection that is kept for many requests.
pub(crate) struct Caller {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A response that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Caller {
    /// Sends a request and reads its answer, which says how long it is; none when the server closes
    /// instead.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Option<Answer> {
        self.stream.write_all(request).await.ok()?;
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        let mut answer = Answer { status: head[9..12].parse().unwrap(), head, body: String::new() };
        let length = answer.header("content-length").unwrap_or("0").parse().unwrap();
        while self.buffer.len() < length {
            self.more().await?;
        }
        answer.body = String::from_utf8(self.buffer.drain(..length).collect()).unwrap();
        Some(answer)
    }

    async fn more(&mut self) -> Option<()> {
        match soon(self.stream.read_buf(&mut self.buffer)).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}

/// A request as it stands on the wire.
pub(crate) fn wire(call: &Call) -> Vec<u8> {
    let mut head =
        format!("{} /mcp HTTP/1.1\r\ncontent-length: {}\r\n", call.method, call.body.len())
            .into_bytes();
    for (name, value) in &call.headers {
        head.extend_from_slice(format!("{name}: ").as_bytes());
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(&call.body);
    head
}

/// What arrives until the server closes.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    drop(soon(stream.read_to_end(&mut bytes)).await); // A reset ends a connection as well.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads until a text is there; gives all that was read.
pub(crate) async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut bytes = Vec::new();
    loop {
        let read = String::from_utf8_lossy(&bytes);
        if read.contains(text) {
            return read.into_owned();
        }
        let more = soon(stream.read_buf(&mut bytes)).await.unwrap();
        assert_ne!(more, 0, "{text:?} is not in {:?}", String::from_utf8_lossy(&bytes));
    }
}

pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.unwrap()
}
