//! Tools. Spec: server/tools.

use serde::Serialize;

use super::task_2025::TaskMetadata;
use super::{CacheScope, ClientCapabilities, Content, Icon, InputResponses, Schema};
use crate::json::{Millis, RawJson, object, string_enum};
use crate::meta::{Meta, REQUIRED_CAPABILITIES};

object! {
    /// A tool as it appears in a list. All revisions.
    pub struct Tool {
        /// The programmatic name: at most 128 letters, digits, `_`, `-` and `.`.
        name: String = "name",
        /// The schema of the arguments. Its root is an object.
        input_schema: Schema = "inputSchema",
        /// The display name. Since 2025-06-18.
        title?: String = "title",
        /// A description for the model.
        description?: String = "description",
        /// The schema of the structured result. Since 2025-06-18; any schema since 2026-07-28.
        output_schema?: Schema = "outputSchema",
        /// Hints on the tool's behaviour. Since 2025-03-26.
        annotations?: ToolAnnotations = "annotations",
        /// Icons. Since 2025-11-25.
        icons?: Vec<Icon> = "icons",
        /// How the tool is run. 2025-11-25 only.
        execution?: ToolExecution = "execution",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// Hints on a tool's behaviour. A client must not trust them unless it trusts the server. Since
    /// 2025-03-26.
    pub struct ToolAnnotations {
        /// The display name.
        title?: String = "title",
        /// The tool does not modify its environment. Default: false.
        read_only_hint?: bool = "readOnlyHint",
        /// The tool may perform destructive updates, if it modifies anything. Default: true.
        destructive_hint?: bool = "destructiveHint",
        /// Repeating a call with the same arguments has no further effect. Default: false.
        idempotent_hint?: bool = "idempotentHint",
        /// The tool interacts with external systems. Default: true.
        open_world_hint?: bool = "openWorldHint",
    }

    /// How a tool is run. 2025-11-25 only.
    pub struct ToolExecution {
        /// Whether a call may run as a task.
        task_support?: TaskSupport = "taskSupport",
    }

    /// Result of `tools/list`. All revisions.
    pub struct ListToolsResult ignore "resultType" {
        /// The tools of this page.
        tools: Vec<Tool> = "tools",
        /// The cursor of the next page. Absent on the last page.
        next_cursor?: String = "nextCursor",
        /// Time for which the result is fresh, in milliseconds. Since 2026-07-28.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share the cached result. Since 2026-07-28.
        cache_scope?: CacheScope = "cacheScope",
        /// Identifies the whole list, the same on all of its pages. Draft of the next revision.
        digest?: String = "digest",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `tools/call`. All revisions.
    pub struct CallToolParams {
        /// The name of the tool.
        name: String = "name",
        /// The arguments, an object.
        arguments??: RawJson = "arguments",
        /// The answers to the input requests of the previous round. Since 2026-07-28.
        input_responses?: InputResponses = "inputResponses",
        /// The `request_state` of the previous round, unchanged. Since 2026-07-28.
        request_state?: String = "requestState",
        /// Set to run the request as a task. 2025-11-25 only.
        task?: TaskMetadata = "task",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `tools/call`. All revisions.
    ///
    /// ```
    /// use mcp_core::types::CallToolResult;
    ///
    /// let result = CallToolResult::structured(&serde_json::json!({ "celsius": 22 }))?;
    /// assert_eq!(result.content[0].as_text(), Some(r#"{"celsius":22}"#));
    /// assert!(CallToolResult::error("no such city").failed());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct CallToolResult ignore "resultType" {
        /// The unstructured result.
        content[]: Vec<Content> = "content",
        /// The structured result. Since 2025-06-18 an object; since 2026-07-28 any JSON value, null
        /// included.
        structured_content??: RawJson = "structuredContent",
        /// Whether the tool failed.
        is_error?: bool = "isError",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

string_enum! {
    /// Whether a call may run as a task. 2025-11-25 only.
    pub enum TaskSupport {
        /// A call must not run as a task. The default.
        Forbidden = "forbidden",
        /// A call may run as a task.
        Optional = "optional",
        /// A call must run as a task.
        Required = "required",
        _ => Other,
    }
}

impl Tool {
    /// Returns the name to display: `title`, or else the title of the annotations, or else `name`.
    ///
    /// ```
    /// use mcp_core::types::{Schema, Tool};
    ///
    /// let tool = Tool::new("delete_note", Schema::empty_object()).title("Delete a note");
    /// assert_eq!(tool.display_name(), "Delete a note");
    /// ```
    #[must_use]
    pub fn display_name(&self) -> &str {
        let annotated = || self.annotations.as_ref()?.title.as_deref();
        self.title.as_deref().or_else(annotated).unwrap_or(&self.name)
    }

