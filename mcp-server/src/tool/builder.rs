//! The builder of a tool.

use std::sync::{Arc, OnceLock};

use mcp_core::meta::Meta;
use mcp_core::types::{Icon, Schema, Tool, ToolAnnotations};

use super::dialect::{RouteDialect, complete};
use super::header_argument::mirrored_arguments;
use super::output::Output;
#[cfg(feature = "tasks")]
use super::route::TaskSettings;
use super::route::{BoxHandler, ToolFuture, ToolRoute};
use super::{IntoToolResult, ToolCall};
use crate::auth::RouteScopes;
use crate::dialect::SchemaDialect;
use crate::extract::FromContext;
use crate::handler::Handler;
use crate::schema::{LazyCheck, LazySchema, Outline, SchemaCheck};
use crate::wiring::Wiring;

impl ToolRoute {
    /// Creates a builder. `name` has 1 to 128 letters, digits, `_`, `-` and `.`, and is unique in
    /// the server.
    ///
    /// ```
    /// use mcp_server::Context;
    /// use mcp_server::tool::ToolRoute;
    ///
    /// let hello = ToolRoute::builder("hello")
    ///     .description("Say hello.")
    ///     .read_only(true)
    ///     .handler(|_ctx: Context| async { "hello" });
    /// ```
    #[track_caller]
    pub fn builder(name: impl Into<String>) -> ToolBuilder {
        ToolBuilder {
            tool: Tool::new(name, Schema::empty_object()),
            input: Input::Derived(Schema::empty_object()),
            derive_output: None,
            dialect: None,
            scopes: RouteScopes::default(),
            wiring: Wiring::here(),
            #[cfg(feature = "tasks")]
            task: None,
        }
    }
}

/// Builds a [`ToolRoute`]. [`ToolRoute::builder`] creates it.
///
/// ```
/// use mcp_server::extract::Args;
/// use mcp_server::tool::ToolRoute;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Delete {
///     /// The id of the note.
///     id: u64,
/// }
///
/// let delete = ToolRoute::builder("delete_note")
///     .title("Delete a note")
///     .description("Delete a note for ever.")
///     .destructive(true)
///     .handler(|Args(Delete { id }): Args<Delete>| async move { format!("deleted note {id}") });
/// ```
#[derive(Debug)]
#[must_use = "a tool needs a handler"]
pub struct ToolBuilder {
    /// Without its input schema. The output schema is there if it was set.
    tool: Tool,
    input: Input,
    /// Derives the output schema, if it is not set.
    derive_output: Option<fn() -> Option<Schema>>,
    dialect: Option<SchemaDialect>,
    scopes: RouteScopes,
    wiring: Wiring,
    #[cfg(feature = "tasks")]
    pub(super) task: Option<TaskSettings>,
}

/// The input schema of a tool.
#[derive(Debug)]
enum Input {
    Set(Schema),
    /// The type of the arguments enforces its shape.
    Derived(Schema),
    /// As `Derived`, of a struct whose fields have only types of the standard library. The schema
    /// is known to be valid and to have no annotations, so it is derived at its first use.
    Standard(fn() -> Schema),
}

