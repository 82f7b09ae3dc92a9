//! The builder of a server.

use std::fmt;
use std::sync::Arc;

use mcp_core::types::{Icon, Implementation};

use super::Server;
use super::parts::Parts;
use crate::error::BuildError;
use crate::extension::ServerExtension;
use crate::registry::ServerHandle;
#[cfg(feature = "http")]
use crate::store::Stores;
#[cfg(feature = "tasks")]
use crate::task::TaskConfig;

/// Builds a [`Server`]. [`Server::builder`] creates it.
///
/// Capabilities are derived from what is registered. [`ServerBuilder::build`] and the `serve`
/// methods report all mistakes in the registrations, so that the calls chain.
///
/// ```
/// use std::time::Duration;
///
/// use mcp_server::types::CacheScope;
/// use mcp_server::{Server, routes, tool};
///
/// /// Add two numbers.
/// #[tool]
/// async fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// let server = Server::builder("calculator", "1.0.0")
///     .title("Calculator")
///     .instructions("Use `add` for sums.")
///     .routes(routes![add])
///     .cache(Duration::from_secs(60), CacheScope::Public)
///     .build()?;
/// # Ok::<(), mcp_server::BuildError>(())
/// ```
#[must_use = "a server does nothing until it is built and served"]
pub struct ServerBuilder {
    /// Boxed, because each method moves the builder, and so does each future that serves it.
    pub(super) parts: Box<Parts>,
}

impl Server {
    /// Creates a builder from the name and the version of the server (`serverInfo`).
    ///
    /// ```
    /// use mcp_server::{Server, routes, tool};
    ///
    /// /// Add two numbers.
    /// #[tool]
    /// async fn add(a: i64, b: i64) -> i64 {
    ///     a + b
    /// }
    ///
    /// let server = Server::builder("calculator", env!("CARGO_PKG_VERSION")).routes(routes![add]);
    /// # server.build().unwrap();
    /// ```
    pub fn builder(name: impl Into<String>, version: impl Into<String>) -> ServerBuilder {
        ServerBuilder { parts: Box::new(Parts::new(Implementation::new(name, version))) }
    }
}

impl ServerBuilder {
    /// Sets the display name.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// // Hosts show "Acme Tracker"; logs and configurations say `acme-tracker`.
    /// let server = Server::builder("acme-tracker", "2.1.0").title("Acme Tracker");
    /// ```
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.parts.info.title = Some(title.into());
        self
    }

    /// Sets the description.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// let server = Server::builder("acme-tracker", "2.1.0")
    ///     .description("Searches, files and closes issues of the Acme tracker.");
    /// ```
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.parts.info.description = Some(description.into());
        self
    }

    /// Sets the URL of the server's website.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// let server =
    ///     Server::builder("acme-tracker", "2.1.0").website_url("https://tracker.example.com/mcp");
    /// ```
    pub fn website_url(mut self, url: impl Into<String>) -> Self {
        self.parts.info.website_url = Some(url.into());
        self
    }

    /// Sets the icons.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::types::Icon;
    ///
    /// let icon = Icon::new("https://tracker.example.com/icon.svg").mime_type("image/svg+xml");
    /// let server = Server::builder("acme-tracker", "2.1.0").icons([icon]);
    /// ```
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        self.parts.info.icons = Some(icons.into());
        self
    }

    /// Sets the instructions, which tell the model how to use the server.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// let server = Server::builder("acme-tracker", "2.1.0").instructions(
    ///     "Search for an issue before you file a new one. Close an issue only if the user says so.",
    /// );
    /// ```
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.parts.instructions = Some(instructions.into());
        self
    }

    /// Adds a protocol [extension](crate::extension), which is declared to clients.
    ///
    /// Building the server fails if the extension is invalid, or is added twice.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::extension::ServerExtension;
    /// use serde_json::json;
    ///
    /// // An extension of settings alone. The module has one with a method.
    /// let retention = ServerExtension::declared("com.example/retention", json!({ "days": 30 }));
    /// let server = Server::builder("archive", "1.0.0").extension(retention).build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn extension(mut self, extension: ServerExtension) -> Self {
        self.parts.add_extension(extension);
        self
    }

    /// Sets where [tasks](crate::task) are kept, and who runs them. Default: in memory, if a tool
    /// that was registered before the server is built runs as a task.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::task::TaskConfig;
    /// use mcp_server::{Server, routes, tool};
    ///
    /// /// Build the report of a year.
    /// #[tool(task)]
    /// async fn report(year: u16) -> String {
    ///     format!("the report of {year}")
    /// }
    ///
    /// let server = Server::builder("reports", "1.0.0")
    ///     .routes(routes![report])
    ///     .tasks(TaskConfig::default().ttl(Duration::from_secs(24 * 60 * 60)))
    ///     .build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    #[cfg(feature = "tasks")]
    pub fn tasks(mut self, config: TaskConfig) -> Self {
        self.parts.tasks = Some(config);
        self
    }

    /// Sets where sessions of the legacy era and single-use states are kept, and how the instances
    /// of the server send each other messages. Default: in the memory of this process, for one
    /// instance. `docs/fleet.md` tells what several instances need.
    ///
    /// Building the server fails if something would leave the process, and there is no key ring
    /// with a secret ([`ServerBuilder::state_keys`]).
    ///
    /// ```no_run
    /// # #[cfg(feature = "redis")]
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_server::Server;
    /// use mcp_server::input::KeyRing;
    /// use mcp_server::store::RedisStore;
    ///
    /// // Each instance behind the load balancer has the same stores and the same secret.
    /// let store = RedisStore::connect("redis://10.0.0.5/").await?;
    /// let server = Server::builder("notes", "1.0.0")
    ///     .state_keys(KeyRing::new(std::env::var("MCP_STATE_SECRET")?)?)
    ///     .stores(store)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "http")]
    pub fn stores(mut self, stores: impl Into<Stores>) -> Self {
        self.parts.stores = stores.into();
        self
    }

    /// Returns a handle that adds, replaces and removes routes while the server runs. Get it before
    /// a `serve` method consumes the builder.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), mcp_server::ServeError> {
    /// use mcp_server::Server;
    ///
    /// let server = Server::builder("files", "1.0.0").resources([]);
    /// let handle = server.handle();
    /// tokio::spawn(async move {
    ///     // … for each change of the folder:
    ///     handle.resource_updated("file:///notes.txt");
    /// });
    /// server.serve_stdio().await
    /// # }
    /// ```
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(Arc::clone(&self.parts.live))
    }

    /// Builds the server, which serves any number of connections.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// let error = Server::builder("calculator", "1.0.0").routes(routes![add, add]).build().unwrap_err();
    /// // One error for all mistakes, with their places: `… is registered twice: both times by the
    /// // definition at src/main.rs:4:1; register it once`.
    /// assert!(error.to_string().starts_with("the tool \"add\" is registered twice"));
    /// ```
    ///
    /// # Errors
    /// Invalid registrations, duplicate names, and states that handlers take and the server does
    /// not have; all of them at once ([`BuildError::Several`]).
    pub fn build(self) -> Result<Server, BuildError> {
        self.parts.build()
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("info", &self.parts.info).finish_non_exhaustive()
    }
}
