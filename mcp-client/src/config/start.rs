//! The servers of a configuration file as a group.

use std::collections::HashMap;
use std::fmt;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::text::PeerText;

use super::error::{ConfigError, ConfigErrorKind};
use super::host_config::HostConfig;
use super::inputs::Input;
use super::remember::{of_same_servers, with_origins};
use super::resolved::Resolved;
use super::server_entry::ServerEntry;
use super::variables::{Ask, Environment, Resolve, Unknown, Variables};
use super::watch::keep_tools;
use crate::builder::ClientBuilder;
use crate::child_process::ChildCommand;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Expired};
use crate::group::{ClientGroup, ClientGroupBuilder, RememberedTools};

type Customize = dyn Fn(&ServerEntry, ClientBuilder) -> ClientBuilder + Send + Sync;

/// Starts the servers of a configuration file: begin with [`ClientGroup::from_config`], end with
/// [`ConfigGroup::start`].
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use mcp_client::ClientGroup;
/// use mcp_client::config::HostConfig;
///
/// let config = HostConfig::read(".mcp.json")?;
/// let started = ClientGroup::from_config(&config)
///     .server_timeout(Duration::from_secs(10))
///     .client(|server, builder| builder.server_name(server.name()))
///     .start()
///     .await;
/// for error in &started.failed {
///     eprintln!("{error}");
/// }
/// let tools = started.group.list_tools().await;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is started until `start`"]
pub struct ConfigGroup {
    config: HostConfig,
    group: ClientGroupBuilder,
    timeout: Duration,
    timeouts: HashMap<String, Duration>,
    environment: Arc<Environment>,
    ask: Option<Arc<Ask>>,
    resolve: Arc<Resolve>,
    customize: Arc<Customize>,
    remembered: RememberedTools,
}

impl ClientGroup {
    /// The servers of a [configuration file](crate::config) as a group.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |_, _| {
    /// use mcp_client::ClientGroup;
    /// use mcp_client::config::HostConfig;
    ///
    /// let file = r#"{ "mcpServers": { "notes": { "command": "notes-server" } } }"#;
    /// let started = ClientGroup::from_config(&HostConfig::parse(file)?).start().await;
    /// assert_eq!(&*started.group.servers()[0].name, "notes");
    /// # Ok(())
    /// # });
    /// ```
    pub fn from_config(config: &HostConfig) -> ConfigGroup {
        ConfigGroup {
            config: config.clone(),
            group: Self::builder(),
            timeout: Duration::from_secs(30),
            timeouts: HashMap::new(),
            environment: Arc::new(|name| std::env::var(name).ok()),
            ask: None,
            resolve: Arc::new(|_| None),
            customize: Arc::new(|_, builder| builder),
            remembered: RememberedTools::default(),
        }
    }
}

impl ConfigGroup {
    /// The settings of the group: the names of tools, limits, the budget of results.
    ///
    /// ```
    /// use mcp_client::ClientGroup;
    /// use mcp_client::config::HostConfig;
    /// use mcp_client::group::{Naming, ResultBudget};
    ///
    /// # fn example(config: &HostConfig) {
    /// let settings = ClientGroup::builder()
    ///     .naming(Naming::PrefixedOnCollision)
    ///     .result_budget(ResultBudget::spill(64 << 10));
    /// let servers = ClientGroup::from_config(config).group(settings);
    /// # let _ = servers;
    /// # }
    /// ```
    pub fn group(mut self, group: ClientGroupBuilder) -> Self {
        self.group = group;
        self
    }

    /// The time that each server has to be connected: to start, to log in, and to agree on a
    /// revision ([`ClientBuilder::startup_timeout`]). The time in which a user logs in counts,
    /// unless [`ClientBuilder::exclude_input_time`] is set. Then the attempt ends, and the next one
    /// begins after a pause. Default: 30 s.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mcp_client::ClientGroup;
    /// use mcp_client::config::HostConfig;
    ///
    /// # fn example(config: &HostConfig) {
    /// let servers = ClientGroup::from_config(config).server_timeout(Duration::from_secs(10));
    /// # let _ = servers;
    /// # }
    /// ```
    pub fn server_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// That time for one server, by its name in the file.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mcp_client::ClientGroup;
    /// use mcp_client::config::HostConfig;
    ///
    /// # fn example(config: &HostConfig) {
    /// // It is downloaded when it starts for the first time.
    /// let servers = ClientGroup::from_config(config)
    ///     .server_timeout_of("browser", Duration::from_secs(180));
    /// # let _ = servers;
    /// # }
    /// ```
    pub fn server_timeout_of(mut self, server: impl Into<String>, timeout: Duration) -> Self {
        self.timeouts.insert(server.into(), timeout);
        self
    }

