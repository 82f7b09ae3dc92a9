//! Questions about the parts of a schema.

use serde_json::{Map, Value};

use crate::fragment::percent_decode;

/// Whether a keyword does not constrain values.
pub(super) fn is_annotation(keyword: &str) -> bool {
    matches!(
        keyword,
        "title"
            | "description"
            | "default"
            | "examples"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "$schema"
            | "$id"
            | "$anchor"
            | "$comment"
            | "$defs"
            | "definitions"
    ) || keyword.starts_with("x-")
}

/// Whether a schema has no keyword that constrains values: that of a bare `Value`.
pub(crate) fn accepts_any(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => members.keys().all(|keyword| is_annotation(keyword)),
        Value::Bool(any) => *any,
        _ => false,
    }
}

/// Returns the types that a schema allows; those of its keywords, if it has no `type`.
pub(super) fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => return vec![name],
        Some(Value::Array(names)) => return names.iter().filter_map(Value::as_str).collect(),
        _ => {}
    }
    if let Some(values) = fixed_values(schema) {
        let mut types: Vec<_> = values.iter().map(type_of).collect();
        types.sort_unstable();
        types.dedup();
        return types;
    }
    let implied: [(&str, &[&str]); 4] = [
        ("object", &["properties", "required", "additionalProperties", "patternProperties"]),
        ("array", &["items", "prefixItems", "minItems", "maxItems", "uniqueItems"]),
        ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
        ("string", &["minLength", "maxLength", "pattern", "format"]),
    ];
    let has = |keywords: &[&str]| keywords.iter().any(|keyword| schema.contains_key(*keyword));
    implied.iter().find(|(_, keywords)| has(keywords)).map(|(name, _)| *name).into_iter().collect()
}

/// Returns the type of a value. A number without a fraction is an integer.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether a value is of a type. An integer is a number too.
pub(super) fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        name => type_of(value) == name,
    }
}

/// Returns the values of `enum` or `const`.
pub(super) fn fixed_values(schema: &Map<String, Value>) -> Option<&[Value]> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(value), _) => Some(std::slice::from_ref(value)),
        (None, Some(Value::Array(values))) => Some(values),
        _ => None,
    }
}

/// Returns the names in `required`.
pub(super) fn required(schema: &Map<String, Value>) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Returns the members of `properties`.
pub(super) fn properties(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// Whether an object has members that the schema does not name, and none that it names.
pub(super) fn is_map(schema: &Map<String, Value>) -> bool {
    properties(schema).next().is_none()
        && (schema.get("additionalProperties") != Some(&Value::Bool(false))
            || patterns(schema).next().is_some())
}

/// Returns the members of `patternProperties`.
pub(super) fn patterns(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten()
}

/// Returns the name of the definition that a reference leads to.
pub(super) fn definition_name(target: &str) -> Option<String> {
    let name = target.strip_prefix("#/$defs/").or_else(|| target.strip_prefix("#/definitions/"))?;
    percent_decode(name).filter(|name| !name.contains(['/', '~']))
}
