//! A tool and the handler behind it.

use std::fmt;
use std::sync::Arc;

use mcp_core::http::{BadAnnotation, ParamHeader, param_headers};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::meta::Meta;
use mcp_core::types::{CallToolResult, Icon, Schema, Tool, ToolAnnotations};

use super::{IntoToolResult, ToolCall};
use crate::context::{Context, HandlerFuture};
use crate::handler::Handler;
use crate::schema::SchemaCheck;

/// The future of one call of a tool.
pub type ToolFuture = HandlerFuture<CallToolResult>;

/// A tool that can be registered: what is listed, and what runs.
///
/// The `#[tool]` macro writes one; so can you, see [`ToolRoute::builder`].
pub struct ToolRoute {
    pub(crate) tool: Tool,
    /// Its structured result is no object, and is wrapped for revisions that know only objects.
    pub(crate) wraps: bool,
    /// The arguments that HTTP clients mirror in header fields, or what is wrong with their
    /// annotations.
    pub(crate) headers: Result<Vec<ParamHeader>, BadAnnotation>,
    /// The input schema, for what the type of the arguments does not enforce.
    input: Arc<SchemaCheck>,
    /// The output schema, if it was given and says anything.
    output: Option<SchemaCheck>,
    handler: Box<dyn Fn(ToolCall) -> ToolFuture + Send + Sync>,
}

impl ToolRoute {
    /// Begins a tool: a name of 1 to 128 letters, digits, `_`, `-` and `.`, unique in the server.
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
    pub fn builder(name: impl Into<String>) -> ToolBuilder {
        ToolBuilder {
            tool: Tool::new(name, Schema::empty_object()),
            input_is_derived: true,
            output_is_derived: true,
        }
    }

    /// The tool as it is listed.
    #[must_use]
    pub fn tool(&self) -> &Tool {
        &self.tool
    }

    pub(crate) fn call(&self, context: Context, arguments: JsonBytes) -> ToolFuture {
        (self.handler)(ToolCall::new(context, arguments, Arc::clone(&self.input)))
    }
}

impl ToolRoute {
    /// Holds a result against the output schema (TOOL-5).
    ///
    /// A schema that was derived from the type of the result holds for every value of it, so only
    /// one that was given is looked at.
    ///
    /// # Errors
    /// −32603, with the reason in the log: the client cannot repair what the tool does.
    pub(crate) fn check_result(&self, result: &CallToolResult) -> Result<(), ErrorObject> {
        if self.tool.output_schema.is_none() || result.is_error == Some(true) {
            return Ok(());
        }
        let Some(content) = &result.structured_content else {
            return Err(self.bad_result(
                "the tool has an output schema, so its result needs structured content",
            ));
        };
        let violations = match &self.output {
            Some(schema) => schema.violations(content.get().as_bytes()),
            None => return Ok(()),
        };
        match violations.first() {
            None => Ok(()),
            Some(first) => Err(self.bad_result(&format!("structuredContent{first}"))),
        }
    }

    #[cold]
    fn bad_result(&self, problem: &str) -> ErrorObject {
        let name = &self.tool.name;
        let problem = format_args!("tool {name:?}: {problem}");
        crate::error::internal("holding a result against its output schema", &problem)
    }
}

impl fmt::Debug for ToolRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolRoute").field("tool", &self.tool).finish_non_exhaustive()
    }
}

/// A tool in the making.
#[derive(Debug)]
#[must_use = "a tool needs a handler"]
pub struct ToolBuilder {
    tool: Tool,
    /// Whether the type of the arguments enforces the shape of the input schema.
    input_is_derived: bool,
    /// Whether every value of the type of the results fits the output schema.
    output_is_derived: bool,
}

