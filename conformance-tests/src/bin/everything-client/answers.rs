//! What is filled in: the forms of a server, and the arguments of its tools.

use mcp_client::json::JsonObject;
use mcp_client::types::{ElicitSchema, PrimitiveSchema, Tool};
use serde_json::{Value, json};

/// The content of a form for a user who agrees to everything: the defaults, and true for each
/// boolean without one.
pub(crate) fn filled_in(form: &ElicitSchema) -> JsonObject {
    let mut content = form.defaults();
    for (name, field) in form.properties.iter() {
        if matches!(field, PrimitiveSchema::Boolean(_)) && !content.contains_key(name) {
            content.insert(name.to_owned(), true.into());
        }
    }
    content
}

/// Arguments for a tool that is not known: a value of the right type for each required property.
pub(crate) fn arguments(tool: &Tool) -> JsonObject {
    let schema = serde_json::to_value(&tool.input_schema).unwrap_or_default();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let names = required.iter().filter_map(Value::as_str);
    names.map(|name| (name.to_owned(), value(&schema["properties"][name]))).collect()
}

fn value(schema: &Value) -> Value {
    let given = [&schema["default"], &schema["const"], &schema["enum"][0], &schema["examples"][0]];
    if let Some(given) = given.into_iter().find(|given| !given.is_null()) {
        return given.clone();
    }
    match schema["type"].as_str() {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => json!({}),
        Some("null") => Value::Null,
        _ => json!("text"),
    }
}
