//! A tool and its handler.

use std::fmt;
use std::sync::{Arc, OnceLock};
#[cfg(feature = "tasks")]
use std::time::Duration;

use mcp_core::http::ParamHeader;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::meta::Meta;
use mcp_core::revision::StructuredContent;
use mcp_core::types::{CallToolResult, Icon, Schema, Tool, ToolAnnotations};
#[cfg(feature = "tasks")]
use mcp_core::types::{TaskSupport, ToolExecution};

use super::dialect::{RouteDialect, WrittenSchemas, complete};
use super::header_argument::mirrored_arguments;
use super::output::Output;
use super::{IntoToolResult, ToolCall};
use crate::auth::RouteScopes;
use crate::context::{Context, HandlerFuture};
use crate::dialect::{SchemaDialect, ServerDialect};
use crate::error::BuildError;
use crate::extract::FromContext;
use crate::handler::Handler;
use crate::schema::{LazyCheck, LazySchema, Outline, SchemaCheck};
#[cfg(feature = "tasks")]
use crate::task::Recovery;
use crate::wire::wrap_structured;
use crate::wiring::Wiring;

/// The future of one tool call.
pub type ToolFuture = HandlerFuture<CallToolResult>;

/// A tool to register: its description for `tools/list`, and its handler.
///
/// The `#[tool]` macro creates one, and so does [`ToolRoute::builder`].
pub struct ToolRoute {
    /// The tool without its schemas.
    bare: Tool,
    /// The tool with its schemas, if [`ToolRoute::tool`] was called.
    tool: OnceLock<Box<Tool>>,
    /// The arguments that HTTP clients mirror in headers, or why the input schema is refused.
    pub(crate) headers: Result<Vec<ParamHeader>, String>,
    /// Checks what the type of the arguments does not enforce.
    pub(super) input: Arc<LazyCheck>,
    output: Output,
    pub(super) dialect: RouteDialect,
    pub(crate) scopes: RouteScopes,
    pub(crate) wiring: Wiring,
    handler: BoxHandler,
    #[cfg(feature = "tasks")]
    task: Option<TaskSettings>,
}

/// How a tool runs as a task.
#[cfg(feature = "tasks")]
#[derive(Debug, Clone)]
struct TaskSettings {
    support: TaskSupport,
    ttl: Option<Duration>,
    recovery: Recovery,
}

type BoxHandler = Box<dyn Fn(ToolCall) -> ToolFuture + Send + Sync>;

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

    /// Returns the tool as `tools/list` shows it, in its own dialect. That of a server applies from
    /// the registration on.
    #[must_use]
    pub fn tool(&self) -> &Tool {
        match self.tool.get() {
            Some(tool) => tool,
            None => {
                // Described outside of the cell, because it may run code of the user.
                let tool = Box::new(self.describe());
                self.tool.get_or_init(|| tool)
            }
        }
    }

    /// Returns what the tool says of its behaviour.
    pub(crate) fn annotations(&self) -> Option<&ToolAnnotations> {
        self.bare.annotations.as_ref()
    }

    /// Returns a copy of the tool as `tools/list` shows it. Schemas that are not known are derived.
    pub(crate) fn describe(&self) -> Tool {
        let mut tool = self.bare.clone();
        (tool.input_schema, tool.output_schema) = match self.dialect.listed(&self.schemas()) {
            Some(listed) => (listed.input.clone(), listed.output.clone()),
            None => self.schemas().written(),
        };
        #[cfg(feature = "tasks")]
        if let Some(task) = &self.task {
            tool.execution = Some(ToolExecution::new().task_support(task.support.clone()));
        }
        tool
    }

    /// Validates a result, and adapts it to the revision of the call.
    ///
    /// # Errors
    /// Those of [`check_result`](Self::check_result).
    pub(crate) fn finish(
        &self,
        context: &Context,
        result: &mut CallToolResult,
    ) -> Result<(), ErrorObject> {
        self.check_result(result)?;
        if context.rules().structured_content == StructuredContent::Object && self.wraps() {
            wrap_structured(result);
        }
        Ok(())
    }

    pub(crate) fn name(&self) -> &str {
        &self.bare.name
    }

    /// Whether the structured result is not an object, and must be wrapped for revisions that allow
    /// only objects.
    fn wraps(&self) -> bool {
        self.output.get().is_some_and(|output| output.wraps)
    }

    pub(crate) fn call(&self, context: Context, arguments: JsonBytes) -> ToolFuture {
        (self.handler)(ToolCall::new(context, arguments, Arc::clone(&self.input)))
    }

    /// Shares the dialect of the server.
    pub(crate) fn join(&mut self, server: &Arc<OnceLock<ServerDialect>>) {
        self.dialect.join(server);
        self.tool.take();
    }

    /// Checks that the schemas have a form in the dialect. As written, nothing is derived.
    ///
    /// # Errors
    /// The first schema that has none.
    pub(crate) fn check_dialect(&self) -> Result<(), BuildError> {
        self.dialect.check(self.name(), &self.schemas())
    }

    /// Returns the input schema as `tools/list` shows it.
    pub(crate) fn listed_input(&self) -> Schema {
        match self.dialect.listed(&self.schemas()) {
            Some(listed) => listed.input.clone(),
            None => self.input.schema().clone(),
        }
    }

    fn schemas(&self) -> WrittenSchemas<'_> {
        WrittenSchemas { input: &self.input, output: &self.output }
    }
}

#[cfg(feature = "tasks")]
impl ToolRoute {
    /// Whether the tool runs as a task; `None` if that was not set.
    pub(crate) fn task_support(&self) -> Option<&TaskSupport> {
        self.task.as_ref().map(|task| &task.support)
    }

