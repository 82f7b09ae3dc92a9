//! The settings of a builder: what the server says about itself, stores, limits, schemas,
//! revisions, callers, pages, caching and keys.

use std::time::Duration;

use mcp_core::revision::Revision;
#[cfg(feature = "sealed-state")]
use mcp_core::revision::RuleSet;
use mcp_core::types::{CacheScope, Icon};

use super::builder::ServerBuilder;
use crate::auth::Principal;
#[cfg(feature = "auth")]
use crate::auth::Protection;
use crate::definition::PageSizes;
use crate::dialect::SchemaDialect;
use crate::limits::Limits;
use crate::seal::KeyRing;
#[cfg(feature = "http")]
use crate::store::Stores;
#[cfg(feature = "tasks")]
use crate::task::TaskConfig;

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

    /// Sets the limits. See [`Limits`].
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::{Limits, Server};
    ///
    /// let mut limits = Limits::default();
    /// limits.connection.max_in_flight_requests = 32; // Of one connection; more are refused.
    /// limits.peer_request_timeout = Duration::from_secs(60); // For a user to answer a question.
    /// let server = Server::builder("notes", "1.0.0").limits(limits);
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.parts.limits = limits;
        self
    }

    /// Sets the [dialect](SchemaDialect) of the schemas of all tools, except those that set their
    /// own. Default: as written.
    ///
    /// Building the server fails if a schema has no form in the dialect.
    ///
    /// ```
    /// use mcp_server::dialect::SchemaDialect;
    /// use mcp_server::{Server, routes, tool};
    /// # use serde_json::json;
    ///
    /// /// Search the archive.
    /// #[tool]
    /// async fn search(query: String, limit: Option<u8>) -> String {
    ///     format!("{query}, at most {}", limit.unwrap_or(10))
    /// }
    ///
    /// let server = Server::builder("archive", "1.0.0")
    ///     .routes(routes![search])
    ///     .schema_dialect(SchemaDialect::Strict);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let client = mcp_server::test::client(server).await;
    /// // `limit` is required now, and null stands for its absence.
    /// let arguments = json!({ "query": "sea", "limit": null });
    /// client.call("search", arguments).await.assert_text("sea, at most 10");
    /// # });
    /// ```
    pub fn schema_dialect(mut self, dialect: SchemaDialect) -> Self {
        self.parts.dialect = dialect;
        self
    }

    /// Sets whether building the server logs a warning for each [finding](crate::lint) about the
    /// names and schemas of its tools. Default: true.
    ///
    /// Nothing is checked if no subscriber of `tracing` is interested in warnings.
    /// [`Server::lint`](crate::Server::lint) returns the findings in any case.
    ///
    /// ```
    /// use mcp_server::{Server, routes, tool};
    ///
    /// /// Store any JSON.
    /// #[tool]
    /// async fn store(value: serde_json::Value) -> String {
    ///     format!("stored {value}")
    /// }
    ///
    /// // Some hosts refuse an untyped value. Those of this server are known to accept it.
    /// let server = Server::builder("store", "1.0.0").routes(routes![store]).schema_lints(false);
    /// # server.build().unwrap();
    /// ```
    pub fn schema_lints(mut self, log: bool) -> Self {
        self.parts.lints = log;
        self
    }

    /// Sets the supported revisions, in order of preference. Default: all.
    ///
    /// ```
    /// use mcp_server::{Revision, Server};
    ///
    /// // No session: clients of the legacy era are refused, with this revision in the error.
    /// let server = Server::builder("stateless", "1.0.0").revisions([Revision::V2026_07_28]);
    /// ```
    pub fn revisions(mut self, revisions: impl Into<Vec<Revision>>) -> Self {
        self.parts.revisions = revisions.into();
        self
    }

    /// Serves requests of revision 2026-07-28 by the **draft** of the revision after it: lists have
    /// a `digest`, known digests are compared, and errors have the codes and HTTP statuses of the
    /// draft's registry. `docs/revisions.md` has the details.
    ///
    /// For experiments only. The draft has no name, so it is not negotiated: clients do not see
    /// that the server follows it. What it does may change in any release, and clients of
    /// 2026-07-28 may not understand its errors.
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
    /// let server =
    ///     Server::builder("calculator", "1.0.0").routes(routes![add]).draft_revision().build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    #[cfg(feature = "sealed-state")]
    pub fn draft_revision(mut self) -> Self {
        self.parts.rules = RuleSet::WITH_DRAFT;
        self
    }

    /// Requires an access token with each HTTP request. See [`Protection`].
    ///
    /// Building the server fails if a setting is not valid. Other transports need no token, also
    /// over a socket: [`ServerBuilder::local_principal`] sets who calls there.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::auth::{JwtVerifier, Protection};
    ///
    /// // Tokens of this issuer, for this URL, with this scope. The server fetches the keys itself.
    /// let tokens = JwtVerifier::builder("https://login.example.com").build()?;
    /// let protection = Protection::new("https://mcp.example.com/mcp", tokens).scopes(["notes"]);
    /// let server = Server::builder("notes", "1.0.0").protect(protection).build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    #[cfg(feature = "auth")]
    pub fn protect(mut self, protection: Protection) -> Self {
        self.parts.protection = Some(protection);
        self
    }

    /// Sets who calls over stdio and other transports than HTTP, such as [`Principal::local`].
    /// Without it, such callers have no principal, and their scopes are not checked.
    ///
    /// A transport or a host that inserts another principal into the extensions of a request
    /// decides itself.
    ///
    /// ```
    /// use mcp_server::{Principal, Server, routes, tool};
    /// # use serde_json::json;
    ///
    /// /// Delete a note.
    /// #[tool(scopes("notes:write"))]
    /// async fn delete(id: u64) -> String {
    ///     format!("deleted {id}")
    /// }
    ///
    /// // The user of this process may read only. `Principal::local()` may do everything.
    /// let reader = Principal::new("ada").with_scopes(["notes:read"]);
    /// let server = Server::builder("notes", "1.0.0").routes(routes![delete]).local_principal(reader);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let client = mcp_server::test::client(server).await;
    /// client.call("delete", json!({ "id": 7 })).await.assert_error("notes:write");
    /// # });
    /// ```
    pub fn local_principal(mut self, principal: Principal) -> Self {
        self.parts.local_principal = Some(principal);
        self
    }

    /// Sets the number of items in one page of a list. Default: 1,000. The cursors are made and
    /// checked by the server.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// // A host with a small context reads 50 tools at a time, and goes on if it needs more.
    /// let server = Server::builder("catalogue", "1.0.0").page_size(50);
    /// ```
    pub fn page_size(mut self, items: usize) -> Self {
        let items = items.max(1);
        self.parts.page_sizes = PageSizes { tools: items, prompts: items, resources: items };
        self
    }

    /// Sets the number of items in one page of the lists of resources and resource templates.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// // All tools in one page, and files by the hundred.
    /// let server = Server::builder("files", "1.0.0").page_size(1_000).resource_page_size(100);
    /// ```
    pub fn resource_page_size(mut self, items: usize) -> Self {
        self.parts.page_sizes.resources = items.max(1);
        self
    }

    /// Sets the time for which clients may cache lists and resources that do not set their own, and
    /// whether caches may share them between users (since 2026-07-28). Default: no caching.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::Server;
    /// use mcp_server::types::CacheScope;
    ///
    /// // Every user sees the same lists, so a proxy may keep them for an hour.
    /// let server =
    ///     Server::builder("docs", "1.0.0").cache(Duration::from_secs(60 * 60), CacheScope::Public);
    /// ```
    pub fn cache(mut self, fresh_for: Duration, scope: CacheScope) -> Self {
        self.parts.cache = (fresh_for, scope);
        self
    }

    /// Sets the keys that seal `requestState`, the state of a call between its input rounds (since
    /// 2026-07-28).
    ///
    /// Without them, the server generates a key that is lost when the process ends. Server
    /// instances behind one address need a key ring with a common secret.
    ///
    /// ```no_run
    /// use mcp_server::Server;
    /// use mcp_server::input::KeyRing;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // 64 hexadecimal digits, the same for each instance: `openssl rand -hex 32`.
    /// let keys = KeyRing::new(std::env::var("MCP_STATE_SECRET")?)?;
    /// let server = Server::builder("notes", "1.0.0").state_keys(keys);
    /// # Ok(())
    /// # }
    /// ```
    pub fn state_keys(mut self, keys: KeyRing) -> Self {
        self.parts.state_keys = Some(keys);
        self
    }

    /// Sets whether each `requestState` is accepted only once. Default: false.
    ///
    /// With `true`, a client that repeats an old state, or that lost the answer to a round, has to
    /// start the call again. Redeemed states are remembered until they expire: in this process, or
    /// in the store that `ServerBuilder::stores` names, which several instances need.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// // The approval of one payment cannot be sent again for a second one.
    /// let server = Server::builder("payments", "1.0.0").state_single_use(true);
    /// ```
    pub fn state_single_use(mut self, single_use: bool) -> Self {
        self.parts.state_single_use = single_use;
        self
    }
}
