//! The wire types against goldens of our own, the specification's examples and its five JSON schemas.
//!
//! Examples and schemas are not part of this repository: those tests say so and pass where they are absent.

// The helpers of the tests are tests too.
#![allow(clippy::unwrap_used)]

mod catalogue;
mod examples;
mod forms;
mod goldens;
mod methods;
mod schemas;
mod specification;
