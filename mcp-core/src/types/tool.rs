//! Tools. Spec: server/tools.

use serde::Serialize;

use super::task_2025::TaskMetadata;
use super::{CacheScope, Content, Icon, InputResponses, Schema};
use crate::json::{Millis, RawJson, object, string_enum};
use crate::meta::Meta;

object! {
    /// A tool, as it is listed. All revisions.
    pub struct Tool {
        /// Its name for programs: letters, digits, `_`, `-` and `.`, at most 128 of them.
        name: String = "name",
        /// The arguments it takes; the root is an object.
        input_schema: Schema = "inputSchema",
        /// Its name for people. Since 2025-06-18.
        title?: String = "title",
        /// What it does, for the model.
        description?: String = "description",
        /// Its structured result. Since 2025-06-18; any schema since 2026-07-28.
        output_schema?: Schema = "outputSchema",
        /// Hints on how it behaves. Since 2025-03-26.
        annotations?: ToolAnnotations = "annotations",
        /// Icons. Since 2025-11-25.
        icons?: Vec<Icon> = "icons",
        /// How it is run. 2025-11-25 only.
        execution?: ToolExecution = "execution",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// Hints on how a tool behaves; not to be trusted unless the server is. Since 2025-03-26.
    pub struct ToolAnnotations {
        /// Its name for people.
        title?: String = "title",
        /// It changes nothing. Default: false.
        read_only_hint?: bool = "readOnlyHint",
        /// It may destroy something, if it changes anything. Default: true.
        destructive_hint?: bool = "destructiveHint",
        /// A second call with the same arguments changes nothing more. Default: false.
        idempotent_hint?: bool = "idempotentHint",
        /// It reaches out to the world. Default: true.
        open_world_hint?: bool = "openWorldHint",
    }

    /// How a tool is run. 2025-11-25 only.
    pub struct ToolExecution {
        /// Whether a call can run as a task.
        task_support?: TaskSupport = "taskSupport",
    }

    /// Result of `tools/list`. All revisions.
    pub struct ListToolsResult ignore "resultType" {
        /// The tools of this page.
        tools: Vec<Tool> = "tools",
        /// Where the next page begins; absent on the last one.
        next_cursor?: String = "nextCursor",
        /// For how long the result is fresh, in milliseconds. Since 2026-07-28.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share it. Since 2026-07-28.
        cache_scope?: CacheScope = "cacheScope",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `tools/call`. All revisions.
    pub struct CallToolParams {
        /// Which tool.
        name: String = "name",
        /// Its arguments: an object.
        arguments??: RawJson = "arguments",
        /// Answers to what the server asked in the round before. Since 2026-07-28.
        input_responses?: InputResponses = "inputResponses",
        /// The server's state of the round before, untouched. Since 2026-07-28.
        request_state?: String = "requestState",
        /// Run it as a task. 2025-11-25 only.
        task?: TaskMetadata = "task",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `tools/call`. All revisions.
    pub struct CallToolResult ignore "resultType" {
        /// Unstructured result.
        content[]: Vec<Content> = "content",
        /// Structured result. Since 2025-06-18: an object; since 2026-07-28 any JSON, null included.
        structured_content??: RawJson = "structuredContent",
        /// Whether the tool failed.
        is_error?: bool = "isError",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

string_enum! {
    /// Whether a call can run as a task. 2025-11-25 only.
    pub enum TaskSupport {
        /// It must not; the default.
        Forbidden = "forbidden",
        /// It may.
        Optional = "optional",
        /// It must.
        Required = "required",
        _ => Other,
    }
}

impl Tool {
    /// The name to show: `title`, else that of the annotations, else `name`.
    #[must_use]
    pub fn display_name(&self) -> &str {
        let annotated = || self.annotations.as_ref()?.title.as_deref();
        self.title.as_deref().or_else(annotated).unwrap_or(&self.name)
    }
}

impl CallToolResult {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new().content([Content::text(text)])
    }

    /// The tool failed; the model sees why.
    #[must_use]
    pub fn error(text: impl Into<String>) -> Self {
        Self::text(text).is_error(true)
    }

    /// A structured result, with its JSON as text for clients that know only that.
    ///
    /// # Errors
    /// When the value cannot be serialized.
    pub fn structured(value: &(impl Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        let structured = RawJson::new(value)?;
        Ok(Self::text(structured.get()).structured_content(structured))
    }

    /// Whether the tool failed.
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
