//! A schema that is compiled at its first use.

use std::sync::OnceLock;

use mcp_core::types::Schema;

use super::compile::SchemaCheck;

/// A schema that is compiled at its first use, because a server starts faster without it, and most
/// of its tools may never be called.
#[derive(Debug)]
pub(crate) struct LazyCheck {
    schema: Schema,
    compile: fn(&Schema) -> SchemaCheck,
    compiled: OnceLock<SchemaCheck>,
}

impl LazyCheck {
    /// Stores a schema and the function that compiles it. A schema with a pattern is compiled at
    /// once, so that a pattern which is not supported is logged when the tool is built.
    pub(crate) fn new(schema: &Schema, compile: fn(&Schema) -> SchemaCheck) -> Self {
        let check = Self { schema: schema.clone(), compile, compiled: OnceLock::new() };
        if schema.get().contains("\"pattern") {
            check.get();
        }
        check
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
        let compiled = (self.compile)(&self.schema);
        self.compiled.get_or_init(|| compiled)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn is_compiled(schema: Value) -> bool {
        let schema = Schema::try_from(schema).unwrap();
        LazyCheck::new(&schema, SchemaCheck::of_result).compiled.get().is_some()
    }

    #[test]
    fn only_a_schema_with_a_pattern_is_compiled_before_its_first_use() {
        assert!(!is_compiled(json!({"properties": {"a": {"minimum": 1}}})));
        assert!(is_compiled(json!({"properties": {"a": {"pattern": "^a"}}})));
        assert!(is_compiled(json!({"patternProperties": {"^a": {"minimum": 1}}})));
    }
}
