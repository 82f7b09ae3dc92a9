//! The schema of a tool's structured content.

use std::sync::OnceLock;

use mcp_core::types::Schema;

use crate::schema::{LazyCheck, SchemaCheck};

/// The schema of a tool's structured content, if it has one. A schema of a type is derived at the
/// first list or the first result: nothing at the start of a server depends on it.
#[derive(Debug)]
pub(super) struct Output {
    derive: fn() -> Option<Schema>,
    schema: OnceLock<Option<OutputSchema>>,
}

/// An output schema.
#[derive(Debug)]
pub(super) struct OutputSchema {
    pub(super) schema: Schema,
    /// Whether results are not objects, and must be wrapped for revisions that allow only objects.
    pub(super) wraps: bool,
    /// Checks results. Absent for the schema of a type, which holds for all its values.
    pub(super) check: Option<LazyCheck>,
}

impl Output {
    /// The output of a tool whose schema was set.
    pub(super) fn set(schema: Schema) -> Self {
        let check = LazyCheck::new(schema.clone(), SchemaCheck::of_result);
        let known = OutputSchema { wraps: crate::wire::wraps(&schema), schema, check: Some(check) };
        Self { derive: || None, schema: Some(known).into() }
    }

    /// The output of a tool whose schema is derived from the type of its results.
    pub(super) fn derived(derive: fn() -> Option<Schema>) -> Self {
        Self { derive, schema: OnceLock::new() }
    }

    /// Returns the schema.
    pub(super) fn get(&self) -> Option<&OutputSchema> {
        match self.schema.get() {
            Some(schema) => schema.as_ref(),
            None => self.derive(),
        }
    }

    #[cold]
    fn derive(&self) -> Option<&OutputSchema> {
        // Derived outside of the cell, because it may run code of the user.
        let derived = (self.derive)().map(|schema| OutputSchema {
            wraps: crate::wire::wraps(&schema),
            schema,
            check: None,
        });
        self.schema.get_or_init(|| derived).as_ref()
    }
}
