//! The handle of a connection.

use std::fmt;
use std::process::ExitStatus;
use std::sync::{Arc, Weak};

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::revision::Revision;
use mcp_core::service::BoxFuture;
use mcp_core::sync::Mutex;
use mcp_core::telemetry::{SessionRecording, Side};
use mcp_core::types::{Implementation, LoggingLevel, ServerCapabilities};

use super::watched::WatchedResources;
use crate::Limits;
use crate::call::{OutputSchemas, OutputValidator};
use crate::closed::Closed;
use crate::deadline::Timeouts;
use crate::era::{KnownServer, Session, Settings};
use crate::error::Error;
#[cfg(feature = "policy")]
use crate::policy::PolicyState;
use crate::request::Wire;
use crate::task::TaskOptions;

/// A connection to an MCP server.
///
/// A clone is another handle of the same connection. When the last one is dropped the connection
/// ends, and a server that was started as a child process is killed with its process group;
/// [`Client::close`] ends both gently.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::process::Command;
/// use mcp_client::{Client, serde_json::json};
///
/// let client = Client::connect_command(Command::new("notes-server")).await?;
/// for tool in client.list_tools().await? {
///     println!("{}", tool.name);
/// }
/// let sum: i64 = client.call_tool("add", &json!({"a": 1, "b": 2})).await?.structured()?;
/// client.close().await;
/// # Ok(())
/// # }
/// ```
///
/// When the connection ends, because the server's process exited or its output was closed, all
/// calls and subscriptions fail, and the client does not connect again. [`ErrorKind`] says whether
/// a call may be repeated. A [`ClientGroup`] restarts servers; with one server it is a client that
/// restarts:
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::process::Command;
/// use mcp_client::{Client, ClientGroup, serde_json::json};
///
/// let group = ClientGroup::new();
/// group.add_with("notes", || Client::connect_command(Command::new("notes-server")))?;
/// let notes = group.client("notes").await?; // the connection of this moment
/// let sum: i64 = notes.call_tool("add", &json!({"a": 1, "b": 2})).await?.structured()?;
/// # Ok(())
/// # }
/// ```
///
/// Over Streamable HTTP the connection is to a URL: a client outlives the connections of the
/// network, and a server that is restarted there.
///
/// [`ClientGroup`]: crate::ClientGroup
/// [`ErrorKind`]: crate::ErrorKind
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    wire: Wire,
    session: Session,
    timeouts: Timeouts,
    limits: Limits,
    /// What the host calls the server, or else what the server calls itself.
    server_name: String,
    /// What modern requests ask for, and what a legacy session was set to.
    log_level: Mutex<Option<LoggingLevel>>,
    watched: WatchedResources,
    output_schemas: Option<OutputSchemas>,
    result_handlers: Vec<ResultHandler>,
    /// `None` if the client does not declare tasks.
    tasks: Option<TaskOptions>,
    /// Records the session when it ends.
    _recording: Option<SessionRecording>,
    #[cfg(feature = "policy")]
    policy: Option<PolicyState>,
}

/// The handler of a type of result, which an extension defines.
#[derive(Clone)]
pub(crate) struct ResultHandler {
    method: &'static str,
    kind: &'static str,
    handle: Arc<HandleResult>,
}

type HandleResult =
    dyn Fn(Client, JsonBytes) -> BoxFuture<'static, Result<RawJson, Error>> + Send + Sync;

impl ResultHandler {
    pub(crate) fn new<Fut>(
        method: &'static str,
        kind: &'static str,
        handle: impl Fn(Client, JsonBytes) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Fut: Future<Output = Result<RawJson, Error>> + Send + 'static,
    {
        let handle: Arc<HandleResult> =
            Arc::new(move |client, result| Box::pin(handle(client, result)));
        Self { method, kind, handle }
    }

    pub(crate) fn is_of(&self, method: &str, kind: &str) -> bool {
        self.method == method && self.kind == kind
    }

    /// Waits for the complete result.
    pub(crate) fn handle(
        &self,
        client: &Client,
        result: JsonBytes,
    ) -> BoxFuture<'static, Result<RawJson, Error>> {
        (self.handle)(client.clone(), result)
    }
}

