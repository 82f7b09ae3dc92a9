//! The schemas of a tool in a dialect, and its calls.

use std::sync::{Arc, OnceLock};

use mcp_core::json::RawJson;
use mcp_core::limits::ConnectionLimits;
use mcp_core::types::Schema;
use serde_json::Value;

use super::output::Output;
use crate::dialect::{CallForm, DialectError, SchemaDialect, ServerDialect};
use crate::error::BuildError;
use crate::extract::ArgumentErrors;
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
        // What was rewritten before had the default limit.
        self.listed = OnceLock::new();
    }

    fn server(&self) -> Option<&ServerDialect> {
        self.server.as_ref()?.get()
    }

    fn dialect(&self) -> SchemaDialect {
        let of_server = || self.server().map_or(SchemaDialect::AsWritten, |it| it.dialect);
        self.own.unwrap_or_else(of_server)
    }

    pub(super) fn is_as_written(&self) -> bool {
        self.dialect() == SchemaDialect::AsWritten
    }

    /// Returns the listed schemas, unless they are those as written.
    pub(super) fn listed(&self, written: &WrittenSchemas<'_>) -> Option<&ListedSchemas> {
        // The build has refused a schema without a form.
        self.rewritten(written)?.as_ref().ok()
    }

    fn rewritten(&self, written: &WrittenSchemas<'_>) -> Option<&Result<ListedSchemas, Refused>> {
        let dialect = self.dialect();
        let max_bytes =
            self.server().map_or(Limits::new().max_dialect_schema_bytes, |it| it.max_bytes);
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
        let (tool, dialect) = (tool.to_owned(), self.dialect());
        Err(BuildError::Dialect { tool, schema, dialect, error: error.clone() })
    }

    /// Returns the arguments of a call in the form of the schema as written. `None` if they have
    /// it.
    ///
    /// # Errors
    /// Those of [`CallForm::translate`].
    pub(super) fn translate(
        &self,
        arguments: &str,
        written: &Schema,
    ) -> Result<Option<Value>, ArgumentErrors> {
        let form = self.form.get_or_init(|| CallForm::new(written));
        match self.server() {
            Some(server) => form.translate(arguments, &server.limits),
            None => form.translate(arguments, &ConnectionLimits::for_server()),
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