    /// Sets handlers, credentials and limits of the client of each server. It is called for each
    /// attempt to connect. The time to connect is that of [`ConfigGroup::server_timeout`].
    ///
    /// ```
    /// use mcp_client::ClientGroup;
    /// use mcp_client::config::HostConfig;
    /// use mcp_client::types::ElicitResult;
    ///
    /// # fn example(config: &HostConfig) {
    /// let servers = ClientGroup::from_config(config).client(|server, builder| {
    ///     let name = server.name().to_owned();
    ///     builder.client_info("my-host", "1.0.0").on_elicit(move |form| {
    ///         tracing::info!(name, form.message, "a question");
    ///         async { Ok(ElicitResult::decline()) }
    ///     })
    /// });
    /// # let _ = servers;
    /// # }
    /// ```
    pub fn client(
        mut self,
        customize: impl Fn(&ServerEntry, ClientBuilder) -> ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.customize = Arc::new(customize);
        self
    }

    /// Where `${NAME}` and `${env:NAME}` get their values from. Default: the environment of this
    /// process.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |_, _| {
    /// use std::collections::HashMap;
    /// use mcp_client::ClientGroup;
    /// use mcp_client::config::HostConfig;
    ///
    /// let file = r#"{ "mcpServers": { "notes": { "command": "notes", "args": ["${TOKEN}"] } } }"#;
    /// let secrets = HashMap::from([("TOKEN".to_owned(), "s3cret".to_owned())]);
    /// let servers = ClientGroup::from_config(&HostConfig::parse(file)?)
    ///     .variables(move |name| secrets.get(name).cloned().or_else(|| std::env::var(name).ok()));
    /// assert!(servers.start().await.failed.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    pub fn variables(
        mut self,
        variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.environment = Arc::new(variable);
        self
    }

    /// Asks the user for `${input:id}`, once for each input. `None` if the user declines: then the
    /// servers that need it are not started. Default: they are not started. Servers that need no
    /// input start before anything is asked.
    ///
    /// ```
    /// use mcp_client::ClientGroup;
    /// use mcp_client::config::HostConfig;
    ///
    /// # async fn ask(_: String, _: bool) -> Option<String> { None }
    /// # fn example(config: &HostConfig) {
    /// let servers = ClientGroup::from_config(config).inputs(|input| async move {
    ///     ask(input.to_string(), input.is_password).await // A dialog of the host.
    /// });
    /// # let _ = servers;
    /// # }
    /// ```
    pub fn inputs<F, A>(mut self, ask: F) -> Self
    where
        F: Fn(Input) -> A + Send + Sync + 'static,
        A: Future<Output = Option<String>> + Send + 'static,
    {
        self.ask = Some(Arc::new(move |input| Box::pin(ask(input))));
        self
    }

    /// Gives values to other names between `${` and `}`, such as `workspaceFolder`. Default: none
    /// has a value.
    ///
    /// ```
    /// use mcp_client::ClientGroup;
    /// use mcp_client::config::HostConfig;
    ///
    /// # fn example(config: &HostConfig) {
    /// let servers = ClientGroup::from_config(config).placeholders(|unknown| match &*unknown.name {
    ///     "workspaceFolder" => Some("/projects/app".to_owned()),
    ///     _ => None, // The servers that need it are not started.
    /// });
    /// # let _ = servers;
    /// # }
    /// ```
    pub fn placeholders(
        mut self,
        resolve: impl Fn(&Unknown) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.resolve = Arc::new(resolve);
        self
    }

    /// What an earlier process remembered ([`StartedGroup::remembered_tools`]): the tools that
    /// [`ClientGroup::known_tools`] has until their servers answer. A server whose command,
    /// arguments or URL are others in the file has none.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::config::HostConfig;
    /// use mcp_client::{ClientGroup, serde_json};
    ///
    /// let config = HostConfig::read(".mcp.json")?;
    /// let remembered = serde_json::from_slice(&std::fs::read("tools.json")?)?;
    /// let started = ClientGroup::from_config(&config).remembered(remembered).start().await;
    /// let tools = started.group.known_tools(); // At once.
    /// # Ok(())
    /// # }
    /// ```
    pub fn remembered(mut self, tools: RememberedTools) -> Self {
        self.remembered = tools;
        self
    }

    /// Starts all servers at the same time, and does not wait for them: only for the answers of the
    /// user to inputs. A server that hangs or fails holds up no other one;
    /// [`ClientGroup::servers`] says how each is doing.
    ///
    /// Dropping the future starts no further servers, and ends those that it has started.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |_, _| {
    /// use mcp_client::ClientGroup;
    /// use mcp_client::config::HostConfig;
    ///
    /// let file = r#"{ "mcpServers": { "notes": { "command": "${NO_SUCH_VARIABLE}" } } }"#;
    /// let started = ClientGroup::from_config(&HostConfig::parse(file)?).start().await;
    /// assert_eq!(started.failed[0].server(), Some("notes"));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// None. [`StartedGroup::failed`] has the servers that could not even be tried.
    pub async fn start(self) -> StartedGroup {
        let longest = self.timeouts.values().copied().fold(self.timeout, Duration::max);
        let group = self.group.clone().at_least_connect_timeout(longest).build();
        tokio::spawn(keep_tools(group.downgrade(), group.notifications()));
        let mut variables = Variables {
            environment: &*self.environment,
            ask: self.ask.as_deref(),
            resolve: &*self.resolve,
            inputs: self.config.inputs(),
            answers: HashMap::new(),
            max_bytes: self.config.limits.max_value_bytes,
        };
        let mut failed = Vec::new();
        let (mut now, mut later) = (Vec::new(), Vec::new());
        for entry in self.config.servers().iter().filter(|entry| !entry.is_disabled()) {
            let asks = entry.way.places().any(|place| place.text.contains("${input:"));
            if asks { later.push(entry) } else { now.push(entry) }
        }
        let mut remembered = of_same_servers(self.remembered.clone(), &self.config);
        for entry in now.into_iter().chain(later) {
            let added = match Resolved::new(entry, &mut variables).await {
                Ok(resolved) => self.add(&group, entry, resolved),
                Err(error) => Err(error),
            };
            match added {
                Ok(()) => group.remember_tools(remembered.take(entry.group_name())),
                Err(error) => failed.push(error.of_server(entry.name())),
            }
        }
        drop(variables);
        StartedGroup { group, failed, config: self.config }
    }

    fn add(
        &self,
        group: &ClientGroup,
        entry: &ServerEntry,
        resolved: Resolved,
    ) -> Result<(), ConfigError> {
        let limit = self.timeouts.get(entry.name()).copied().unwrap_or(self.timeout);
        let connect = Arc::new(Connect {
            entry: entry.clone(),
            resolved,
            limit,
            customize: Arc::clone(&self.customize),
        });
        let added =
            group.add_with_own_limit(entry.group_name(), move || Arc::clone(&connect).run());
        added.map_err(|error| {
            let kind = match error.kind() {
                ErrorKind::Limit => ConfigErrorKind::Limit,
                _ => ConfigErrorKind::Form,
            };
            let message = "the server cannot be added to the group";
            ConfigError::new(kind, entry.pointer(), message).with_source(error)
        })
    }
}

