//! Serving one conversation over any byte stream.

use std::future::Future;
use std::sync::{Arc, Weak};

use futures::stream::{self, Stream};
use mcp_core::service::Accept as _;
use mcp_core::transport::stream::connect;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::error::ServeError;
use crate::server::{Connection, Server, ServerBuilder};

impl Server {
    /// Serves one conversation over a pair of byte streams, until the peer closes its side or
    /// `stop` is done.
    ///
    /// Then subscriptions end, and running calls have
    /// [`shutdown_timeout`](mcp_core::ConnectionLimits::shutdown_timeout) to finish. Dropping the future ends
    /// the conversation at once, with every handler in it. Needs a tokio runtime with time enabled.
    ///
    /// # Errors
    /// When reading or writing fails, or the peer breaks the framing rules too often.
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

    /// The local side of a conversation, held by its calls, and the future that serves it.
    pub(crate) fn conversation<R, W>(
        &self,
        reader: R,
        writer: W,
        stops: impl Stream<Item = ()> + Send,
    ) -> (Weak<Connection>, impl Future<Output = Result<(), ServeError>> + Send)
    where
        R: AsyncRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send,
    {
        let limits = self.limits();
        let (_remote, driver) = connect(reader, writer, &limits, |peer| self.accept(peer));
        (Arc::downgrade(driver.local()), async move { Ok(driver.run(stops).await?) })
    }

    /// As [`Server::serve_until`], until the peer closes its side.
    ///
    /// # Errors
    /// As there.
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
    /// # Errors
    /// When the server cannot be built or the connection breaks.
    pub async fn serve<R, W>(self, reader: R, writer: W) -> Result<(), ServeError>
    where
        R: AsyncRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send,
    {
        self.build()?.serve(reader, writer).await
    }
}