    pub(crate) fn task_ttl(&self) -> Option<Duration> {
        self.task.as_ref()?.ttl
    }

    pub(crate) fn recovery(&self) -> Recovery {
        self.task.as_ref().map_or(Recovery::Resume, |task| task.recovery)
    }
}

impl ToolRoute {
    /// Validates a result against the output schema (TOOL-5).
    ///
    /// A schema that was derived from the type of the result holds for all its values, so only a
    /// schema that was set explicitly is checked.
    ///
    /// # Errors
    /// −32603, with the reason in the log: the client cannot correct the tool.
    fn check_result(&self, result: &CallToolResult) -> Result<(), ErrorObject> {
        if result.is_error == Some(true) {
            return Ok(());
        }
        let Some(output) = self.output.get() else { return Ok(()) };
        let Some(content) = &result.structured_content else {
            return Err(self.bad_result(
                "the tool has an output schema, so its result must have structured content",
            ));
        };
        let schema = output.check.as_ref().map(LazyCheck::get).filter(|schema| schema.is_needed());
        let Some(schema) = schema else { return Ok(()) };
        match schema.violations(content.get()).first() {
            None => Ok(()),
            Some(first) => Err(self.bad_result(&format!("structuredContent{first}"))),
        }
    }

    #[cold]
    fn bad_result(&self, problem: &str) -> ErrorObject {
        let name = self.name();
        let problem = format_args!("tool {name:?}: {problem}");
        crate::error::internal("validating a result against its output schema", &problem)
    }
}

impl fmt::Debug for ToolRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolRoute").field("name", &self.bare.name).finish_non_exhaustive()
    }
}

/// Builds a [`ToolRoute`]. [`ToolRoute::builder`] creates it.
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
    task: Option<TaskSettings>,
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
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.tool.title = Some(title.into());
        self
    }

    /// Sets the description, which tells the model what the tool does.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.tool.description = Some(description.into());
        self
    }

    /// Sets the hint that the tool does not modify its environment. Clients assume false.
    pub fn read_only(self, hint: bool) -> Self {
        self.hint(|hints| hints.read_only_hint = Some(hint))
    }

    /// Sets the hint that the tool may perform destructive updates. Clients assume true.
    pub fn destructive(self, hint: bool) -> Self {
        self.hint(|hints| hints.destructive_hint = Some(hint))
    }

    /// Sets the hint that repeated calls with the same arguments have no additional effect. Clients
    /// assume false.
    pub fn idempotent(self, hint: bool) -> Self {
        self.hint(|hints| hints.idempotent_hint = Some(hint))
    }

    /// Sets the hint that the tool interacts with external systems. Clients assume true.
    pub fn open_world(self, hint: bool) -> Self {
        self.hint(|hints| hints.open_world_hint = Some(hint))
    }

    fn hint(mut self, set: impl FnOnce(&mut ToolAnnotations)) -> Self {
        set(self.tool.annotations.get_or_insert_with(ToolAnnotations::new));
        self
    }

    /// Sets the icons.
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        self.tool.icons = Some(icons.into());
        self
    }

    /// Sets the `_meta` of the tool in lists.
    pub fn meta(mut self, meta: Meta) -> Self {
        self.tool.meta = Some(meta);
        self
    }

    /// Sets the [dialect](SchemaDialect) of the tool's schemas. Default: that of the server, see
    /// [`ServerBuilder::schema_dialect`](crate::ServerBuilder::schema_dialect).
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
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes.extend(scopes);
        self
    }

    /// Sets whether the tool runs as a [task](crate::task). Default: it runs in its request, and
    /// becomes a task only with [`Context::into_task`].
    ///
    /// `Optional` runs it as a task for clients that support tasks, and in its request for others.
    /// `Required` refuses others.
    #[cfg(feature = "tasks")]
    pub fn task(self, support: TaskSupport) -> Self {
        self.task_setting(|task| task.support = support)
    }

    /// Sets the time from its creation for which a task of this tool is kept. Default:
    /// [`TaskConfig::ttl`](crate::task::TaskConfig::ttl).
    #[cfg(feature = "tasks")]
    pub fn task_ttl(self, ttl: Duration) -> Self {
        self.task_setting(|task| task.ttl = Some(ttl))
    }

    /// Sets what becomes of a task of this tool that was interrupted. Default: it is resumed.
    #[cfg(feature = "tasks")]
    pub fn recovery(self, recovery: Recovery) -> Self {
        self.task_setting(|task| task.recovery = recovery)
    }

    #[cfg(feature = "tasks")]
    fn task_setting(mut self, set: impl FnOnce(&mut TaskSettings)) -> Self {
        let (support, recovery) = (TaskSupport::Forbidden, Recovery::Resume);
        set(self.task.get_or_insert(TaskSettings { support, ttl: None, recovery }));
        self
    }

    /// Sets the schema of the arguments. With [`Args<T>`](crate::extract::Args), it is derived from
    /// `T` instead.
    ///
    /// [`decode`](super::decode), and therefore `Args<T>`, validates the arguments against it.
    /// Keywords that derived schemas do not use are ignored.
    pub fn input_schema(mut self, schema: Schema) -> Self {
        self.input = Input::Set(schema);
        self
    }

    /// Sets the schema of the structured content. With [`Structured<T>`](super::Structured), it is
    /// derived from `T` instead.
    ///
    /// Every result is validated against it; keywords that derived schemas do not use are ignored.
    /// A result that does not match is answered with −32603, and the reason is logged (TOOL-5).
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
