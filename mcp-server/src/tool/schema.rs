//! JSON Schemas of Rust types (2020-12, root object, only local `$defs`).

use mcp_core::types::Schema;
use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use serde_json::{Map, Value};

use super::ToolCall;
use crate::extract::{Args, Extract, FromContext};

/// Returns the input schema of a tool: the schema of a type that is deserialized.
///
/// The root is an object. The schema of an optional property, at any depth, is that of its value:
/// "none" is expressed by omitting the property, though null is accepted too.
pub fn input_schema<T: JsonSchema>() -> Schema {
    finish_input(input_generator().into_root_schema_for::<T>())
}

/// Returns the output schema of a tool: the schema of a type that is serialized.
#[must_use]
pub fn output_schema<T: JsonSchema>() -> Schema {
    finish(members(output_generator().into_root_schema_for::<T>()))
}

/// Returns the input schema of an object that `describe` composes of the schemas of several types.
#[cfg(feature = "jsonrpsee")]
pub(crate) fn composed_input_schema(
    describe: impl FnOnce(&mut SchemaGenerator) -> schemars::Schema,
) -> Schema {
    finish_input(compose(input_generator(), describe))
}

/// Returns the output schema that `describe` composes of the schemas of several types.
#[cfg(feature = "jsonrpsee")]
pub(crate) fn composed_output_schema(
    describe: impl FnOnce(&mut SchemaGenerator) -> schemars::Schema,
) -> Schema {
    finish(members(compose(output_generator(), describe)))
}

#[cfg(feature = "jsonrpsee")]
fn compose(
    mut generator: SchemaGenerator,
    describe: impl FnOnce(&mut SchemaGenerator) -> schemars::Schema,
) -> schemars::Schema {
    let mut schema = describe(&mut generator);
    let definitions = generator.take_definitions(false);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(definitions));
    }
    generator.transforms_mut().for_each(|transform| transform.transform(&mut schema));
    schema
}

// What follows does not depend on the type, so it is compiled once, and not for each type.

fn input_generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .for_deserialize()
        .with_transform(RecursiveTransform(drop_null_of_optional))
        .with_transform(RecursiveTransform(drop_number_format))
        .into_generator()
}

fn output_generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(RecursiveTransform(drop_number_format))
        .into_generator()
}

fn finish_input(schema: schemars::Schema) -> Schema {
    let mut schema = members(schema);
    schema.entry("type").or_insert_with(|| "object".into());
    if schema.get("properties").is_none() {
        schema.insert("properties".into(), Value::Object(Map::new()));
    }
    // Some hosts do not take a schema without it for a strict one.
    schema.entry("required").or_insert_with(|| Value::Array(Vec::new()));
    finish(schema)
}

/// Returns the members of a schema.
fn members(schema: schemars::Schema) -> Map<String, Value> {
    match schema.to_value() {
        Value::Object(members) => members,
        // `true` and `false` are schemas too.
        other => Map::from_iter([("allOf".into(), Value::Array(vec![other]))]),
    }
}

fn finish(mut schema: Map<String, Value>) -> Schema {
    schema.shift_remove("title");
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        // `true`, the schema of an untyped value. Claude Code and Gemini CLI ignore all tools of a
        // server if the schema of a property is not an object.
        for property in properties.values_mut().filter(|property| **property == true) {
            *property = Value::Object(Map::new());
        }
    }
    Schema::try_from(Value::Object(schema)).unwrap_or_else(|_| Schema::any_object())
}

/// Removes the formats of numbers: `int64`, `double` and similar ones belong to OpenAPI, not to
/// JSON Schema, and some model providers refuse them.
fn drop_number_format(schema: &mut schemars::Schema) {
    let is_number = match schema.get("type") {
        Some(Value::String(name)) => matches!(&**name, "integer" | "number"),
        Some(Value::Array(names)) => names.iter().any(|name| name == "integer" || name == "number"),
        _ => false,
    };
    if is_number {
        schema.remove("format");
    }
}

/// Replaces "T or null" by "T" in the schemas of optional properties, which models fill in more
/// reliably.
fn drop_null_of_optional(schema: &mut schemars::Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    let required: Vec<String> =
        (schema.get("required").and_then(Value::as_array).into_iter().flatten())
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (name, property) in properties {
        if let Value::Object(property) = property
            && !required.contains(name)
        {
            drop_null(property);
        }
    }
}