/// What connects to one server, again and again.
struct Connect {
    entry: ServerEntry,
    resolved: Resolved,
    limit: Duration,
    customize: Arc<Customize>,
}

impl Connect {
    async fn run(self: Arc<Self>) -> Result<Client, Error> {
        let builder = (self.customize)(&self.entry, Client::builder());
        let connecting = self.connect(builder.startup_timeout(self.limit));
        connecting.await.map_err(|error| match error.expired() {
            Some(Expired::Startup(_)) => {
                error.with_note("; `ConfigGroup::server_timeout` sets the time")
            }
            _ => error,
        })
    }

    async fn connect(&self, builder: ClientBuilder) -> Result<Client, Error> {
        match &self.resolved {
            Resolved::Command { command, args, env, cwd } => {
                let mut started = Command::new(command);
                started.args(args).envs(env.iter().map(|(name, value)| (name, value)));
                if let Some(cwd) = cwd {
                    started.current_dir(cwd);
                }
                let (name, server) = (self.entry.name().to_owned(), ChildCommand::from(started));
                let server = server.on_stderr(move |line| {
                    let line = PeerText::with_max(line, line.len());
                    tracing::info!(target: "mcp_client::stderr", server = name, "{line}");
                });
                builder.connect_command(server).await
            }
            #[cfg(feature = "http")]
            Resolved::Url { url, headers } => {
                let with_header = |builder: ClientBuilder, (name, value): &(_, _)| {
                    builder.http_header(Clone::clone(name), Clone::clone(value))
                };
                headers.iter().fold(builder, with_header).connect_http(url).await
            }
        }
    }
}

/// The servers of a file that were started.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use mcp_client::ClientGroup;
/// use mcp_client::config::HostConfig;
///
/// let started = ClientGroup::from_config(&HostConfig::read(".mcp.json")?).start().await;
/// for error in &started.failed {
///     eprintln!("{error}"); // /mcpServers/api/env/KEY: the variable "KEY" has no value; …
/// }
/// for server in started.group.servers() {
///     println!("{}: {:?}", server.name, server.state);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct StartedGroup {
    /// The group. Its servers are connected to in the background; the names are those of
    /// [`ServerEntry::group_name`].
    pub group: ClientGroup,
    /// The servers that were not started, because their entries are wrong:
    /// [`ConfigError::server`].
    pub failed: Vec<ConfigError>,
    config: HostConfig,
}

impl StartedGroup {
    /// What the servers listed, to be stored as JSON for the next start of the host
    /// ([`ConfigGroup::remembered`]). It has no arguments, values of variables or header fields.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::config::StartedGroup;
    /// use mcp_client::serde_json;
    ///
    /// /// At the end of the program.
    /// async fn end(started: StartedGroup) -> std::io::Result<()> {
    ///     std::fs::write("tools.json", serde_json::to_vec(&started.remembered_tools())?)?;
    ///     started.group.close().await;
    ///     Ok(())
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn remembered_tools(&self) -> RememberedTools {
        with_origins(self.group.remembered_tools(), &self.config)
    }
}

impl fmt::Debug for ConfigGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigGroup").field("config", &self.config).finish_non_exhaustive()
    }
}
