//! Serves one conversation over any byte stream.

use std::future::Future;
use std::sync::{Arc, Weak};

use futures::TryFutureExt as _;
use futures::stream::{self, Stream};
use mcp_core::service::{Accept as _, BoxFuture};
use mcp_core::transport::stream::connect;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::error::ServeError;
use crate::server::{Connection, Server, ServerBuilder};

impl Server {
    /// Serves one conversation over a pair of byte streams, until the peer closes its side or
    /// `stop` completes.
    ///
    /// Then subscriptions end, and running calls have
    /// [`shutdown_timeout`](mcp_core::ConnectionLimits::shutdown_timeout) to finish.
    ///
    /// Cancel safety: dropping the future ends the conversation and its handlers immediately. It
    /// must be polled inside a tokio runtime with time enabled.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let server = Server::builder("calculator", "1.0.0").routes(routes![add]).build()?;
    /// let (here, there) = tokio::io::duplex(64 << 10);
    /// let (reader, writer) = tokio::io::split(here);
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    /// stop.send(()).unwrap(); // Elsewhere, when the program ends.
    /// server.serve_until(reader, writer, async { drop(stopped.await) }).await?;
    /// # drop(there);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// If reading or writing fails, or the peer violates the framing rules too often.
    pub async fn serve_until<R, W>(
        &self,
        reader: R,
        writer: W,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError>
    where
        R: AsyncRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send,
    {
        self.conversation(reader, writer, stream::once(stop)).1.await
    }

    /// Returns the local side of a conversation, which its calls keep alive, and the future that
    /// serves it. It is boxed, because futures around it would move it, and copy it on the stack.
    pub(crate) fn conversation<'a, R, W>(
        &self,
        reader: R,
        writer: W,
        stops: impl Stream<Item = ()> + Send + 'a,
    ) -> (Weak<Connection>, BoxFuture<'a, Result<(), ServeError>>)
    where
        R: AsyncRead + Unpin + Send + 'a,
        W: AsyncWrite + Unpin + Send + 'a,
    {
        let limits = self.limits();
        let (_remote, driver) = connect(reader, writer, &limits, |peer| self.accept(peer));
        let local = Arc::downgrade(driver.local());
        (local, Box::pin(driver.run(stops).map_err(ServeError::from)))
    }

    /// Serves one conversation over a pair of byte streams, until the peer closes its side. See
    /// [`Server::serve_until`].
    ///
    /// ```no_run
    /// # async fn example(server: mcp_server::Server) -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:9000").await?;
    /// loop {
    ///     let (reader, writer) = listener.accept().await?.0.into_split();
    ///     let server = server.clone();
    ///     tokio::spawn(async move { server.serve(reader, writer).await });
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// The errors of [`Server::serve_until`].
    pub async fn serve<R, W>(&self, reader: R, writer: W) -> Result<(), ServeError>
    where
        R: AsyncRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send,
    {
        self.serve_until(reader, writer, std::future::pending()).await
    }
}

impl ServerBuilder {
    /// Builds the server and serves one conversation over a pair of byte streams, until the peer
    /// closes its side. See [`Server::serve_until`].
    ///
    /// ```no_run
    /// # #[cfg(unix)]
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_server::Server;
    ///
    /// let socket = tokio::net::UnixListener::bind("/run/notes.sock")?;
    /// let (reader, writer) = socket.accept().await?.0.into_split();
    /// Server::builder("notes", "1.0.0").serve(reader, writer).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the server cannot be built, or the connection fails.
    pub async fn serve<R, W>(self, reader: R, writer: W) -> Result<(), ServeError>
    where
        R: AsyncRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send,
    {
        self.build()?.serve(reader, writer).await
    }
}