fn drop_null(property: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = property.get_mut("type")
        && types.len() > 1
    {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            property.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(alternatives)) = property.get_mut("anyOf")
        && alternatives.len() > 1
    {
        alternatives.retain(|schema| schema.get("type").is_none_or(|name| name != "null"));
        if let [Value::Object(only)] = &alternatives[..] {
            let only = only.clone();
            property.shift_remove("anyOf");
            for (key, value) in only {
                property.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(values)) = property.get_mut("enum")
        && values.len() > 1
    {
        values.retain(|value| !value.is_null());
    }
    if property.get("default").is_some_and(Value::is_null) {
        property.shift_remove("default");
    }
}

/// The arguments of a handler, for the input schema: that of its [`Args<T>`], if it has one.
pub trait Described {
    /// Returns the input schema.
    fn input_schema() -> Option<Schema>;
}

/// One argument of a handler, for the input schema.
pub trait DescribedArgument {
    /// Returns the input schema, if the argument has one.
    #[must_use]
    fn input_schema() -> Option<Schema> {
        None
    }
}

impl<T: JsonSchema> DescribedArgument for Args<T>
where
    Self: Extract<ToolCall>,
{
    fn input_schema() -> Option<Schema> {
        Some(input_schema::<T>())
    }
}

impl<T: FromContext> DescribedArgument for T {}

macro_rules! described {
    ($( ($($argument:ident)*) )+) => { $(
        impl<$($argument: DescribedArgument,)*> Described for ($($argument,)*) {
            fn input_schema() -> Option<Schema> {
                None $(.or_else($argument::input_schema))*
            }
        }
    )+ };
}

described! {
    ()
    (A1)
    (A1 A2)
    (A1 A2 A3)
    (A1 A2 A3 A4)
    (A1 A2 A3 A4 A5)
    (A1 A2 A3 A4 A5 A6)
    (A1 A2 A3 A4 A5 A6 A7)
    (A1 A2 A3 A4 A5 A6 A7 A8)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[derive(serde::Deserialize, serde::Serialize, JsonSchema)]
    struct Inner {
        /// A property that is named like a keyword.
        default: Option<i64>,
        #[schemars(extend("format" = "email"))]
        examples: Option<String>,
        format: BTreeMap<String, f32>,
    }

    #[derive(serde::Deserialize, serde::Serialize, JsonSchema)]
    struct Outer {
        one: Inner,
        maybe: Option<Inner>,
        unit: Option<()>,
    }

    #[test]
    fn the_schema_of_a_property_is_an_object() {
        #[derive(serde::Deserialize, serde::Serialize, JsonSchema)]
        struct Untyped {
            value: Value,
            maybe: Option<Value>,
            list: Vec<Value>,
        }
        let expected = json!({"value": {}, "maybe": {}, "list": {"type": "array", "items": true}});
        assert_eq!(input_schema::<Untyped>().as_value()["properties"], expected);
        assert_eq!(output_schema::<Untyped>().as_value()["properties"], expected);
    }

    #[test]
    fn numbers_have_no_format_and_optional_properties_no_null() {
        let schema = input_schema::<Outer>().as_value();
        let inner = json!({
            "type": "object",
            "properties": {
                "default": {"description": "A property that is named like a keyword.", "type": "integer"},
                "examples": {"type": "string", "format": "email"},
                "format": {"type": "object", "additionalProperties": {"type": "number"}},
            },
            "required": ["format"],
        });
        assert_eq!(schema["$defs"]["Inner"], inner);
        assert_eq!(schema["properties"]["maybe"], json!({"$ref": "#/$defs/Inner"}));
        assert_eq!(schema["properties"]["unit"], json!({"type": "null"}));
        assert_eq!(schema["required"], json!(["one"]));
    }

    #[test]
    fn optional_members_of_results_may_be_null() {
        let schema = output_schema::<Inner>().as_value();
        assert_eq!(schema["properties"]["default"]["type"], json!(["integer", "null"]));
        assert_eq!(output_schema::<u8>().as_value()["maximum"], 255);
        assert_eq!(output_schema::<Value>().as_value().get("type"), None);
    }
}
