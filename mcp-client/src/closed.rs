//! Why a connection has ended.

use std::fmt;

use mcp_core::transport::stream::Remote;
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::sync::watch;

/// Why a connection has ended: [`Client::closed`](crate::Client::closed).
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use mcp_client::Closed;
///
/// let closed = client.closed();
/// client.close().await;
/// match closed.await {
///     Closed::Here => println!("closed on purpose"),
///     other => eprintln!("{other}"), // Such as "the server exited with status 1: no such folder".
/// }
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Closed {
    /// The client was closed with [`Client::close`](crate::Client::close), or dropped.
    Here,
    /// The server closed the connection, or its process has exited. For a process the error says
    /// how it ended, and has the last line of its standard error.
    ByServer(TransportError),
    /// Reading or writing failed, or the server violated the framing of messages.
    Failed(TransportError),
}

impl Closed {
    /// The end of a byte stream, whose task is done.
    pub(crate) fn of_stream(remote: &Remote, closing: &watch::Receiver<bool>) -> Self {
        // No sender is left if the client was dropped.
        if *closing.borrow() || closing.has_changed().is_err() {
            return Self::Here;
        }
        match remote.ended() {
            Some(error) if error.kind() == TransportErrorKind::Closed => Self::ByServer(error),
            Some(error) => Self::Failed(error),
            None => Self::ByServer(TransportError::closed("the server closed the connection")),
        }
    }

    /// The failure of the connection; `None` if this side has ended it.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let closed = client.closed();
    /// client.close().await;
    /// assert!(closed.await.error().is_none(), "nothing failed");
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn error(&self) -> Option<&TransportError> {
        match self {
            Self::Here => None,
            Self::ByServer(error) | Self::Failed(error) => Some(error),
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => f.write_str("the client was closed"),
            Self::ByServer(error) | Self::Failed(error) => error.fmt(f),
        }
    }
}
