//! The schemas of a tool in a dialect, and its calls.

use std::sync::{Arc, OnceLock};

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{CallToolResult, Schema};

use super::ToolCall;
use super::output::Output;
use crate::dialect::{CallForm, DialectError, SchemaDialect, ServerDialect};
use crate::error::BuildError;
use crate::limits::Limits;
use crate::schema::{LazyCheck, Outline};

/// The schemas of a tool as written. They are derived when they are read.
pub(super) struct WrittenSchemas<'a> {
    pub(super) input: &'a LazyCheck,
    pub(super) output: &'a Output,
}

impl WrittenSchemas<'_> {
    pub(super) fn written(&self) -> (Schema, Option<Schema>) {
        let output = self.output.get().map(|output| output.schema.clone());
        (self.input.schema().clone(), output)
    }
}

/// The schemas of a tool as they are listed.
#[derive(Debug)]
pub(super) struct ListedSchemas {
    pub(super) input: Schema,
    pub(super) output: Option<Schema>,
}

/// The dialect of a tool.
#[derive(Debug, Default)]
pub(super) struct RouteDialect {
    own: Option<SchemaDialect>,
    /// The dialect of the server, when that is built.
    server: Option<Arc<OnceLock<ServerDialect>>>,
    /// Rewritten once: when the server is built, or the tool is added to a server.
    listed: OnceLock<Result<ListedSchemas, Refused>>,
    form: OnceLock<CallForm>,
}

/// The schema that has no form: "input" or "output", and the reason.
type Refused = (&'static str, DialectError);

impl RouteDialect {
    pub(super) fn new(own: Option<SchemaDialect>) -> Self {
        Self { own, ..Self::default() }
    }

    pub(super) fn join(&mut self, server: &Arc<OnceLock<ServerDialect>>) {
        self.server = Some(Arc::clone(server));
    }

    fn settings(&self) -> ServerDialect {
        let server = self.server.as_ref().and_then(|server| server.get()).copied();
        let server = server.unwrap_or(ServerDialect {
            dialect: SchemaDialect::AsWritten,
            max_bytes: Limits::new().max_dialect_schema_bytes,
        });
        ServerDialect { dialect: self.own.unwrap_or(server.dialect), ..server }
    }

    pub(super) fn is_as_written(&self) -> bool {
        match self.own {
            Some(own) => own == SchemaDialect::AsWritten,
            None => self.settings().dialect == SchemaDialect::AsWritten,
        }
    }

    /// Returns the listed schemas, unless they are those as written.
    pub(super) fn listed(&self, written: &WrittenSchemas<'_>) -> Option<&ListedSchemas> {
        // The build has refused a schema without a form.
        self.rewritten(written)?.as_ref().ok()
    }

    fn rewritten(&self, written: &WrittenSchemas<'_>) -> Option<&Result<ListedSchemas, Refused>> {
        let ServerDialect { dialect, max_bytes } = self.settings();
        if dialect == SchemaDialect::AsWritten {
            return None;
        }
        if let Some(known) = self.listed.get() {
            return Some(known);
        }
        // Outside of the cell, because deriving a schema may run code of the user.
        let (input, output) = written.written();
        let rewrite = || {
            let input = dialect.input_schema(&input, max_bytes).map_err(|it| ("input", it))?;
            let output = output.map(|it| dialect.output_schema(&it, max_bytes)).transpose();
            let output = output.map_err(|error| ("output", error))?;
            Ok(ListedSchemas { input, output })
        };
        let rewritten = rewrite();
        Some(self.listed.get_or_init(|| rewritten))
    }

    /// Checks that the schemas have a form in the dialect.
    pub(super) fn check(&self, tool: &str, written: &WrittenSchemas<'_>) -> Result<(), BuildError> {
        let Some(Err((schema, error))) = self.rewritten(written) else { return Ok(()) };
        let (tool, dialect) = (tool.to_owned(), self.settings().dialect);
        Err(BuildError::Dialect { tool, schema, dialect, error: error.clone() })
    }

    /// Translates the arguments of a call, which are in the form of the dialect or as written.
    ///
    /// # Errors
    /// The answer to the call, if the arguments cannot be translated.
    pub(super) fn translate(
        &self,
        call: ToolCall,
        written: &Schema,
    ) -> Result<ToolCall, Result<CallToolResult, ErrorObject>> {
        let form = self.form.get_or_init(|| CallForm::new(written));
        let limits = &call.context().call().environment.limits.connection;
        match form.translate(call.arguments().as_str(), limits) {
            Ok(None) => Ok(call),
            Ok(Some(arguments)) => match JsonBytes::new(&arguments) {
                Ok(arguments) => Ok(call.with_arguments(arguments)),
                Err(error) => Err(Err(crate::error::internal("translating arguments", &error))),
            },
            Err(errors) => Err(call.reject(errors)),
        }
    }
}

/// Adds `properties` and `required` to the text of an input schema without them: some hosts refuse
/// a schema that lacks them.
pub(super) fn complete(schema: Schema, outline: Outline) -> Schema {
    let text = schema.get();
    if !outline.is_object || outline.has_properties && outline.has_required {
        return schema;
    }
    let Some(open) = text.trim_end().strip_suffix('}') else { return schema };
    let properties = if outline.has_properties { "" } else { r#","properties":{}"# };
    let required = if outline.has_required { "" } else { r#","required":[]"# };
    let text = format!("{open}{properties}{required}}}");
    let completed = serde_json::from_str::<RawJson>(&text).ok().map(Schema::try_from);
    completed.and_then(Result::ok).unwrap_or(schema)
}
