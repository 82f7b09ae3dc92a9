//! A server on a socket, and peers that write bytes to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mcp_server::http::HttpOptions;
use mcp_server::{Limits, ServeError, ServerHandle};
use mcp_test_support::http::Connection;
use mcp_test_support::soon;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

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

    pub(crate) async fn caller(&self) -> Connection {
        Connection::new(self.connect(b"").await)
    }

    /// Asks the server to stop and waits until it has; gives how long that took.
    pub(crate) async fn stop(mut self) -> (Duration, Result<(), ServeError>) {
        let before = std::time::Instant::now();
        self.stop.take().unwrap().send(()).unwrap();
        let outcome = soon(&mut self.served).await.unwrap();
        (before.elapsed(), outcome)
    }
}
