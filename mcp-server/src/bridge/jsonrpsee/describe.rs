//! The schemas of a tool, from what is known of its method.

use std::collections::BTreeSet;

use mcp_core::types::Schema;
use schemars::generate::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::method_schema::{MethodSchema, Output, Param, ParamSchema};
use super::params::{Conversion, OPEN_ARGUMENT, OpenParams};
use super::subscription::Ended;
use crate::tool::{composed_input_schema, composed_output_schema};

/// The schemas of a tool, and how its arguments become parameters.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) input: Schema,
    pub(super) conversion: Conversion,
    pub(super) output: Option<Schema>,
}

/// Describes a method without a schema.
pub(super) fn open(params: OpenParams) -> Described {
    let (schema, conversion) = match params {
        OpenParams::Named => (json!({"type": "object"}), Conversion::ByName),
        OpenParams::Positional => {
            let array = json!({
                "type": "array",
                "description": "The parameters of the method, by position.",
            });
            let mut properties = Map::new();
            properties.insert(OPEN_ARGUMENT.to_owned(), array);
            (json!({"type": "object", "properties": properties}), Conversion::Open)
        }
    };
    let input = Schema::try_from(schema).unwrap_or_else(|_| Schema::any_object());
    Described { input, conversion, output: None }
}

/// Describes a method from its schema.
pub(super) fn described(method: &MethodSchema, is_subscription: bool) -> Described {
    let names = property_names(method);
    let input = composed_input_schema(|generator| {
        generator.definitions_mut().extend(method.definitions.clone());
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (param, name) in method.params.iter().zip(&names) {
            let (schema, is_required) = schema_of(param, generator);
            if is_required {
                required.push(name.clone());
            }
            properties.insert(name.clone(), schema);
        }
        object(properties, required)
    });
    let output = method.output.as_ref().map(|output| match is_subscription {
        true => subscription_output(output),
        false => method_output(output),
    });
    let conversion =
        if method.by_position { Conversion::ByPosition(names) } else { Conversion::ByName };
    Described { input, conversion, output }
}

/// Returns the names of the arguments. Those of parameters by position are free, so characters that
/// model providers refuse in them are replaced.
fn property_names(method: &MethodSchema) -> Vec<String> {
    let mut used = BTreeSet::new();
    let names = method.params.iter().map(|param| {
        if !method.by_position {
            return param.name.clone();
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let name: String = param.name.chars().map(|c| if legal(c) { c } else { '_' }).collect();
        let mut unique = name.clone();
        let mut number = 2_usize;
        while !used.insert(unique.clone()) {
            unique = format!("{name}_{number}");
            number += 1;
        }
        unique
    });
    names.collect()
}

/// Returns the schema of a parameter, and whether an argument is needed.
fn schema_of(param: &Param, generator: &mut SchemaGenerator) -> (Value, bool) {
    let (mut schema, is_required) = match &param.schema {
        ParamSchema::Type(derive) => {
            let schema = derive(generator).to_value();
            let is_required = !allows_null(&schema);
            (schema, is_required)
        }
        ParamSchema::Document { schema, is_required } => (schema.clone(), *is_required),
    };
    if let Some(description) = &param.description {
        if !schema.is_object() {
            schema = json!({"allOf": [schema]}); // `true` and `false` are schemas too.
        }
        schema["description"] = json!(description);
    }
    (schema, is_required)
}

/// Whether a derived schema names `null`, as that of an `Option` does.
fn allows_null(schema: &Value) -> bool {
    let is_null = |name: &Value| name == "null";
    match (&schema["type"], &schema["anyOf"]) {
        (Value::Array(names), _) => names.iter().any(is_null),
        (_, Value::Array(schemas)) => schemas.iter().any(|schema| is_null(&schema["type"])),
        (name, _) => is_null(name),
    }
}

/// Returns the output schema of a method.
fn method_output(output: &Output) -> Schema {
    match output {
        Output::Type { root, .. } => root(),
        Output::Document { schema, definitions } => composed_output_schema(|generator| {
            generator.definitions_mut().extend(definitions.clone());
            // The root says whether the result is an object, so it must not be a reference.
            into_schema(inlined(schema, definitions).clone())
        }),
    }
}

/// Follows references at the root of a schema. Each is followed at most as often as there are
/// definitions, so a circle ends.
fn inlined<'a>(mut schema: &'a Value, definitions: &'a Map<String, Value>) -> &'a Value {
    for _ in 0..definitions.len() {
        let Value::Object(members) = schema else { break };
        let (1, Some(Value::String(reference))) = (members.len(), members.get("$ref")) else {
            break;
        };
        let name = reference.strip_prefix("#/$defs/");
        let Some(definition) = name.and_then(|name| definitions.get(name)) else { break };
        schema = definition;
    }
    schema
}

/// Returns the output schema of a subscription whose values have a schema.
fn subscription_output(output: &Output) -> Schema {
    composed_output_schema(|generator| {
        let value = match output {
            Output::Type { part, .. } => part(generator).to_value(),
            Output::Document { schema, definitions } => {
                generator.definitions_mut().extend(definitions.clone());
                schema.clone()
            }
        };
        let mut properties = Map::new();
        properties.insert("last".to_owned(), json!({"anyOf": [value, {"type": "null"}]}));
        properties.insert("items".to_owned(), json!({"type": "integer", "minimum": 0}));
        let endings = Ended::ALL.map(Ended::as_str);
        properties.insert("ended".to_owned(), json!({"type": "string", "enum": endings}));
        let required = properties.keys().cloned().collect();
        object(properties, required)
    })
}

fn object(properties: Map<String, Value>, required: Vec<String>) -> schemars::Schema {
    into_schema(json!({"type": "object", "properties": properties, "required": required}))
}

/// Converts a value that is a schema. Any other value becomes the schema of anything.
fn into_schema(schema: Value) -> schemars::Schema {
    schemars::Schema::try_from(schema).unwrap_or_default()
}
