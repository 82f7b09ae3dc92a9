//! The builder of a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Limits;
use mcp_core::json::RawJson;
use mcp_core::method::{Method as _, Methods, TASKS_EXTENSION, ToolsCall};
use mcp_core::revision::Revision;
use mcp_core::service::{Accept, BoxFuture, BoxService, Service};
use mcp_core::telemetry::Telemetry;
use mcp_core::types::{ClientCapabilities, Implementation, Schema};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::cache::{Cache, SharedCache};
use crate::call::OutputValidator;
use crate::child_process::ChildCommand;
use crate::client::{Client, ResultHandler};
use crate::connection::Connection;
use crate::deadline::Timeouts;
use crate::era::{KnownServer, Reopen, Settings, establish};
use crate::error::{Error, ErrorKind};
use crate::extension::{ClientExtension, NoSettings, Registered, Tasks};
use crate::handler::Handlers;
#[cfg(feature = "http")]
use crate::http::HttpSettings;
use crate::inbound::Inbound;
use crate::question::ServerIdentity;
use crate::startup::Startup;
use crate::task::TaskOptions;

/// Builds a [`Client`]: begin with [`Client::builder`], end with one of the `connect` methods.
///
/// ```no_run
/// # async fn example() -> Result<(), mcp_client::Error> {
/// use std::process::Command;
/// use mcp_client::types::ElicitResult;
/// use mcp_client::Client;
///
/// let client = Client::builder()
///     .client_info("my-host", "1.0.0")
///     .on_elicit(|form| async move {
///         println!("{}", form.message);
///         Ok(ElicitResult::decline())
///     })
///     .connect_command(Command::new("notes-server"))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it connects"]
pub struct ClientBuilder {
    /// The cache that other clients use too, if any.
    cache: Option<Cache>,
    pub(super) settings: Settings,
    pub(super) handlers: Handlers,
    output_validator: Option<OutputValidator>,
    result_handlers: Vec<ResultHandler>,
    tasks: Option<TaskOptions>,
    /// Why the first invalid extension is invalid.
    invalid_extension: Option<String>,
    #[cfg(feature = "http")]
    pub(super) http: HttpSettings,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            cache: None,
            settings: Settings {
                client_info: Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
                revision: None,
                known: None,
                server_name: None,
                probe_timeout: Duration::from_secs(5),
                startup_timeout: None,
                timeouts: Timeouts::default(),
                limits: Limits::new(),
                methods: Methods::new(),
                telemetry: None,
                #[cfg(feature = "policy")]
                policy: None,
            },
            handlers: Handlers::default(),
            output_validator: None,
            result_handlers: Vec::new(),
            tasks: None,
            invalid_extension: None,
            #[cfg(feature = "http")]
            http: HttpSettings::default(),
        }
    }

    /// Who the client says it is: its name and version.
    pub fn client_info(self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.implementation(Implementation::new(name, version))
    }

    /// Who the client says it is, with title, website and icons.
    pub fn implementation(mut self, info: Implementation) -> Self {
        self.settings.client_info = info;
        self
    }

    /// How long the server may be silent about a call. Default: 60 s.
    ///
    /// Progress restarts the time. The time in which the server waits for a handler of this client
    /// does not count, for the calls that were in flight when its question arrived.
    pub fn timeout(mut self, idle: Duration) -> Self {
        self.settings.timeouts.idle = idle;
        self
    }

    /// How long a call may take in all. Nothing extends it, and the time in which a person answers
    /// the server is part of it unless [`ClientBuilder::exclude_input_time`] leaves it out. For a
    /// list it is the time of all pages. Default: 10 minutes.
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
    pub fn exclude_input_time(mut self, exclude: bool) -> Self {
        self.settings.timeouts.exclude_input = exclude;
        self
    }

    /// How long a server on a byte stream may take to answer the probe, before it is offered the
    /// handshake of a legacy one as well. Default: 5 s.
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
    /// [`Expired::Startup`]: crate::Expired::Startup
    pub fn startup_timeout(mut self, timeout: Duration) -> Self {
        self.settings.startup_timeout = Some(timeout);
        self
    }

    /// Speaks this revision, or fails to connect. A legacy one is offered in a handshake without a
    /// probe.
    pub fn revision(mut self, revision: Revision) -> Self {
        self.settings.revision = Some(revision);
        self
    }

    /// What an earlier client found out about the server ([`Client::known_server`]): saves the
    /// probe.
    pub fn known_server(mut self, known: KnownServer) -> Self {
        self.settings.known = Some(known);
        self
    }

    /// The bounds of what the client accepts, keeps and waits for. Default: [`Limits::new`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// What the host calls the server. It stands in what [`PendingInput::save`] writes, so that an
    /// answer does not go to another server. Default: the URL without its query, or else what the
    /// server calls itself.
    ///
    /// [`PendingInput::save`]: crate::PendingInput::save
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.settings.server_name = Some(name.into());
        self
    }

    /// Caches results together with other clients. Without it a client caches for itself.
    ///
    /// `server` is what the host calls the server, such as its URL: results are shared under it, so
    /// it must not be anything that a server says of itself. `principal` is the authorization
    /// context: clients with other rights must have another one. Results that the server says are
    /// public serve all principals of the server.
    pub fn shared_cache(
        mut self,
        cache: &SharedCache,
        server: impl AsRef<str>,
        principal: impl AsRef<str>,
    ) -> Self {
        self.cache = Some(cache.scoped(server.as_ref(), principal.as_ref()));
        self
    }

    /// Adds a protocol [extension](crate::extension), which is declared to servers. An invalid
    /// extension, and one whose id or method is declared already, fails the connect call.
    pub fn extension(mut self, extension: ClientExtension) -> Self {
        match extension.into_registered() {
            Ok(Registered { id, settings, rows, results }) => {
                let declared = self.handlers.declared.extensions.get_or_insert_default();
                let methods = &mut self.settings.methods;
                let reason = if declared.contains_key(&id) {
                    format!("the extension \"{id}\" is declared twice")
                } else if let Some(row) =
                    rows.iter().find(|row| methods.find_extended(row.name).is_some())
                {
                    format!("two extensions have the method {}", row.name)
                } else {
                    declared.insert(id, settings);
                    methods.add(rows);
                    self.result_handlers.extend(results);
                    return self;
                };
                self.invalid_extension.get_or_insert(reason);
            }
            Err(reason) => {
                self.invalid_extension.get_or_insert(reason);
            }
        }
        self
    }

    /// Declares [tasks](crate::task): a server may answer a call of a tool with a task, and the call
    /// waits for its result.
    ///
    /// The extension `io.modelcontextprotocol/tasks`, with servers of 2026-07-28.
    pub fn tasks(mut self, options: TaskOptions) -> Self {
        self.tasks = Some(options);
        self.extension(ClientExtension::new::<Tasks>(&NoSettings::new()))
    }

    /// Declares capabilities in addition to those that follow from the handlers and the extensions.
    pub fn capabilities(mut self, mut declared: ClientCapabilities) -> Self {
        let extensions = self.handlers.declared.extensions.take().unwrap_or_default();
        if !extensions.is_empty() {
            declared.extensions.get_or_insert_default().extend(extensions);
        }
        self.handlers.declared = declared;
        self
    }

    /// Sets what receives the durations of requests and sessions, and writes the context of traces
    /// into the `_meta` of requests. With the feature `otel`, [`telemetry`](crate::telemetry) has
    /// one for OpenTelemetry. Each request has a span also without it; see `docs/observability.md`.
    ///
    /// What a call sets with its own `_meta` is not replaced.
    pub fn telemetry(mut self, telemetry: impl Telemetry) -> Self {
        self.settings.telemetry = Some(Arc::new(telemetry));
        self
    }

    /// Checks the structured results of tools against the output schemas that the server listed
    /// (TOOL-5).
    ///
    /// The SDK has no validator of JSON Schema of its own; `validate` is a function of the host's
    /// choice. It gets the schema and the value, and returns what is wrong with it. It must not
    /// fetch what a schema refers to. A result that does not match fails the call with
    /// [`ErrorKind::Decode`]; so does one without structured content. Tools that were not listed
    /// yet, and results of tools that failed, are not checked.
    ///
    /// ```
    /// use mcp_client::Client;
    ///
    /// let builder = Client::builder().output_validator(|schema, value| {
    ///     jsonschema::validate(&schema.as_value(), &value.to_value())
    ///         .map_err(|error| error.to_string())
    /// });
    /// ```
    pub fn output_validator(
        mut self,
        validate: impl Fn(&Schema, &RawJson) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.output_validator = Some(Arc::new(validate));
        self
    }

    /// Sets the policy that decides about requests before they leave, and what lists contain. See
    /// [`ClientPolicy`](crate::policy::ClientPolicy).
    #[cfg(feature = "policy")]
    pub fn policy(mut self, policy: crate::policy::ClientPolicy) -> Self {
        self.settings.policy = Some(policy);
        self
    }

    /// Starts a server as a child process and connects to it. See [`ChildCommand`] for its
    /// environment and how it is stopped.
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

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("client_info", &self.settings.client_info)
            .field("revision", &self.settings.revision)
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}
