//! Takes schemas out of a document, with everything that they refer to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::fragment::resolve;

/// Collects the definitions that schemas of one document refer to, and makes the references point
/// to them: `#/components/schemas/Block` becomes `#/$defs/Block`.
pub(super) struct Definitions<'a> {
    document: &'a Value,
    /// The names of the definitions, by the references to them.
    names: BTreeMap<String, String>,
    used: BTreeSet<String>,
    collected: Map<String, Value>,
}

/// A reference without a target in the document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the reference {0:?} has no target in the document")]
pub(super) struct DanglingReference(pub(super) String);

impl<'a> Definitions<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        let (names, used) = (BTreeMap::new(), BTreeSet::new());
        Self { document, names, used, collected: Map::new() }
    }

    /// Returns the definitions.
    pub(super) fn into_collected(self) -> Map<String, Value> {
        self.collected
    }

    /// Returns a schema whose references point to the collected definitions. Circles stay circles.
    ///
    /// # Errors
    /// If a reference has no target.
    pub(super) fn take(&mut self, schema: &Value) -> Result<Value, DanglingReference> {
        let mut schema = schema.clone();
        let mut found = Vec::new();
        self.rewrite(&mut schema, &mut found);
        // Not recursive: a document may chain any number of definitions.
        while let Some((reference, name)) = found.pop() {
            let target = resolve(self.document, &reference);
            let mut target = target.ok_or(DanglingReference(reference))?.clone();
            self.rewrite(&mut target, &mut found);
            self.collected.insert(name, target);
        }
        Ok(schema)
    }

    /// Rewrites the references in a schema, and adds those whose targets are not collected yet. A
    /// document has at most as many levels as the parser allows.
    fn rewrite(&mut self, schema: &mut Value, found: &mut Vec<(String, String)>) {
        let Value::Object(members) = schema else { return };
        adapt(members);
        for (keyword, value) in members.iter_mut() {
            match (keyword.as_str(), value) {
                ("$ref", Value::String(reference)) => {
                    let name = match self.names.get(reference) {
                        Some(name) => name.clone(),
                        None => {
                            let name = self.free_name(reference);
                            self.names.insert(reference.clone(), name.clone());
                            found.push((reference.clone(), name.clone()));
                            name
                        }
                    };
                    *reference = format!("#/$defs/{name}");
                }
                (keyword, Value::Object(schemas)) if MAPS.contains(&keyword) => {
                    schemas.values_mut().for_each(|schema| self.rewrite(schema, found));
                }
                (keyword, Value::Array(schemas)) if LISTS.contains(&keyword) => {
                    schemas.iter_mut().for_each(|schema| self.rewrite(schema, found));
                }
                (keyword, schema) if SCHEMAS.contains(&keyword) => self.rewrite(schema, found),
                _ => {}
            }
        }
    }

    /// Returns a name for the target of a reference, like its last segment.
    fn free_name(&mut self, reference: &str) -> String {
        let last = reference.rsplit('/').next().unwrap_or_default();
        let legal = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut base: String = last.chars().map(legal).collect();
        if base.is_empty() || base == "_" {
            base = "Root".to_owned();
        }
        let mut name = base.clone();
        let mut number = 2_usize;
        while !self.used.insert(name.clone()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        name
    }
}

/// Keywords whose value is an object of schemas.
const MAPS: [&str; 5] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/// Keywords whose value is an array of schemas.
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value is a schema.
const SCHEMAS: [&str; 10] = [
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Adapts a schema of draft 7, the dialect of OpenRPC, to 2020-12, that of MCP: an array of schemas
/// in `items` is `prefixItems` there, and `additionalItems` is `items`.
fn adapt(schema: &mut Map<String, Value>) {
    if !matches!(schema.get("items"), Some(Value::Array(_))) {
        return;
    }
    let rest = schema.shift_remove("additionalItems");
    if let Some(items) = schema.shift_remove("items") {
        schema.insert("prefixItems".to_owned(), items);
    }
    if let Some(rest) = rest {
        schema.insert("items".to_owned(), rest);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_circle_of_definitions_is_collected_once() {
        let document = json!({"components": {"schemas": {
            "Node": {"properties": {
                "next": {"$ref": "#/components/schemas/Node"},
                "value": {"$ref": "#/components/schemas/Value%20of"},
            }},
            "Value of": {"enum": [{"$ref": "not a reference"}]},
        }}});
        let mut definitions = Definitions::new(&document);
        let node = json!({"items": {"$ref": "#/components/schemas/Node"}});
        let taken = definitions.take(&node).unwrap();
        assert_eq!(taken, json!({"items": {"$ref": "#/$defs/Node"}}));
        let collected = Value::Object(definitions.into_collected());
        let expected = json!({
            "Node": {"properties": {
                "next": {"$ref": "#/$defs/Node"},
                "value": {"$ref": "#/$defs/Value_20of"},
            }},
            "Value_20of": {"enum": [{"$ref": "not a reference"}]},
        });
        assert_eq!(collected, expected);
    }

    #[test]
    fn definitions_with_one_last_segment_have_two_names() {
        let document = json!({"a": {"X": {"type": "string"}}, "b": {"X": {"type": "null"}}});
        let mut definitions = Definitions::new(&document);
        let both = json!({"anyOf": [{"$ref": "#/a/X"}, {"$ref": "#/b/X"}, {"$ref": "#/a/X"}]});
        let taken = definitions.take(&both).unwrap();
        let expected = ["#/$defs/X", "#/$defs/X_2", "#/$defs/X"].map(|name| json!({"$ref": name}));
        assert_eq!(taken["anyOf"], json!(expected));
        assert_eq!(definitions.into_collected()["X_2"], json!({"type": "null"}));
    }

    #[test]
    fn a_reference_without_a_target_is_an_error() {
        let document = json!({});
        let missing = |reference: &str| {
            let taken = Definitions::new(&document).take(&json!({"not": {"$ref": reference}}));
            taken.unwrap_err().0
        };
        assert_eq!(missing("#/x"), "#/x");
        assert_eq!(missing("https://example.com/schema.json"), "https://example.com/schema.json");
    }

    #[test]
    fn a_tuple_of_draft_7_is_one_of_2020_12() {
        let tuple = json!({"items": [{"type": "string"}], "additionalItems": false});
        let taken = Definitions::new(&Value::Null).take(&tuple).unwrap();
        assert_eq!(taken, json!({"prefixItems": [{"type": "string"}], "items": false}));
    }
}