impl fmt::Debug for ResultHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultHandler")
            .field("method", &self.method)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A client that is not kept alive.
#[derive(Clone)]
pub(crate) struct WeakClient(Weak<Inner>);

impl WeakClient {
    pub(crate) fn upgrade(&self) -> Option<Client> {
        self.0.upgrade().map(Client)
    }
}

impl fmt::Debug for WeakClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakClient")
    }
}

/// The connection, and what is known of the server.
impl Client {
    pub(crate) fn new(
        wire: Wire,
        session: Session,
        settings: &Settings,
        output_validator: Option<OutputValidator>,
        result_handlers: Vec<ResultHandler>,
        tasks: Option<TaskOptions>,
    ) -> Self {
        let recording = settings.telemetry.as_ref().filter(|_| !session.is_modern());
        let recording = recording.map(|telemetry| {
            let (transport, server) = wire.connection.network();
            SessionRecording::new(telemetry, Side::Client, session.revision, transport, server)
        });
        let max_schema_bytes = settings.limits.max_output_schema_bytes;
        let named = || session.server_info.as_ref().map(|info| info.name.clone());
        let server_name = settings.server_name.clone().or_else(named).unwrap_or_default();
        Self(Arc::new(Inner {
            wire,
            session,
            timeouts: settings.timeouts,
            limits: settings.limits.clone(),
            server_name,
            log_level: Mutex::default(),
            watched: WatchedResources::default(),
            output_schemas: output_validator
                .map(|validator| OutputSchemas::new(validator, max_schema_bytes)),
            result_handlers,
            tasks,
            _recording: recording,
            #[cfg(feature = "policy")]
            policy: settings
                .policy
                .clone()
                .map(|policy| PolicyState::new(policy, settings.server_name.as_deref())),
        }))
    }

