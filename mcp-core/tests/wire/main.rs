//! Tests of the wire types against the SDK's own goldens, and against the examples and JSON schemas
//! of the specification.
//!
//! The examples and schemas are in `tests/specification`, the goldens in `tests/goldens`. `BLESS=1
//! cargo test -p mcp-core --test wire` rewrites the goldens in their canonical form.

#![allow(clippy::unwrap_used, reason = "tests; helpers are not marked as such")]

mod catalogue;
mod examples;
mod exports;
mod forms;
mod goldens;
mod methods;
mod revisions;
mod schemas;
mod specification;
mod written_json;