    /// Returns the capabilities of the client that the tool cannot do without, or `None` if it
    /// states none. Draft of the next revision, which places them in the `_meta` of the tool.
    ///
    /// A client should not offer its model a tool whose requirements it does not meet. They are a
    /// hint: the server checks the capabilities of each call. Malformed ones count as absent.
    ///
    /// ```
    /// use mcp_core::types::Tool;
    ///
    /// let tool: Tool = serde_json::from_str(
    ///     r#"{"name":"ask","inputSchema":{"type":"object"},"_meta":{
    ///         "io.modelcontextprotocol/requiredCapabilities":{"elicitation":{}}}}"#,
    /// )?;
    /// assert!(tool.required_capabilities().is_some_and(|needs| needs.elicitation.is_some()));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn required_capabilities(&self) -> Option<ClientCapabilities> {
        self.meta.as_ref()?.read(REQUIRED_CAPABILITIES)
    }
}

impl CallToolResult {
    /// Creates a result with one text block.
    ///
    /// ```
    /// use mcp_core::types::CallToolResult;
    ///
    /// let result = CallToolResult::text("22 °C");
    /// assert_eq!(result.content[0].as_text(), Some("22 °C"));
    /// ```
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new().content([Content::text(text)])
    }

    /// Creates the result of a tool that failed. The model sees the text.
    ///
    /// ```
    /// use mcp_core::types::CallToolResult;
    ///
    /// // The model reads what to do instead.
    /// let result = CallToolResult::error("there is no city Bregen; did you mean Bergen?");
    /// assert!(result.failed());
    /// ```
    #[must_use]
    pub fn error(text: impl Into<String>) -> Self {
        Self::text(text).is_error(true)
    }

    /// Creates a structured result. Its JSON is repeated as text for clients that do not read
    /// structured results.
    ///
    /// ```
    /// use mcp_core::types::CallToolResult;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Weather {
    ///     celsius: f64,
    /// }
    ///
    /// let result = CallToolResult::structured(&Weather { celsius: 21.5 })?;
    /// assert_eq!(result.content[0].as_text(), Some(r#"{"celsius":21.5}"#));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the value cannot be serialized.
    pub fn structured(value: &(impl Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        let structured = RawJson::new(value)?;
        Ok(Self::text(structured.get()).structured_content(structured))
    }

    /// Whether the tool failed.
    ///
    /// ```
    /// use mcp_core::types::CallToolResult;
    ///
    /// fn style(result: &CallToolResult) -> &'static str {
    ///     if result.failed() { "red" } else { "green" }
    /// }
    ///
    /// assert_eq!(style(&CallToolResult::text("done")), "green"); // `is_error` is `None`.
    /// ```
    #[must_use]
    pub fn failed(&self) -> bool {
        self.is_error == Some(true)
    }
}

impl From<Content> for CallToolResult {
    fn from(content: Content) -> Self {
        Self::new().content([content])
    }
}

impl From<Vec<Content>> for CallToolResult {
    fn from(content: Vec<Content>) -> Self {
        Self::new().content(content)
    }
}
