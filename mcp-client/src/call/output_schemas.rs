//! Structured results, checked against the schemas that the server listed (TOOL-5).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::method::{Method as _, ToolsCall};
use mcp_core::sync::Mutex;
use mcp_core::text::PeerText;
use mcp_core::types::{CallToolResult, Schema};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::Error;

/// Checks a value against a JSON Schema.
pub(crate) type OutputValidator =
    Arc<dyn Fn(&Schema, &RawJson) -> Result<(), String> + Send + Sync>;

/// The output schemas of the tools that were listed.
pub(crate) struct OutputSchemas {
    validator: OutputValidator,
    max_bytes: usize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    schemas: HashMap<String, Arc<Schema>>,
    bytes: usize,
}

#[derive(Deserialize)]
struct ListedTool<'a> {
    name: String,
    #[serde(rename = "outputSchema", borrow)]
    schema: Option<&'a RawValue>,
}

impl OutputSchemas {
    pub(crate) fn new(validator: OutputValidator, max_bytes: usize) -> Self {
        Self { validator, max_bytes, known: Mutex::default() }
    }

    /// Remembers the schemas of a page of tools.
    pub(crate) fn learn(&self, page: &JsonBytes) {
        let Ok([Some(tools)]) = page.members(["tools"]) else { return };
        let Ok(tools) = tools.parse::<Vec<ListedTool<'_>>>() else { return };
        let mut known = self.known.lock();
        for ListedTool { name, schema } in tools {
            if let Some(old) = known.schemas.remove(&name) {
                known.bytes -= size(&name, &old);
            }
            let schema = schema.and_then(|schema| serde_json::from_str(schema.get()).ok());
            let Some(schema) = schema.map(Arc::new) else { continue };
            let size = size(&name, &schema);
            if known.bytes + size > self.max_bytes {
                let name = PeerText::new(&name);
                tracing::warn!(
                    tool = %name,
                    "the results of a tool are not checked: Limits::max_output_schema_bytes is \
                     used up"
                );
                continue;
            }
            known.bytes += size;
            known.schemas.insert(name, schema);
        }
    }

    /// Checks the result of a tool.
    pub(crate) fn check(&self, tool: &str, result: &JsonBytes) -> Result<(), Error> {
        let Some(schema) = self.known.lock().schemas.get(tool).cloned() else { return Ok(()) };
        let Ok(reply) = result.parse::<CallToolResult>() else { return Ok(()) };
        if reply.failed() {
            return Ok(());
        }
        let checked = match &reply.structured_content {
            Some(structured) => (self.validator)(&schema, structured),
            None => Err("it has no structuredContent".to_owned()),
        };
        checked.map_err(|reason| {
            let reason = format!(
                "it does not match the outputSchema of the tool \"{}\": {}",
                PeerText::new(tool),
                PeerText::new(&reason)
            );
            Error::invalid_answer(ToolsCall::NAME, reason, result.as_bytes())
        })
    }
}

fn size(name: &str, schema: &Schema) -> usize {
    name.len() + schema.get().len()
}

impl fmt::Debug for OutputSchemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputSchemas").field("known", &self.known.lock().schemas.len()).finish()
    }
}
