//! JSON Schemas that are held against values: the constraints on arguments, and the results of
//! tools whose output schema is given (TOOL-5, TOOL-11).
//!
//! A schema is compiled once, when its tool is built. A value is checked while its text is read, so
//! nothing is built from it; only alternatives (`anyOf`) are read again.
//!
//! Of JSON Schema 2020-12 these keywords count: `type`, `enum`, `const`; the bounds of numbers,
//! texts, arrays and objects; `pattern`, `multipleOf`, `uniqueItems`; `properties`,
//! `patternProperties`, `additionalProperties`, `required`, `items`, `prefixItems`; `allOf`,
//! `anyOf`, `oneOf`; `$ref` to the same schema. They are what the derives of schemars write.
//! Others, such as `not`, `if`, `contains` or `format`, hold for every value, and nothing is
//! fetched (THREAT-52).

mod check;
mod compile;
mod integers;
mod node;
mod number;
mod pattern;
mod violation;

pub(crate) use compile::SchemaCheck;

#[cfg(test)]
mod tests;
