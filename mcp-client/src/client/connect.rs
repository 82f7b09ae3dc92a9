//! Connecting to a server.

use mcp_core::service::Accept;
use tokio::io::{AsyncRead, AsyncWrite};

use super::handle::Client;
use crate::builder::ClientBuilder;
use crate::child_process::ChildCommand;
use crate::error::Error;

/// Connecting.
impl Client {
    /// Sets handlers, timeouts and bounds before connecting. See [`ClientBuilder`].
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use std::time::Duration;
    /// use mcp_client::Client;
    ///
    /// let client = Client::builder()
    ///     .client_info("my-host", "1.0.0")
    ///     .timeout(Duration::from_secs(20))
    ///     .connect(reader, writer)
    ///     .await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Starts a server as a child process and connects to it.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), mcp_client::Error> {
    /// use std::process::Command;
    ///
    /// use mcp_client::Client;
    ///
    /// let mut command = Command::new("notes-server");
    /// command.arg("--folder").arg("/path/to/notes").env("NOTES_TOKEN", "…");
    /// let client = Client::connect_command(command).await?;
    /// client.close().await; // The process ends.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the process cannot be started, ends, or speaks no common revision.
    pub async fn connect_command(command: impl Into<ChildCommand>) -> Result<Self, Error> {
        Self::builder().connect_command(command).await
    }

    /// Connects over a pair of byte streams.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::Client;
    ///
    /// let (reader, writer) = tokio::net::TcpStream::connect("127.0.0.1:9000").await?.into_split();
    /// let client = Client::connect(reader, writer).await?;
    /// # Ok(())
    /// # }
    /// ```
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

    /// Connects to a server in this process: any [`Accept`], such as `mcp_server::Server`.
    ///
    /// ```
    /// use mcp_client::service::Accept;
    /// use mcp_client::{Client, Error, serde_json::json};
    ///
    /// /// Calls a tool of a server that is part of this program.
    /// async fn add(server: &impl Accept) -> Result<i64, Error> {
    ///     let client = Client::connect_memory(server).await?;
    ///     client.call_tool("add", &json!({ "a": 1, "b": 2 })).await?.structured()
    /// }
    /// ```
    ///
    /// # Errors
    /// When there is no common revision.
    pub async fn connect_memory<A: Accept>(server: &A) -> Result<Self, Error> {
        Self::builder().connect_memory(server).await
    }

    /// Connects to a server on the network, by the URL of its MCP endpoint.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), mcp_client::Error> {
    /// use mcp_client::Client;
    ///
    /// let client = Client::connect_http("https://example.com/mcp").await?;
    /// println!("{} tools, {}", client.list_tools().await?.len(), client.revision());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the URL is invalid, the server cannot be reached or refuses, credentials are missing,
    /// or there is no common revision.
    #[cfg(feature = "http")]
    pub async fn connect_http(url: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().connect_http(url).await
    }
}
