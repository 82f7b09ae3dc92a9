//! The wire types against goldens of our own, the specification's examples and its five JSON schemas.
//!
//! `tests/specification` holds examples and schemas, `tests/goldens` the goldens. `BLESS=1 cargo test -p mcp-core
//! --test wire goldens` rewrites the goldens in their canonical form.

// The helpers of the tests are tests too.
#![allow(clippy::unwrap_used)]

mod catalogue;
mod examples;
mod exports;
mod forms;
mod goldens;
mod methods;
mod schemas;
mod specification;
