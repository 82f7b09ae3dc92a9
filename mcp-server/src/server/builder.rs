//! The builder of a server, and what it registers: routes, methods, states and layers. The settings
//! are in `settings`.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::Method;
use mcp_core::service::{BoxService, Service};
use mcp_core::telemetry::Telemetry;
use mcp_core::types::Implementation;
use tower_layer::Layer;

use super::Server;
use super::parts::Parts;
use crate::context::Context;
use crate::custom_method::{CustomMethod, MethodCall};
use crate::error::BuildError;
use crate::extension::ServerExtension;
use crate::handler::Handler;
use crate::prompt::PromptRoute;
use crate::registry::ServerHandle;
use crate::resource::ResourceRoute;
use crate::route::{IntoRoute, Provider, Routes};
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
    /// Registers a tool.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::tool::ToolRoute;
    ///
    /// let ping = ToolRoute::builder("ping").description("Check the database.").handler(|| async { "up" });
    /// let server = Server::builder("status", "1.0.0").tool(ping);
    /// # server.build().unwrap();
    /// ```
    pub fn tool(self, route: impl IntoRoute<ToolRoute>) -> Self {
        self.tools([route.into_route()])
    }

    /// Registers tools. An empty list declares the capability, for tools that are added later.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::tool::ToolRoute;
    ///
    /// // One tool for each table of a configuration file.
    /// let tables = ["customers", "orders"];
    /// let tools = tables.map(|table| {
    ///     ToolRoute::builder(format!("count_{table}")).handler(move || async move { format!("{table}: 7") })
    /// });
    /// let server = Server::builder("database", "1.0.0").tools(tools);
    /// # server.build().unwrap();
    /// ```
    pub fn tools(mut self, routes: impl IntoIterator<Item = ToolRoute>) -> Self {
        self.parts.add_tools(&mut routes.into_iter());
        self
    }

    /// Registers a prompt.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::prompt::PromptRoute;
    ///
    /// let review = PromptRoute::builder("review")
    ///     .description("Review the staged changes.")
    ///     .handler(|| async { "Review the staged changes. Begin with what could break." });
    /// let server = Server::builder("git", "1.0.0").prompt(review);
    /// # server.build().unwrap();
    /// ```
    pub fn prompt(self, route: impl IntoRoute<PromptRoute>) -> Self {
        self.prompts([route.into_route()])
    }

    /// Registers prompts. An empty list declares the capability, for prompts that are added later.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::prompt::PromptRoute;
    ///
    /// // From a folder with one text for each prompt.
    /// let texts = [("review", "Review the staged changes."), ("release", "Write the release notes.")];
    /// let prompts = texts.map(|(name, text)| PromptRoute::builder(name).handler(move || async move { text }));
    /// let server = Server::builder("git", "1.0.0").prompts(prompts);
    /// # server.build().unwrap();
    /// ```
    pub fn prompts(mut self, routes: impl IntoIterator<Item = PromptRoute>) -> Self {
        self.parts.add_prompts(&mut routes.into_iter());
        self
    }

    /// Registers a resource or a resource template.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::resource::ResourceRoute;
    ///
    /// let license = ResourceRoute::builder("file:///LICENSE", "license")
    ///     .mime_type("text/plain")
    ///     .handler(|| async { "Permission is hereby granted, …" });
    /// let server = Server::builder("project", "1.0.0").resource(license);
    /// # server.build().unwrap();
    /// ```
    pub fn resource(self, route: impl IntoRoute<ResourceRoute>) -> Self {
        self.resources([route.into_route()])
    }

    /// Registers resources and resource templates. An empty list declares the capability, for
    /// resources that are added later.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::resource::ResourceRoute;
    /// let server = Server::builder("plugins", "1.0.0").resources([]); // Declares `resources`.
    /// let handle = server.handle();
    /// // Later, when a plugin has one. Clients are notified.
    /// handle.set_resource(ResourceRoute::builder("plugin://a", "a").handler(|| async { "loaded" }))?;
    /// # server.build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn resources(mut self, routes: impl IntoIterator<Item = ResourceRoute>) -> Self {
        self.parts.add_resources(&mut routes.into_iter());
        self
    }

    /// Registers routes of any kind. See [`routes!`](crate::routes).
    ///
    /// ```
    /// use mcp_server::{Server, resource, routes, tool};
    ///
    /// /// Add two numbers.
    /// #[tool]
    /// async fn add(a: i64, b: i64) -> i64 {
    ///     a + b
    /// }
    ///
    /// /// The constant.
    /// #[resource("math://pi")]
    /// fn pi() -> String {
    ///     "3.14159".to_owned()
    /// }
    ///
    /// let server = Server::builder("calculator", "1.0.0").routes(routes![add, pi]);
    /// # server.build().unwrap();
    /// ```
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
    ///
    /// ```
    /// use mcp_server::{Server, tools};
    ///
    /// struct Library {
    ///     books: Vec<&'static str>,
    /// }
    ///
    /// #[tools]
    /// impl Library {
    ///     /// Find books by a part of their title.
    ///     #[tool(read_only)]
    ///     fn find(&self, part: String) -> String {
    ///         let found = self.books.iter().copied().filter(|title| title.contains(&part));
    ///         found.collect::<Vec<_>>().join(", ")
    ///     }
    /// }
    ///
    /// let server = Server::builder("library", "1.0.0").with(Library { books: vec!["Emma", "Dune"] });
    /// # server.build().unwrap();
    /// ```
    pub fn with(self, provider: impl Provider) -> Self {
        self.with_shared(Arc::new(provider))
    }

    /// Registers the annotated methods of a value that is already in an `Arc`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// use mcp_server::{Server, tools};
    ///
    /// #[derive(Default)]
    /// struct Counter(AtomicU64);
    ///
    /// #[tools]
    /// impl Counter {
    ///     /// Count one more.
    ///     #[tool]
    ///     fn count(&self) -> u64 {
    ///         self.0.fetch_add(1, Ordering::Relaxed) + 1
    ///     }
    /// }
    ///
    /// let counter = Arc::new(Counter::default());
    /// let server = Server::builder("counter", "1.0.0").with_shared(Arc::clone(&counter));
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// mcp_server::test::client(server).await.call("count", serde_json::json!({})).await.assert_text("1");
    /// assert_eq!(counter.0.load(Ordering::Relaxed), 1); // The program sees what the tools did.
    /// # });
    /// ```
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
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::method::Method;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Health {
    ///     uptime_seconds: u64,
    /// }
    ///
    /// enum GetHealth {}
    ///
    /// impl Method for GetHealth {
    ///     const NAME: &'static str = "com.example/health";
    ///     type Params = serde_json::Value;
    ///     type Result = Health;
    /// }
    ///
    /// let server = Server::builder("status", "1.0.0")
    ///     .method::<GetHealth, _, _>(|_params, _ctx| async { Ok(Health { uptime_seconds: 3600 }) });
    /// # server.build().unwrap();
    /// ```
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
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::Server;
    /// use mcp_server::layer::{RateLimitLayer, TimeoutLayer};
    ///
    /// // A call over the rate is refused at once: the rate limit is outside of the timeout.
    /// let server = Server::builder("search", "1.0.0")
    ///     .layer(TimeoutLayer::new(Duration::from_secs(30)))
    ///     .layer(RateLimitLayer::new(100, Duration::from_secs(60)));
    /// ```
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
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::Server;
    /// use mcp_server::telemetry::{Operation, Outcome, Telemetry};
    ///
    /// struct SlowCalls;
    ///
    /// impl Telemetry for SlowCalls {
    ///     fn operation(&self, operation: &Operation, duration: Duration, _: Outcome) {
    ///         if duration > Duration::from_secs(1) {
    ///             eprintln!("{} took {duration:?}", operation.span_name());
    ///         }
    ///     }
    /// }
    ///
    /// let server = Server::builder("search", "1.0.0").telemetry(SlowCalls);
    /// ```
    pub fn telemetry(mut self, telemetry: impl Telemetry) -> Self {
        self.parts.telemetry = Some(Arc::new(telemetry));
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
