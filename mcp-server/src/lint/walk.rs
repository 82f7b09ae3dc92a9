//! Finds problems in a schema.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::finding::Problem;
use crate::dialect::accepts_any;
use crate::extract::escape;
use crate::fragment::resolve;

/// Maximum depth. Fixed: a parsed schema is not nested more deeply.
const MAX_DEPTH: usize = 128;

/// Finds the problems in an input schema, with their JSON pointers.
pub(super) fn problems(schema: &Value) -> Vec<(String, Problem)> {
    let mut walk = Walk { root: schema, found: Vec::new(), visited: HashSet::new(), open: vec![] };
    walk.schema(schema, String::new(), 0);
    walk.found
}

struct Walk<'a> {
    root: &'a Value,
    found: Vec<(String, Problem)>,
    /// The targets of references that were searched.
    visited: HashSet<&'a str>,
    /// The targets of references that are being searched.
    open: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, schema: &'a Value, pointer: String, depth: usize) {
        if depth == MAX_DEPTH {
            return;
        }
        if accepts_any(schema) && depth > 0 {
            self.found.push((pointer, Problem::Untyped));
            return;
        }
        let Value::Object(members) = schema else { return };
        if let Some(Value::String(target)) = members.get("$ref") {
            self.reference(target, &pointer, depth);
        }
        let has = |keyword: &str| members.contains_key(keyword);
        if depth == 0 && (has("oneOf") || has("anyOf") || has("allOf")) {
            self.found.push((pointer.clone(), Problem::RootAlternatives));
        } else if has("oneOf") {
            self.found.push((pointer.clone(), Problem::OneOf));
        }
        if has("prefixItems") {
            self.found.push((pointer.clone(), Problem::Tuple));
        }
        self.parts(members, &pointer, depth);
    }

    fn parts(&mut self, members: &'a Map<String, Value>, pointer: &str, depth: usize) {
        for (keyword, value) in members {
            match (keyword.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties {
                        let pointer = format!("{pointer}/properties/{}", escape(name));
                        if !is_portable(name) {
                            self.found.push((pointer.clone(), Problem::ArgumentName));
                        }
                        self.schema(property, pointer, depth + 1);
                    }
                }
                ("patternProperties", Value::Object(schemas)) => {
                    for (name, schema) in schemas {
                        let pointer = format!("{pointer}/{keyword}/{}", escape(name));
                        self.schema(schema, pointer, depth + 1);
                    }
                }
                (
                    "items" | "additionalProperties",
                    schema @ (Value::Object(_) | Value::Bool(true)),
                ) => {
                    self.schema(schema, format!("{pointer}/{keyword}"), depth + 1);
                }
                ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                    for (index, schema) in schemas.iter().enumerate() {
                        self.schema(schema, format!("{pointer}/{keyword}/{index}"), depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    fn reference(&mut self, target: &'a str, pointer: &str, depth: usize) {
        if target == "#" || self.open.contains(&target) {
            self.found.push((pointer.to_owned(), Problem::Recursion));
            return;
        }
        if !self.visited.insert(target) {
            return;
        }
        if let Some(referred) = resolve(self.root, target) {
            self.open.push(target);
            self.schema(referred, target.trim_start_matches('#').to_owned(), depth + 1);
            self.open.pop();
        }
    }
}

/// Whether all hosts accept the name of an argument.
fn is_portable(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(is_allowed)
}
