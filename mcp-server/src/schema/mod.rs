//! Validates values against JSON Schemas: the constraints on arguments, and the results of tools
//! with an explicit output schema (TOOL-5, TOOL-11).
//!
//! A schema is compiled once: at the first call of its tool, or when the tool is built if the
//! schema has a `pattern`. A value is validated while its text is read, without building a tree;
//! only parts under keywords such as `anyOf` and `enum` are read again.
//!
//! These keywords of JSON Schema 2020-12 are supported: `type`, `enum`, `const`; the bounds of
//! numbers, strings, arrays and objects; `pattern`, `multipleOf`, `uniqueItems`; `properties`,
//! `patternProperties`, `additionalProperties`, `required`, `items`, `prefixItems`; `allOf`,
//! `anyOf`, `oneOf`; `$ref` within the schema. They are what the derives of schemars generate.
//! Other keywords, such as `not`, `if`, `contains` or `format`, are ignored, and nothing is fetched
//! (THREAT-52).

mod check;
mod compile;
mod integers;
mod lazy;
mod node;
mod number;
mod outline;
mod pattern;
mod violation;

pub(crate) use compile::SchemaCheck;
pub(crate) use lazy::{LazyCheck, LazySchema};
pub(crate) use outline::Outline;

#[cfg(test)]
mod tests;
