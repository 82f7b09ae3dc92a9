//! Connecting to a server.

use mcp_core::service::Accept;
use tokio::io::{AsyncRead, AsyncWrite};

use super::handle::Client;
use crate::builder::ClientBuilder;
use crate::child_process::ChildCommand;
use crate::error::Error;

/// Connecting.
impl Client {
    /// Sets handlers, timeouts and bounds before connecting.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Starts a server as a child process and connects to it.
    ///
    /// # Errors
    /// When the process cannot be started, ends, or speaks no common revision.
    pub async fn connect_command(command: impl Into<ChildCommand>) -> Result<Self, Error> {
        Self::builder().connect_command(command).await
    }

    /// Connects over a pair of byte streams.
    ///
    /// # Errors
    /// When the connection fails, or there is no common revision.
    pub async fn connect<R, W>(reader: R, writer: W) -> Result<Self, Error>
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        Self::builder().connect(reader, writer).await
    }

    /// Connects to a server in this process.
    ///
    /// # Errors
    /// When there is no common revision.
    pub async fn connect_memory<A: Accept>(server: &A) -> Result<Self, Error> {
        Self::builder().connect_memory(server).await
    }

    /// Connects to a server on the network, by the URL of its MCP endpoint.
    ///
    /// # Errors
    /// When the URL is invalid, the server cannot be reached or refuses, credentials are missing,
    /// or there is no common revision.
    #[cfg(feature = "http")]
    pub async fn connect_http(url: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().connect_http(url).await
    }
}
