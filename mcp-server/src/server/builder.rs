//! The builder of a server.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::Method;
use mcp_core::revision::Revision;
#[cfg(feature = "sealed-state")]
use mcp_core::revision::RuleSet;
use mcp_core::service::{BoxService, Service};
use mcp_core::telemetry::Telemetry;
use mcp_core::types::{CacheScope, Icon, Implementation};
use tower_layer::Layer;

use super::Server;
use super::parts::Parts;
use crate::auth::Principal;
#[cfg(feature = "auth")]
use crate::auth::Protection;
use crate::context::Context;
use crate::custom_method::{CustomMethod, MethodCall};
use crate::definition::PageSizes;
use crate::dialect::SchemaDialect;
use crate::error::BuildError;
use crate::extension::ServerExtension;
use crate::handler::Handler;
use crate::limits::Limits;
use crate::prompt::PromptRoute;
use crate::registry::ServerHandle;
use crate::resource::ResourceRoute;
use crate::route::{IntoRoute, Provider, Routes};
use crate::seal::KeyRing;
#[cfg(feature = "http")]
use crate::store::Stores;
#[cfg(feature = "tasks")]
use crate::task::TaskConfig;
use crate::tool::ToolRoute;

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
    parts: Box<Parts>,
}

impl Server {
    /// Creates a builder from the name and the version of the server (`serverInfo`).
    pub fn builder(name: impl Into<String>, version: impl Into<String>) -> ServerBuilder {
        ServerBuilder { parts: Box::new(Parts::new(Implementation::new(name, version))) }
    }
}

impl ServerBuilder {
    // ---- identity ----

