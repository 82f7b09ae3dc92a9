//! A tool and its handler.

use std::fmt;
use std::sync::{Arc, OnceLock};
#[cfg(feature = "tasks")]
use std::time::Duration;

use mcp_core::http::ParamHeader;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::StructuredContent;
use mcp_core::types::{CallToolResult, Schema, Tool, ToolAnnotations};
#[cfg(feature = "tasks")]
use mcp_core::types::{TaskSupport, ToolExecution};

use super::ToolCall;
use super::dialect::{RouteDialect, WrittenSchemas};
use super::output::Output;
use crate::auth::RouteScopes;
use crate::context::{Context, HandlerFuture};
use crate::dialect::ServerDialect;
use crate::error::BuildError;
use crate::schema::LazyCheck;
#[cfg(feature = "tasks")]
use crate::task::Recovery;
use crate::wire::wrap_structured;
use crate::wiring::Wiring;

/// The future of one tool call.
pub type ToolFuture = HandlerFuture<CallToolResult>;

/// A tool to register: its description for `tools/list`, and its handler.
///
/// The `#[tool]` macro creates one, and so does [`ToolRoute::builder`].
///
/// ```
/// use mcp_server::Server;
/// use mcp_server::tool::ToolRoute;
///
/// fn ping(host: &'static str) -> ToolRoute {
///     ToolRoute::builder(format!("ping_{host}"))
///         .description(format!("Check whether {host} answers."))
///         .handler(move || async move { format!("{host} is up") })
/// }
///
/// let server = Server::builder("status", "1.0.0").tools([ping("db"), ping("cache")]);
/// # server.build().unwrap();
/// ```
pub struct ToolRoute {
    /// The tool without its schemas.
    pub(super) bare: Tool,
    /// The tool with its schemas, if [`ToolRoute::tool`] was called.
    pub(super) tool: OnceLock<Box<Tool>>,
    /// The arguments that HTTP clients mirror in headers, or why the input schema is refused.
    pub(crate) headers: Result<Vec<ParamHeader>, String>,
    /// Checks what the type of the arguments does not enforce.
    pub(super) input: Arc<LazyCheck>,
    pub(super) output: Output,
    pub(super) dialect: RouteDialect,
    pub(crate) scopes: RouteScopes,
    pub(crate) wiring: Wiring,
    pub(super) handler: BoxHandler,
    #[cfg(feature = "tasks")]
    pub(super) task: Option<TaskSettings>,
}

/// How a tool runs as a task.
#[cfg(feature = "tasks")]
#[derive(Debug, Clone)]
pub(super) struct TaskSettings {
    pub(super) support: TaskSupport,
    pub(super) ttl: Option<Duration>,
    pub(super) recovery: Recovery,
}

pub(super) type BoxHandler = Box<dyn Fn(ToolCall) -> ToolFuture + Send + Sync>;

impl ToolRoute {
    /// Returns the tool as `tools/list` shows it, in its own dialect. That of a server applies from
    /// the registration on.
    ///
    /// ```
    /// # use mcp_server::extract::Args;
    /// # use mcp_server::tool::ToolRoute;
    /// # #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// # struct Search { text: String }
    /// let search = ToolRoute::builder("search")
    ///     .handler(|Args(Search { text }): Args<Search>| async move { format!("nothing about {text}") });
    /// let schema = search.tool().input_schema.as_value();
    /// assert_eq!(schema["properties"]["text"]["type"], "string");
    /// ```
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