    /// Ends the connection for all clones of this client, after what is queued was written.
    ///
    /// A child process has its input closed, then 2 s to exit, then gets SIGTERM, and 2 s later
    /// SIGKILL ([`ChildCommand`](crate::ChildCommand) sets the times); so does its process group. Gives the child's exit
    /// status.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::process::Command;
    /// use mcp_client::Client;
    ///
    /// let client = Client::connect_command(Command::new("notes-server")).await?;
    /// let status = client.close().await; // None if there is no child process.
    /// if !status.is_some_and(|status| status.success()) {
    ///     eprintln!("the server did not end well: {status:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) -> Option<ExitStatus> {
        self.0.wire.connection.close().await
    }

    /// Whether the connection has ended, or is being closed. Over Streamable HTTP, and with servers
    /// in this process, only the client ends it: [`Client`] says why.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let other = client.clone();
    /// client.close().await;
    /// assert!(other.is_closed());
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.wire.connection.is_over()
    }

    /// Completes when the connection has ended, with the reason: the server's process has exited or
    /// its output was closed, the connection failed, or the client was closed or dropped. Completes
    /// at once if it has ended already.
    ///
    /// The future does not keep the connection open.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let closed = client.closed();
    /// # client.close().await;
    /// tokio::spawn(async move {
    ///     let reason = closed.await;
    ///     eprintln!("the server is gone: {reason}");
    /// });
    /// # Ok(())
    /// # });
    /// ```
    pub fn closed(&self) -> impl Future<Output = Closed> + Send + use<> {
        self.0.wire.connection.ended()
    }

    /// The process id of a server that was started as a child process; on Unix that of its process
    /// group too.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::process::Command;
    /// use mcp_client::Client;
    ///
    /// let client = Client::connect_command(Command::new("notes-server")).await?;
    /// if let Some(pid) = client.child_id() {
    ///     tracing::info!(pid, "the server runs");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn child_id(&self) -> Option<u32> {
        self.0.wire.connection.child_id()
    }

    /// The exit status of a server that was started as a child process, once it has exited.
    ///
    /// ```no_run
    /// # async fn example(client: mcp_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let reason = client.closed().await;
    /// if let Some(status) = client.exit_status() {
    ///     eprintln!("{reason}: {status}"); // Such as "exit status: 1".
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.0.wire.connection.exit_status()
    }

    /// The revision that is spoken.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::{Era, Revision};
    ///
    /// assert_eq!(client.revision(), Revision::V2026_07_28);
    /// assert_eq!(client.revision().era(), Era::Modern);
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.0.session.revision
    }

    /// What was found out about the server, to be stored for the next time:
    /// [`ClientBuilder::known_server`](crate::ClientBuilder::known_server).
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::{KnownServer, Revision, serde_json};
    ///
    /// let stored = serde_json::to_string(&client.known_server())?;
    /// assert_eq!(stored, r#"{"revision":"2026-07-28","httpSse":false}"#);
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn known_server(&self) -> KnownServer {
        KnownServer { revision: self.revision(), http_sse: self.0.wire.connection.is_http_sse() }
    }

    /// Who the server says it is. For display and logs: it is not verified, so neither behaviour
    /// nor security may depend on it.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let server = client.server_info().ok_or("the server does not say what it is")?;
    /// let shown = server.title.as_deref().unwrap_or(&server.name);
    /// assert_eq!(format!("{shown} {}", server.version), "notes-server 1.4.0");
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn server_info(&self) -> Option<&Implementation> {
        self.0.session.server_info.as_ref()
    }

    /// What the server can do.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// // Offer a search among the prompts only if there are prompts.
    /// assert!(client.server_capabilities().prompts.is_some());
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn server_capabilities(&self) -> &ServerCapabilities {
        &self.0.session.capabilities
    }

    /// How to use the server, for the model.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let mut system = "You help with notes.".to_owned();
    /// if let Some(instructions) = client.instructions() {
    ///     system = format!("{system}\n\n{instructions}");
    /// }
    /// assert!(system.ends_with("Search before you add a note."));
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn instructions(&self) -> Option<&str> {
        self.0.session.instructions.as_deref()
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.0.wire
    }

    pub(crate) fn session(&self) -> &Session {
        &self.0.session
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        self.0.timeouts
    }

    pub(crate) fn downgrade(&self) -> WeakClient {
        WeakClient(Arc::downgrade(&self.0))
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn server_name(&self) -> &str {
        &self.0.server_name
    }

    /// The handler of a type of result.
    pub(crate) fn result_handler(&self, method: &str, kind: &str) -> Option<&ResultHandler> {
        self.0.result_handlers.iter().find(|handler| handler.is_of(method, kind))
    }

    /// How the client uses tasks; `None` if it does not declare them.
    pub(crate) fn task_options(&self) -> Option<&TaskOptions> {
        self.0.tasks.as_ref()
    }

    /// The policy of the host.
    #[cfg(feature = "policy")]
    pub(crate) fn policy(&self) -> Option<&PolicyState> {
        self.0.policy.as_ref()
    }

    /// The resources that subscriptions watch, in the legacy era.
    pub(crate) fn watched(&self) -> &WatchedResources {
        &self.0.watched
    }

    pub(crate) fn output_schemas(&self) -> Option<&OutputSchemas> {
        self.0.output_schemas.as_ref()
    }

    /// The log level that the user chose, in whichever era.
    pub(crate) fn chosen_log_level(&self) -> Option<LoggingLevel> {
        *self.0.log_level.lock()
    }

    pub(crate) fn choose_log_level(&self, level: LoggingLevel) {
        *self.0.log_level.lock() = Some(level);
    }

    /// The log level that requests of this conversation ask for.
    pub(crate) fn requested_log_level(&self) -> Option<LoggingLevel> {
        if self.session().is_modern() { self.chosen_log_level() } else { None }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("revision", &self.revision())
            .field("server", &self.server_info().map(|info| &info.name))
            .finish_non_exhaustive()
    }
}