    /// Sets the display name.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.parts.info.title = Some(title.into());
        self
    }

    /// Sets the description.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.parts.info.description = Some(description.into());
        self
    }

    /// Sets the URL of the server's website.
    pub fn website_url(mut self, url: impl Into<String>) -> Self {
        self.parts.info.website_url = Some(url.into());
        self
    }

    /// Sets the icons.
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        self.parts.info.icons = Some(icons.into());
        self
    }

    /// Sets the instructions, which tell the model how to use the server.
    pub fn instructions(mut self, instructions: impl Into<String>) -> Self {
        self.parts.instructions = Some(instructions.into());
        self
    }

    /// Adds a protocol [extension](crate::extension), which is declared to clients.
    ///
    /// Building the server fails if the extension is invalid, or is added twice.
    pub fn extension(mut self, extension: ServerExtension) -> Self {
        self.parts.add_extension(extension);
        self
    }

    /// Sets where [tasks](crate::task) are kept, and who runs them. Default: in memory, if a tool
    /// that was registered before the server is built runs as a task.
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
    #[cfg(feature = "http")]
    pub fn stores(mut self, stores: impl Into<Stores>) -> Self {
        self.parts.stores = stores.into();
        self
    }

    // ---- routes, methods, state and layers ----

    /// Registers a tool.
    pub fn tool(self, route: impl IntoRoute<ToolRoute>) -> Self {
        self.tools([route.into_route()])
    }

    /// Registers tools. An empty list declares the capability, for tools that are added later.
    pub fn tools(mut self, routes: impl IntoIterator<Item = ToolRoute>) -> Self {
        self.parts.add_tools(&mut routes.into_iter());
        self
    }

    /// Registers a prompt.
    pub fn prompt(self, route: impl IntoRoute<PromptRoute>) -> Self {
        self.prompts([route.into_route()])
    }

    /// Registers prompts. An empty list declares the capability, for prompts that are added later.
    pub fn prompts(mut self, routes: impl IntoIterator<Item = PromptRoute>) -> Self {
        self.parts.add_prompts(&mut routes.into_iter());
        self
    }

    /// Registers a resource or a resource template.
    pub fn resource(self, route: impl IntoRoute<ResourceRoute>) -> Self {
        self.resources([route.into_route()])
    }

    /// Registers resources and resource templates. An empty list declares the capability, for
    /// resources that are added later.
    pub fn resources(mut self, routes: impl IntoIterator<Item = ResourceRoute>) -> Self {
        self.parts.add_resources(&mut routes.into_iter());
        self
    }

    /// Registers routes of any kind. See [`routes!`](crate::routes).
    pub fn routes(self, routes: impl IntoRoute<Routes>) -> Self {
        let Routes { tools, prompts, resources } = routes.into_route();
        let mut builder = self;
        if !tools.is_empty() {
            builder = builder.tools(tools);
        }
        if !prompts.is_empty() {
            builder = builder.prompts(prompts);
        }
        if !resources.is_empty() {
            builder = builder.resources(resources);
        }
        builder
    }

    /// Registers the annotated methods of a value. See [`#[tools]`](macro@crate::tools).
    pub fn with(self, provider: impl Provider) -> Self {
        self.with_shared(Arc::new(provider))
    }

    /// Registers the annotated methods of a value that is already in an `Arc`.
    pub fn with_shared<P: Provider>(self, provider: Arc<P>) -> Self {
        self.routes(provider.routes())
    }

    /// Adds a value that handlers take as [`State<S>`](crate::extract::State). A second value of
    /// the same type replaces the first.
    ///
    /// ```
    /// use mcp_server::extract::State;
    /// use mcp_server::{Server, routes, tool};
    ///
    /// struct Config {
    ///     greeting: &'static str,
    /// }
    ///
    /// /// Greet a person.
    /// #[tool]
    /// fn greet(config: State<Config>, name: String) -> String {
    ///     format!("{} {name}", config.greeting)
    /// }
    ///
    /// let server = Server::builder("greeter", "1.0.0")
    ///     .state(Config { greeting: "Hello" })
    ///     .routes(routes![greet]);
    /// # server.build().unwrap();
    /// ```
    pub fn state<S: Send + Sync + 'static>(mut self, state: S) -> Self {
        self.parts.states.insert(state);
        self
    }

    /// Registers a method that is not part of the protocol.
    ///
    /// The result must be an object, or `()`. On modern requests, `resultType` and the server's
    /// identity are added to it unless it contains them. The parameters contain the `_meta` of the
    /// request, so a type with `#[serde(deny_unknown_fields)]` needs a field for it.
    #[track_caller]
    pub fn method<M, F, Fut>(mut self, handler: F) -> Self
    where
        M: Method,
        F: Fn(M::Params, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<M::Result, ErrorObject>> + Send + 'static,
    {
        self.parts.add_method(M::NAME, CustomMethod::new::<M, F, Fut>(handler));
        self
    }

    /// Registers a method that is not part of the protocol, with a handler whose arguments are
    /// [extractors](crate::extract): `Args<M::Params>`, [`Context`], `State<S>` and `Extension<T>`,
    /// in any order. Otherwise it is like [`method`](Self::method). Building the server fails if it
    /// takes a [`State`](crate::extract::State) that the server does not have.
    ///
    /// ```
    /// use mcp_server::extract::{Args, State};
    /// use mcp_server::jsonrpc::ErrorObject;
    /// use mcp_server::method::Method;
    /// use mcp_server::serde_json::{Value, json};
    /// use mcp_server::Server;
    ///
    /// enum Stock {}
    ///
    /// impl Method for Stock {
    ///     const NAME: &'static str = "example/stock";
    ///     type Params = Value;
    ///     type Result = Value;
    /// }
    ///
    /// struct Shop(u32);
    ///
    /// async fn stock(shop: State<Shop>, Args(params): Args<Value>) -> Result<Value, ErrorObject> {
    ///     Ok(json!({ "item": params["item"], "count": shop.0 }))
    /// }
    ///
    /// let server = || Server::builder("shop", "1.0.0").method_with::<Stock, _, _>(stock);
    /// assert!(server().state(Shop(3)).build().is_ok());
    /// assert!(server().build().unwrap_err().to_string().contains("Shop"));
    /// ```
    #[track_caller]
    pub fn method_with<M, A, H>(mut self, handler: H) -> Self
    where
        M: Method + 'static,
        H: Handler<MethodCall<M>, A, Output = Result<M::Result, ErrorObject>>,
    {
        self.parts.add_method(M::NAME, CustomMethod::of_handler(handler));
        self
    }

    /// Adds a [layer](crate::layer) around every call. The layer added last is the outermost.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<BoxService> + Send + 'static,
        L::Service: Service,
    {
        self.parts.layers.push(Box::new(move |inner| BoxService::new(layer.layer(inner))));
        self
    }

    /// Sets what receives the durations of requests and sessions, and takes trace context from
    /// `_meta`. With the feature `otel`, [`telemetry`](crate::telemetry) has one for OpenTelemetry.
    /// Each request has a span also without it; see `docs/observability.md`.
    pub fn telemetry(mut self, telemetry: impl Telemetry) -> Self {
        self.parts.telemetry = Some(Arc::new(telemetry));
        self
    }

    // ---- settings ----

    /// Sets the limits. See [`Limits`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.parts.limits = limits;
        self
    }

    /// Sets the [dialect](SchemaDialect) of the schemas of all tools, except those that set their
    /// own. Default: as written.
    ///
    /// Building the server fails if a schema has no form in the dialect.
    pub fn schema_dialect(mut self, dialect: SchemaDialect) -> Self {
        self.parts.dialect = dialect;
        self
    }

    /// Sets whether building the server logs a warning for each [finding](crate::lint) about the
    /// names and schemas of its tools. Default: true.
    ///
    /// Nothing is checked if no subscriber of `tracing` is interested in warnings.
    /// [`Server::lint`] returns the findings in any case.
    pub fn schema_lints(mut self, log: bool) -> Self {
        self.parts.lints = log;
        self
    }

    /// Sets the supported revisions, in order of preference. Default: all.
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
    pub fn local_principal(mut self, principal: Principal) -> Self {
        self.parts.local_principal = Some(principal);
        self
    }

    /// Sets the number of items in one page of a list. Default: 1,000. The cursors are made and
    /// checked by the server.
    pub fn page_size(mut self, items: usize) -> Self {
        let items = items.max(1);
        self.parts.page_sizes = PageSizes { tools: items, prompts: items, resources: items };
        self
    }

    /// Sets the number of items in one page of the lists of resources and resource templates.
    pub fn resource_page_size(mut self, items: usize) -> Self {
        self.parts.page_sizes.resources = items.max(1);
        self
    }

    /// Sets the time for which clients may cache lists and resources that do not set their own, and
    /// whether caches may share them between users (since 2026-07-28). Default: no caching.
    pub fn cache(mut self, fresh_for: Duration, scope: CacheScope) -> Self {
        self.parts.cache = (fresh_for, scope);
        self
    }

    /// Sets the keys that seal `requestState`, the state of a call between its input rounds (since
    /// 2026-07-28).
    ///
    /// Without them, the server generates a key that is lost when the process ends. Server
    /// instances behind one address need a key ring with a common secret.
    pub fn state_keys(mut self, keys: KeyRing) -> Self {
        self.parts.state_keys = Some(keys);
        self
    }

    /// Sets whether each `requestState` is accepted only once. Default: false.
    ///
    /// With `true`, a client that repeats an old state, or that lost the answer to a round, has to
    /// start the call again. Redeemed states are remembered until they expire: in this process, or
    /// in the store that `ServerBuilder::stores` names, which several instances need.
    pub fn state_single_use(mut self, single_use: bool) -> Self {
        self.parts.state_single_use = single_use;
        self
    }

    /// Returns a handle that adds, replaces and removes routes while the server runs. Get it before
    /// a `serve` method consumes the builder.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(Arc::clone(&self.parts.live))
    }

    /// Builds the server, which serves any number of connections.
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
