//! Schemas that are derived and compiled at their first use, because a server starts faster
//! without them, and most of its tools may never be called.

use std::sync::OnceLock;

use mcp_core::types::Schema;

use super::compile::SchemaCheck;

/// A schema that is known, or that is derived from a type at its first use.
#[derive(Debug)]
pub(crate) struct LazySchema {
    derive: fn() -> Schema,
    schema: OnceLock<Schema>,
}

impl LazySchema {
    /// Stores the function that derives the schema.
    pub(crate) fn derived(derive: fn() -> Schema) -> Self {
        Self { derive, schema: OnceLock::new() }
    }

    /// Returns the schema.
    pub(crate) fn get(&self) -> &Schema {
        match self.schema.get() {
            Some(schema) => schema,
            None => self.derive(),
        }
    }

    #[cold]
    fn derive(&self) -> &Schema {
        // Derived outside of the cell, because it may run code of the user.
        let schema = (self.derive)();
        self.schema.get_or_init(|| schema)
    }
}

impl From<Schema> for LazySchema {
    fn from(schema: Schema) -> Self {
        // The function is never called.
        Self { derive: Schema::any_object, schema: schema.into() }
    }
}

/// A schema that is compiled at its first use.
#[derive(Debug)]
pub(crate) struct LazyCheck {
    schema: LazySchema,
    compile: fn(&Schema) -> SchemaCheck,
    compiled: OnceLock<SchemaCheck>,
}

impl LazyCheck {
    /// Stores a schema and the function that compiles it. A schema with a pattern is compiled at
    /// once, so that a pattern which is not supported is logged when the tool is built.
    pub(crate) fn new(schema: impl Into<LazySchema>, compile: fn(&Schema) -> SchemaCheck) -> Self {
        let check = Self { schema: schema.into(), compile, compiled: OnceLock::new() };
        if check.schema.schema.get().is_some_and(|schema| schema.get().contains("\"pattern")) {
            check.get();
        }
        check
    }

    /// Returns the schema.
    pub(crate) fn schema(&self) -> &Schema {
        self.schema.get()
    }

    /// Returns the compiled schema.
    pub(crate) fn get(&self) -> &SchemaCheck {
        match self.compiled.get() {
            Some(compiled) => compiled,
            None => self.compile(),
        }
    }

    #[cold]
    fn compile(&self) -> &SchemaCheck {
        // Compiled outside of the cell, because it may write to the log.
        let compiled = (self.compile)(self.schema());
        self.compiled.get_or_init(|| compiled)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn is_compiled(schema: Value) -> bool {
        let schema = Schema::try_from(schema).unwrap();
        LazyCheck::new(schema, SchemaCheck::of_result).compiled.get().is_some()
    }

    #[test]
    fn only_a_schema_with_a_pattern_is_compiled_before_its_first_use() {
        assert!(!is_compiled(json!({"properties": {"a": {"minimum": 1}}})));
        assert!(is_compiled(json!({"properties": {"a": {"pattern": "^a"}}})));
        assert!(is_compiled(json!({"patternProperties": {"^a": {"minimum": 1}}})));
    }

    #[test]
    fn a_derived_schema_is_derived_at_its_first_use() {
        let check =
            LazyCheck::new(LazySchema::derived(Schema::empty_object), SchemaCheck::of_result);
        assert!(check.schema.schema.get().is_none());
        assert!(check.get().is_needed());
        assert_eq!(check.schema.schema.get(), Some(&Schema::empty_object()));
    }
}