impl ToolBuilder {
    /// Sets the display name.
    ///
    /// ```
    /// # use mcp_server::tool::ToolRoute;
    /// let search = ToolRoute::builder("search_v2").title("Search the archive").handler(|| async { "" });
    /// assert_eq!(search.tool().display_name(), "Search the archive"); // What a user sees.
    /// ```
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.tool.title = Some(title.into());
        self
    }

    /// Sets the description, which tells the model what the tool does.
    ///
    /// ```
    /// # use mcp_server::tool::ToolRoute;
    /// let search = ToolRoute::builder("search").description(
    ///     "Find documents by their text. Returns at most 20 titles with ids; read them with `read`.",
    /// );
    /// # search.handler(|| async { "" });
    /// ```
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.tool.description = Some(description.into());
        self
    }

    /// Sets the hint that the tool does not modify its environment. Clients assume false.
    ///
    /// ```
    /// # use mcp_server::tool::ToolRoute;
    /// // Many hosts call such a tool without asking the user.
    /// let search = ToolRoute::builder("search").read_only(true).handler(|| async { "nothing found" });
    /// ```
    pub fn read_only(self, hint: bool) -> Self {
        self.hint(|hints| hints.read_only_hint = Some(hint))
    }

    /// Sets the hint that the tool may perform destructive updates. Clients assume true.
    ///
    /// ```
    /// # use mcp_server::tool::ToolRoute;
    /// // It writes, and what was there before stays.
    /// let append = ToolRoute::builder("append").destructive(false).handler(|| async { "appended" });
    /// ```
    pub fn destructive(self, hint: bool) -> Self {
        self.hint(|hints| hints.destructive_hint = Some(hint))
    }

    /// Sets the hint that repeated calls with the same arguments have no additional effect. Clients
    /// assume false.
    ///
    /// ```
    /// # use mcp_server::tool::ToolRoute;
    /// // A host may call it again after a lost connection.
    /// let close = ToolRoute::builder("close_issue").idempotent(true).handler(|| async { "closed" });
    /// ```
    pub fn idempotent(self, hint: bool) -> Self {
        self.hint(|hints| hints.idempotent_hint = Some(hint))
    }

    /// Sets the hint that the tool interacts with external systems. Clients assume true.
    ///
    /// ```
    /// # use mcp_server::tool::ToolRoute;
    /// // It knows only what is in the local database.
    /// let count = ToolRoute::builder("count_orders").open_world(false).handler(|| async { "7" });
    /// ```
    pub fn open_world(self, hint: bool) -> Self {
        self.hint(|hints| hints.open_world_hint = Some(hint))
    }

    fn hint(mut self, set: impl FnOnce(&mut ToolAnnotations)) -> Self {
        set(self.tool.annotations.get_or_insert_with(ToolAnnotations::new));
        self
    }

    /// Sets the icons.
    ///
    /// ```
    /// use mcp_server::tool::ToolRoute;
    /// use mcp_server::types::{Icon, IconTheme};
    ///
    /// let dark = Icon::new("https://example.com/search-dark.png").theme(IconTheme::Dark);
    /// let light = Icon::new("https://example.com/search.png").theme(IconTheme::Light);
    /// let search = ToolRoute::builder("search").icons([light, dark]).handler(|| async { "" });
    /// ```
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        self.tool.icons = Some(icons.into());
        self
    }

    /// Sets the `_meta` of the tool in lists.
    ///
    /// ```
    /// use mcp_server::meta::Meta;
    /// use mcp_server::tool::ToolRoute;
    ///
    /// // For hosts that know the key.
    /// let meta = Meta::new().with("com.example/cost", "high");
    /// let train = ToolRoute::builder("train").meta(meta).handler(|| async { "trained" });
    /// ```
    pub fn meta(mut self, meta: Meta) -> Self {
        self.tool.meta = Some(meta);
        self
    }

    /// Sets the [dialect](SchemaDialect) of the tool's schemas. Default: that of the server, see
    /// [`ServerBuilder::schema_dialect`](crate::ServerBuilder::schema_dialect).
    ///
    /// ```
    /// use mcp_server::dialect::SchemaDialect;
    /// use mcp_server::extract::Args;
    /// use mcp_server::tool::ToolRoute;
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Search {
    ///     text: String,
    ///     limit: Option<u8>,
    /// }
    ///
    /// let search = ToolRoute::builder("search")
    ///     .schema_dialect(SchemaDialect::Strict)
    ///     .handler(|Args(search): Args<Search>| async move { format!("{:?}", search.limit) });
    /// let schema = search.tool().input_schema.as_value();
    /// assert_eq!(schema["required"], serde_json::json!(["text", "limit"]));
    /// ```
    pub fn schema_dialect(mut self, dialect: SchemaDialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// Adds scopes that a caller needs, all of them. In `repo:{owner}`, the value of an argument
    /// is a part of the scope.
    ///
    /// Over HTTP, a caller without them is refused with 403 and the names of all scopes before the
    /// handler runs, and lists do not show the route. Over other transports, scopes are checked if
    /// [`ServerBuilder::local_principal`](crate::ServerBuilder::local_principal) is set.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use mcp_server::extract::Args;
    /// use mcp_server::tool::ToolRoute;
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Push {
    ///     owner: String,
    /// }
    ///
    /// // A push to a repository of `acme` needs `push` and `repo:acme`.
    /// let push = ToolRoute::builder("push")
    ///     .scopes(["push", "repo:{owner}"])
    ///     .handler(|Args(Push { owner }): Args<Push>| async move { format!("pushed to {owner}") });
    /// ```
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes.extend(scopes);
        self
    }

    /// Sets the schema of the arguments. With [`Args<T>`](crate::extract::Args), it is derived from
    /// `T` instead.
    ///
    /// [`decode`](super::decode), and therefore `Args<T>`, validates the arguments against it.
    /// Keywords that derived schemas do not use are ignored.
    ///
    /// ```
    /// use mcp_server::tool::{ToolCall, ToolRoute};
    /// use mcp_server::types::{CallToolResult, Schema};
    /// use serde_json::json;
    ///
    /// // A schema that is known at run time only, such as that of a table.
    /// let schema = Schema::try_from(json!({
    ///     "type": "object",
    ///     "properties": { "email": { "type": "string" } },
    ///     "required": ["email"],
    /// }))?;
    /// let insert = ToolRoute::builder("insert").input_schema(schema).raw(|call: ToolCall| {
    ///     Box::pin(async move { Ok(CallToolResult::text(format!("inserted {:?}", call.arguments()))) })
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn input_schema(mut self, schema: Schema) -> Self {
        self.input = Input::Set(schema);
        self
    }

    /// Sets the schema of the structured content. With [`Structured<T>`](super::Structured), it is
    /// derived from `T` instead.
    ///
    /// Every result is validated against it; keywords that derived schemas do not use are ignored.
    /// A result that does not match is answered with −32603, and the reason is logged.
    ///
    /// ```
    /// use mcp_server::tool::ToolRoute;
    /// use mcp_server::types::{CallToolResult, Schema};
    /// use serde_json::json;
    ///
    /// let schema = Schema::try_from(json!({
    ///     "type": "object",
    ///     "properties": { "rows": { "type": "integer" } },
    ///     "required": ["rows"],
    /// }))?;
    /// let count = ToolRoute::builder("count")
    ///     .output_schema(schema)
    ///     .handler(|| async { CallToolResult::structured(&json!({ "rows": 7 })).unwrap_or_default() });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn output_schema(mut self, schema: Schema) -> Self {
        self.tool.output_schema = Some(schema);
        self
    }

    /// Sets the function that derives the schema of a struct of arguments. `is_standard`: all its
    /// fields have types of the standard library.
    #[doc(hidden)]
    pub fn derived_input_schema(mut self, derive: fn() -> Schema, is_standard: bool) -> Self {
        self.input = if is_standard { Input::Standard(derive) } else { Input::Derived(derive()) };
        self
    }

    /// Sets the function that derives the schema of the results from their type.
    #[doc(hidden)]
    pub fn derived_output_schema(mut self, derive: fn() -> Option<Schema>) -> Self {
        self.derive_output = Some(derive);
        self
    }

    /// Adds what an argument of the handler needs of the server.
    #[doc(hidden)]
    pub fn takes<T: FromContext>(mut self) -> Self {
        T::needs(&mut self.wiring.needs);
        self
    }

    /// Sets the handler, an async function whose arguments are [extractors](crate::extract). If it
    /// takes [`Args<T>`](crate::extract::Args), the input schema is derived from `T`, unless it has
    /// been set.
    ///
    /// ```
    /// use mcp_server::extract::{Args, State};
    /// use mcp_server::tool::ToolRoute;
    /// use mcp_server::{Context, Server};
    ///
    /// struct Index(Vec<&'static str>);
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Search {
    ///     text: String,
    /// }
    ///
    /// async fn search(ctx: Context, index: State<Index>, Args(search): Args<Search>) -> String {
    ///     ctx.progress(1, 1).await;
    ///     format!("{} of {}", search.text, index.0.len())
    /// }
    ///
    /// let server = Server::builder("archive", "1.0.0")
    ///     .state(Index(vec!["Emma", "Dune"]))
    ///     .tool(ToolRoute::builder("search").handler(search));
    /// # server.build().unwrap();
    /// ```
    pub fn handler<M, H>(mut self, handler: H) -> ToolRoute
    where
        H: Handler<ToolCall, M>,
        H::Output: IntoToolResult,
        M: super::schema::Described,
    {
        if !matches!(self.input, Input::Set(_))
            && let Some(schema) = M::input_schema()
        {
            self.input = Input::Derived(schema);
        }
        self.derive_output.get_or_insert(H::Output::output_schema);
        H::needs(&mut self.wiring.needs);
        self.raw(move |call| match handler.run(&call) {
            Ok(running) => Box::pin(async move { running.await.into_tool_result() }),
            Err(rejection) => Box::pin(std::future::ready(call.refuse(rejection))),
        })
    }

    /// Sets a handler that receives the call itself. [`decode`](super::decode) decodes the
    /// arguments and validates them against the input schema.
    ///
    /// ```
    /// use mcp_server::tool::{ToolCall, ToolRoute};
    /// use mcp_server::types::CallToolResult;
    ///
    /// // A gateway, which passes the arguments on as they are.
    /// let forward = ToolRoute::builder("forward").raw(|call: ToolCall| {
    ///     Box::pin(async move {
    ///         let body: &[u8] = call.arguments().as_bytes();
    ///         Ok(CallToolResult::text(format!("forwarded {} bytes", body.len())))
    ///     })
    /// });
    /// ```
    pub fn raw(
        self,
        handler: impl Fn(ToolCall) -> ToolFuture + Send + Sync + 'static,
    ) -> ToolRoute {
        self.boxed(Box::new(handler))
    }

    /// Not generic, so that it is compiled once, and not for each tool.
    fn boxed(self, handler: BoxHandler) -> ToolRoute {
        #[cfg(feature = "tasks")]
        let task = self.task;
        let (mut tool, input, derive_output) = (self.tool, self.input, self.derive_output);
        let (headers, input) = match input {
            Input::Set(schema) => {
                let outline = Outline::of(&schema);
                let schema = complete(schema, outline);
                (
                    mirrored_arguments(&schema, outline),
                    LazyCheck::new(schema, SchemaCheck::of_arguments),
                )
            }
            Input::Derived(schema) => (
                mirrored_arguments(&schema, Outline::of(&schema)),
                LazyCheck::new(schema, SchemaCheck::of_typed_arguments),
            ),
            Input::Standard(derive) => (
                Ok(Vec::new()),
                LazyCheck::new(LazySchema::derived(derive), SchemaCheck::of_typed_arguments),
            ),
        };
        let output = match tool.output_schema.take() {
            Some(schema) => Output::set(schema),
            None => Output::derived(derive_output.unwrap_or(|| None)),
        };
        ToolRoute {
            bare: tool,
            tool: OnceLock::new(),
            headers,
            input: Arc::new(input),
            output,
            dialect: RouteDialect::new(self.dialect),
            scopes: self.scopes,
            wiring: self.wiring,
            handler,
            #[cfg(feature = "tasks")]
            task,
        }
    }
}
