//! Structured results, checked against the schemas that the server listed.

use mcp_core::json::JsonBytes;
use mcp_core::method::{Method as _, ToolsList};

use super::handle::Client;
use crate::error::Error;

impl Client {
    /// Whether the user wants structured results checked.
    pub(crate) fn checks_output(&self) -> bool {
        self.output_schemas().is_some()
    }

    /// Remembers the output schemas of a page of tools.
    pub(crate) fn learn_output_schemas(&self, method: &str, page: &JsonBytes) {
        if let Some(schemas) = self.output_schemas().filter(|_| method == ToolsList::NAME) {
            schemas.learn(page);
        }
    }

    /// Checks the result of a tool whose output schema is known.
    pub(crate) fn check_output(&self, tool: Option<&str>, result: &JsonBytes) -> Result<(), Error> {
        match (self.output_schemas(), tool) {
            (Some(schemas), Some(tool)) => schemas.check(tool, result),
            _ => Ok(()),
        }
    }
}