impl ToolBuilder {
    /// The name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.tool.title = Some(title.into());
        self
    }

    /// What the tool does, for the model.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.tool.description = Some(description.into());
        self
    }

    /// Hint: it changes nothing. Clients assume that it does.
    pub fn read_only(self, hint: bool) -> Self {
        self.hint(|hints| hints.read_only_hint = Some(hint))
    }

    /// Hint: what it changes may be lost. Clients assume so.
    pub fn destructive(self, hint: bool) -> Self {
        self.hint(|hints| hints.destructive_hint = Some(hint))
    }

    /// Hint: a second call with the same arguments changes nothing more. Clients assume that it
    /// does.
    pub fn idempotent(self, hint: bool) -> Self {
        self.hint(|hints| hints.idempotent_hint = Some(hint))
    }

    /// Hint: it reaches out to a world that it does not control. Clients assume so.
    pub fn open_world(self, hint: bool) -> Self {
        self.hint(|hints| hints.open_world_hint = Some(hint))
    }

    fn hint(mut self, set: impl FnOnce(&mut ToolAnnotations)) -> Self {
        set(self.tool.annotations.get_or_insert_with(ToolAnnotations::new));
        self
    }

    /// Icons.
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        self.tool.icons = Some(icons.into());
        self
    }

    /// The `_meta` of the tool in lists.
    pub fn meta(mut self, meta: Meta) -> Self {
        self.tool.meta = Some(meta);
        self
    }

    /// The schema of the arguments, for arguments whose schema is not that of a type: with
    /// [`Args<T>`](crate::extract::Args) it is derived from `T`.
    ///
    /// [`decode`](super::decode), and so `Args<T>`, holds the arguments against all of it, as far as
    /// the keywords go that derived schemas use.
    pub fn input_schema(mut self, schema: Schema) -> Self {
        self.tool.input_schema = schema;
        self.input_is_derived = false;
        self
    }

    /// The schema of the structured result, for results whose type has none.
    ///
    /// Every result is held against it, as far as the keywords go that derived schemas use: one
    /// that does not fit is −32603, with the reason in the log (TOOL-5).
    pub fn output_schema(mut self, schema: Schema) -> Self {
        self.tool.output_schema = Some(schema);
        self.output_is_derived = false;
        self
    }

    /// The schema that was derived from the type which decodes the arguments.
    #[doc(hidden)]
    pub fn derived_input_schema(mut self, schema: Schema) -> Self {
        self.tool.input_schema = schema;
        self
    }

    /// The schema that was derived from the type of the results.
    #[doc(hidden)]
    pub fn derived_output_schema(mut self, schema: Schema) -> Self {
        self.tool.output_schema = Some(schema);
        self
    }

    /// The handler: an async function over [extractors](crate::extract). Where it takes
    /// [`Args<T>`](crate::extract::Args), the schema of `T` becomes the tool's, unless one is set.
    pub fn handler<M, H>(mut self, handler: H) -> ToolRoute
    where
        H: Handler<ToolCall, M>,
        H::Output: IntoToolResult,
        M: super::schema::Described,
    {
        if self.tool.input_schema == Schema::empty_object()
            && let Some(schema) = M::input_schema()
        {
            self.tool.input_schema = schema;
        }
        if self.tool.output_schema.is_none() {
            self.tool.output_schema = H::Output::output_schema();
        }
        self.raw(move |call| match handler.run(&call) {
            Ok(running) => Box::pin(async move { running.await.into_tool_result() }),
            Err(rejection) => Box::pin(std::future::ready(call.refuse(rejection))),
        })
    }

    /// The handler in its barest form. It gets the arguments as they came:
    /// [`decode`](super::decode) reads them and holds them against the input schema.
    pub fn raw(
        self,
        handler: impl Fn(ToolCall) -> ToolFuture + Send + Sync + 'static,
    ) -> ToolRoute {
        let wraps = self.tool.output_schema.as_ref().is_some_and(crate::wire::wraps);
        let headers = param_headers(&self.tool.input_schema.as_value());
        let input = match self.input_is_derived {
            true => SchemaCheck::of_typed_arguments(&self.tool.input_schema),
            false => SchemaCheck::of_arguments(&self.tool.input_schema),
        };
        let output = (self.tool.output_schema.as_ref())
            .filter(|_| !self.output_is_derived)
            .map(SchemaCheck::of_result)
            .filter(SchemaCheck::is_needed);
        let input = Arc::new(input);
        ToolRoute { tool: self.tool, wraps, headers, input, output, handler: Box::new(handler) }
    }
}
