//! A call of a tool.

use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::CallToolResult;

use super::translation::Translation;
use crate::context::{Context, HandlerCall};
use crate::extract::{ArgumentErrors, Rejection};
use crate::schema::{LazyCheck, SchemaCheck};

/// A call of a tool.
#[derive(Debug)]
pub struct ToolCall {
    context: Context,
    arguments: JsonBytes,
    schema: Arc<LazyCheck>,
}

impl ToolCall {
    pub(super) fn new(context: Context, arguments: JsonBytes, schema: Arc<LazyCheck>) -> Self {
        Self { context, arguments, schema }
    }

    /// Returns a call in the same context with other arguments.
    pub(super) fn copy_with(&self, arguments: JsonBytes) -> Self {
        let (context, schema) = (self.context.clone(), Arc::clone(&self.schema));
        Self { context, arguments, schema }
    }

    /// Whether the input schema names an argument.
    pub(super) fn declares(&self, argument: &str) -> bool {
        self.schema.schema().as_value()["properties"].get(argument).is_some()
    }

    /// Returns the compiled input schema of the tool.
    pub(super) fn schema(&self) -> &SchemaCheck {
        self.schema.get()
    }

    /// Returns the context of the call.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the arguments, a JSON object in the form of the schema as written. It is empty if
    /// the call has no arguments.
    pub fn arguments(&self) -> &JsonBytes {
        &self.arguments
    }

    /// Returns the answer to a call with invalid arguments: a result that the model sees, or −32602
    /// in revisions up to 2025-06-18. If the client wrote the call in the form of a
    /// [dialect](crate::dialect), the errors name the places in that form.
    ///
    /// # Errors
    /// The protocol error, in those revisions.
    pub fn reject(&self, errors: ArgumentErrors) -> Result<CallToolResult, ErrorObject> {
        let errors = match self.context.call().extensions.get() {
            Some(Translation::Translated(it)) if it.written == self.arguments => {
                it.in_sent_form(&errors)
            }
            _ => errors,
        };
        if self.context.rules().argument_errors_in_result {
            Ok(CallToolResult::error(errors.to_string()))
        } else {
            Err(ErrorObject::invalid_params(errors.to_string()))
        }
    }

    pub(super) fn refuse(&self, rejection: Rejection) -> Result<CallToolResult, ErrorObject> {
        match rejection {
            Rejection::Arguments(errors) => self.reject(errors),
            Rejection::Error(error) => Err(error),
        }
    }
}

impl HandlerCall for ToolCall {
    fn context(&self) -> &Context {
        &self.context
    }
}
