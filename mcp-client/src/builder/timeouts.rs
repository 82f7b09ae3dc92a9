//! How long a client waits.

use std::time::Duration;

use super::client_builder::ClientBuilder;

/// Timeouts.
impl ClientBuilder {
    /// How long the server may be silent about a call. Default: 60 s.
    ///
    /// Progress restarts the time. The time in which the server waits for a handler of this client
    /// does not count, for the calls that were in flight when its question arrived.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use std::time::Duration;
    /// use mcp_client::{Client, Expired};
    ///
    /// let builder = Client::builder().timeout(Duration::from_millis(20));
    /// let client = builder.connect(reader, writer).await?;
    /// let error = client.call_tool("backup", &()).await.expect_err("the server is silent");
    /// assert_eq!(error.expired(), Some(Expired::Idle));
    /// # Ok(())
    /// # });
    /// ```
    pub fn timeout(mut self, idle: Duration) -> Self {
        self.settings.timeouts.idle = idle;
        self
    }

    /// How long a call may take in all. Nothing extends it, and the time in which a person answers
    /// the server is part of it unless [`ClientBuilder::exclude_input_time`] leaves it out. For a
    /// list it is the time of all pages. Default: 10 minutes.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use std::time::Duration;
    /// use mcp_client::{Client, Expired};
    ///
    /// let builder = Client::builder().total_timeout(Duration::from_millis(20));
    /// let client = builder.connect(reader, writer).await?;
    /// let error = client.call_tool("backup", &()).await.expect_err("it takes hours");
    /// assert_eq!(error.expired(), Some(Expired::Total));
    /// # Ok(())
    /// # });
    /// ```
    pub fn total_timeout(mut self, total: Duration) -> Self {
        self.settings.timeouts.total = total;
        self
    }

    /// Whether the total timeout of calls leaves out the time in which handlers of this client
    /// answer the server. Then nothing but the handlers limits how long a person may take. Default:
    /// false.
    ///
    /// A legacy server does not say for which call it asks. There, the time of all questions that
    /// are open while a call runs is left out.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use std::time::Duration;
    /// use mcp_client::Client;
    /// use mcp_client::types::ElicitResult;
    ///
    /// let client = Client::builder()
    ///     .total_timeout(Duration::from_secs(30)) // for the server
    ///     .exclude_input_time(true)
    ///     .on_elicit(|_| async move {
    ///         // Here the user may think for hours.
    ///         Ok(ElicitResult::decline())
    ///     })
    ///     .connect(reader, writer)
    ///     .await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn exclude_input_time(mut self, exclude: bool) -> Self {
        self.settings.timeouts.exclude_input = exclude;
        self
    }

    /// How long a server on a byte stream may take to answer the probe, before it is offered the
    /// handshake of a legacy one as well. Default: 5 s.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use std::time::Duration;
    /// use mcp_client::Client;
    ///
    /// // An old server that ignores the probe delays the connection by 1 s instead of 5 s.
    /// let builder = Client::builder().probe_timeout(Duration::from_secs(1));
    /// let client = builder.connect(reader, writer).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn probe_timeout(mut self, timeout: Duration) -> Self {
        self.settings.probe_timeout = timeout;
        self
    }

    /// How long connecting may take in all: starting a process or opening a connection, discovery,
    /// authorization with the time in which a user logs in, the handshake, and other attempts at
    /// them. Then the connect call fails with [`Expired::Startup`], which names what it was waiting
    /// for, and a process that was started is killed. Default: none, so that each step has its own
    /// timeout.
    ///
    /// [`ClientBuilder::exclude_input_time`] leaves out the time in which credentials are obtained.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |_, _| {
    /// use std::time::Duration;
    /// use mcp_client::{Client, ConnectPhase, Expired};
    ///
    /// # let (silent, _server) = tokio::io::duplex(1024);
    /// # let (reader, writer) = tokio::io::split(silent);
    /// let builder = Client::builder().startup_timeout(Duration::from_millis(20));
    /// let error = builder.connect(reader, writer).await.expect_err("the server says nothing");
    /// assert_eq!(error.expired(), Some(Expired::Startup(ConnectPhase::Discovery)));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// [`Expired::Startup`]: crate::Expired::Startup
    pub fn startup_timeout(mut self, timeout: Duration) -> Self {
        self.settings.startup_timeout = Some(timeout);
        self
    }
}
