//! JSON Schemas from Rust types (2020-12, root object, local `$defs` only).

use mcp_core::types::Schema;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

use super::ToolCall;
use crate::extract::{Args, Extract, FromContext};

/// The schema of a type that is read from JSON, as the input schema of a tool.
///
/// The root is an object. An optional property is described by the schema of its value: leaving it out is the
/// way to say "none" (null is taken as well).
pub fn input_schema<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12();
    let mut schema = root::<T>(settings.for_deserialize().into_generator());
    schema.entry("type").or_insert_with(|| "object".into());
    schema.shift_remove("title");
    if schema.get("properties").is_none() {
        schema.insert("properties".into(), Value::Object(Map::new()));
    }
    drop_null_of_optional(&mut schema);
    finish(schema)
}

/// The schema of a type that is written as JSON, as the output schema of a tool.
pub fn output_schema<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12();
    let mut schema = root::<T>(settings.for_serialize().into_generator());
    schema.shift_remove("title");
    finish(schema)
}

fn root<T: JsonSchema>(generator: SchemaGenerator) -> Map<String, Value> {
    match generator.into_root_schema_for::<T>().to_value() {
        Value::Object(members) => members,
        // `true` and `false` are schemas too.
        other => Map::from_iter([("allOf".into(), Value::Array(vec![other]))]),
    }
}

fn finish(schema: Map<String, Value>) -> Schema {
    let mut schema = schema;
    drop_number_formats(&mut schema);
    Schema::try_from(Value::Object(schema)).unwrap_or_else(|_| Schema::any_object())
}

/// `int64`, `double` and their kin are OpenAPI's, not JSON Schema's, and some model providers refuse them.
fn drop_number_formats(schema: &mut Map<String, Value>) {
    let is_number = match schema.get("type") {
        Some(Value::String(name)) => matches!(&**name, "integer" | "number"),
        Some(Value::Array(names)) => names.iter().any(|name| name == "integer" || name == "number"),
        _ => false,
    };
    if is_number && schema.get("format").is_some_and(Value::is_string) {
        schema.shift_remove("format");
    }
    for (key, member) in schema {
        // What stands under these is data, not schema.
        if !matches!(&**key, "const" | "enum" | "default" | "examples") {
            drop_number_formats_in(member);
        }
    }
}

fn drop_number_formats_in(value: &mut Value) {
    match value {
        Value::Object(schema) => drop_number_formats(schema),
        Value::Array(items) => items.iter_mut().for_each(drop_number_formats_in),
        _ => {}
    }
}

/// `Option<T>` is described as "T or null" and not required. Models do better with plain "T".
fn drop_null_of_optional(schema: &mut Map<String, Value>) {
    let required: Vec<String> = (schema.get("required").and_then(Value::as_array).into_iter().flatten())
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
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            property.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(alternatives)) = property.get_mut("anyOf") {
        alternatives.retain(|schema| schema.get("type").is_none_or(|name| name != "null"));
        if let [Value::Object(only)] = &alternatives[..] {
            let only = only.clone();
            property.shift_remove("anyOf");
            for (key, value) in only {
                property.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(values)) = property.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if property.get("default").is_some_and(Value::is_null) {
        property.shift_remove("default");
    }
}

/// What a handler's arguments say about the input schema: that of its [`Args<T>`], if it takes one.
pub trait Described {
    /// The schema, if any argument brings one.
    fn input_schema() -> Option<Schema>;
}

/// What one argument says about the input schema.
pub trait DescribedArgument {
    /// The schema, if it brings one.
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
