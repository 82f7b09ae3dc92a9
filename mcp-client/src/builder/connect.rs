//! From a builder to a connected client.

use std::sync::Arc;

use mcp_core::method::{Method as _, TASKS_EXTENSION, ToolsCall};
use mcp_core::service::{Accept, BoxFuture, BoxService, Service};
use tokio::io::{AsyncRead, AsyncWrite};

use super::client_builder::ClientBuilder;
use crate::child_process::ChildCommand;
use crate::client::Client;
use crate::connection::Connection;
use crate::era::{Reopen, establish};
use crate::error::{Error, ErrorKind};
use crate::inbound::Inbound;
use crate::question::ServerIdentity;
use crate::startup::Startup;

/// Connecting.
impl ClientBuilder {
    /// Starts a server as a child process and connects to it. See [`ChildCommand`] for its
    /// environment and how it is stopped.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::process::Command;
    /// use mcp_client::{ChildCommand, Client};
    ///
    /// let mut command = Command::new("npx");
    /// command.args(["-y", "notes-server"]).current_dir("/path/to/notes");
    /// let command = ChildCommand::from(command).on_stderr(|line| tracing::info!("notes: {line}"));
    /// let builder = Client::builder().client_info("my-host", "1.0.0");
    /// let client = builder.connect_command(command).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the process cannot be started, ends, or speaks no common revision.
    pub async fn connect_command(self, command: impl Into<ChildCommand>) -> Result<Client, Error> {
        let mut command = command.into();
        let limits = self.settings.limits.clone();
        let inbound = self.inbound()?;
        let for_open = Arc::clone(&inbound);
        let mut restart = Restart(move || Connection::child(command.spawn()?, &limits, &for_open));
        let connection = (restart.0)()?;
        let startup = Startup::new(&self.settings, &inbound);
        startup.run(self.finish(inbound, connection, Some(&mut restart))).await
    }

    /// Connects over a pair of byte streams, such as a socket: one JSON-RPC message a line.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::Client;
    ///
    /// let stream = tokio::net::TcpStream::connect("127.0.0.1:7000").await?;
    /// let (reader, writer) = stream.into_split();
    /// let builder = Client::builder().client_info("my-host", "1.0.0");
    /// let client = builder.connect(reader, writer).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the connection fails, or there is no common revision.
    pub async fn connect<R, W>(self, reader: R, writer: W) -> Result<Client, Error>
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let inbound = self.inbound()?;
        let connection = Connection::stream(reader, writer, &self.settings.limits, &inbound);
        let startup = Startup::new(&self.settings, &inbound);
        startup.run(self.finish(inbound, connection, None)).await
    }

    /// Connects to a server in this process, without serialized messages in between.
    ///
    /// ```
    /// use mcp_client::service::Accept;
    /// use mcp_client::{Client, Error, Revision};
    ///
    /// /// How the server of this program looks to a client of an earlier revision.
    /// async fn earlier(server: &impl Accept) -> Result<Client, Error> {
    ///     Client::builder().revision(Revision::V2025_06_18).connect_memory(server).await
    /// }
    /// ```
    ///
    /// # Errors
    /// When there is no common revision.
    pub async fn connect_memory<A: Accept>(self, server: &A) -> Result<Client, Error> {
        let inbound = self.inbound()?;
        let connection = Connection::memory(server, &self.settings.limits, &inbound);
        let startup = Startup::new(&self.settings, &inbound);
        startup.run(self.finish(inbound, connection, None)).await
    }

    /// Connects through any [`Service`], such as a transport or layers around one.
    ///
    /// `open` creates the service that reaches the server. It gets the one that takes the server's
    /// requests and notifications.
    ///
    /// ```
    /// use mcp_client::service::{Accept, Notification, Peer, Reply, Request, Service};
    /// use mcp_client::{Client, Error};
    ///
    /// struct Logged<S>(S);
    ///
    /// impl<S: Service> Service for Logged<S> {
    ///     async fn call(&self, request: Request) -> Reply {
    ///         tracing::debug!(method = %request.method, "a request");
    ///         self.0.call(request).await // Dropping this future cancels the call.
    ///     }
    ///
    ///     async fn notify(&self, notification: Notification) {
    ///         self.0.notify(notification).await;
    ///     }
    /// }
    ///
    /// async fn connect(server: &impl Accept) -> Result<Client, Error> {
    ///     let open = |inbound| Logged(server.accept(Peer::new(inbound)));
    ///     Client::builder().connect_service(open).await
    /// }
    /// ```
    ///
    /// # Errors
    /// When the service fails, or there is no common revision.
    pub async fn connect_service<S: Service>(
        self,
        open: impl FnOnce(BoxService) -> S,
    ) -> Result<Client, Error> {
        let inbound = self.inbound()?;
        let connection = Connection::service(open, &inbound);
        let startup = Startup::new(&self.settings, &inbound);
        startup.run(self.finish(inbound, connection, None)).await
    }

    /// Checks what the user has set up, before it is declared to a server.
    fn check(&self) -> Result<(), String> {
        self.invalid_extension.clone().map_or(Ok(()), Err)?;
        // A server may answer a declared extension with tasks (TX-2).
        let reads_tasks = self.tasks.is_some()
            || self.result_handlers.iter().any(|it| it.is_of(ToolsCall::NAME, "task"));
        if self.handlers.declared.extension(TASKS_EXTENSION).is_some() && !reads_tasks {
            return Err(format!(
                "the extension {TASKS_EXTENSION} cannot be declared without a handler of the tasks \
                 that it allows as results (ClientBuilder::tasks, or ClientExtension::on_result)"
            ));
        }
        self.handlers.check()
    }

    pub(super) fn inbound(&self) -> Result<Arc<Inbound>, Error> {
        self.check().map_err(|reason| Error::new(ErrorKind::InvalidArgument, reason))?;
        let mut inbound = Inbound::new(self.handlers.clone(), &self.settings.limits);
        inbound.server = Arc::new(ServerIdentity::new(self.settings.server_name.clone()));
        if let Some(cache) = &self.cache {
            inbound.cache = cache.clone();
        }
        Ok(Arc::new(inbound))
    }

    pub(super) async fn finish(
        self,
        inbound: Arc<Inbound>,
        connection: Connection,
        reopen: Option<&mut dyn Reopen>,
    ) -> Result<Client, Error> {
        let (wire, session) = establish(&self.settings, &inbound, connection, reopen).await?;
        let Self { settings, output_validator, result_handlers, tasks, .. } = self;
        let client =
            Client::new(wire, session, &settings, output_validator, result_handlers, tasks);
        inbound.observe_sessions(client.downgrade());
        Ok(client)
    }
}

/// Starts a child process again.
struct Restart<F>(F);

impl<F: FnMut() -> Result<Connection, Error> + Send> Reopen for Restart<F> {
    fn may_help(&self, error: &Error) -> bool {
        matches!(error.kind(), ErrorKind::Transport | ErrorKind::Peer)
    }

    fn reopen(&mut self) -> BoxFuture<'_, Result<Connection, Error>> {
        Box::pin(std::future::ready((self.0)()))
    }
}
