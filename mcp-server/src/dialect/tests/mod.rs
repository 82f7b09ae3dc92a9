//! Schemas and calls in the dialects.

use std::collections::{BTreeMap, HashMap};

use mcp_core::limits::ConnectionLimits;
use mcp_core::types::Schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{CallForm, DialectError, DialectErrorKind, SchemaDialect};
use crate::tool::input_schema;

mod hostile;
mod refused;
mod results;
mod types;

const LENGTH: usize = 64 << 10;

fn rewrite(dialect: SchemaDialect, schema: &Value) -> Result<Value, DialectError> {
    let schema = Schema::try_from(schema.clone()).unwrap();
    dialect.input_schema(&schema, LENGTH).map(|schema| schema.as_value())
}

fn strict(schema: &Value) -> Value {
    rewrite(SchemaDialect::Strict, schema).unwrap()
}

fn flat(schema: &Value) -> Value {
    rewrite(SchemaDialect::Flat, schema).unwrap()
}

/// The schema of an argument `a` in both dialects.
fn argument(schema: &Value) -> [Value; 2] {
    let root = json!({"type": "object", "properties": {"a": schema}, "required": ["a"]});
    [strict(&root), flat(&root)].map(|root| root["properties"]["a"].clone())
}

/// The arguments as the handler receives them.
fn translate(schema: &Value, arguments: &Value) -> Value {
    let form = CallForm::new(&Schema::try_from(schema.clone()).unwrap());
    let translated =
        form.translate(&arguments.to_string(), &ConnectionLimits::for_server()).unwrap();
    translated.unwrap_or_else(|| arguments.clone())
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unit {
    /// Degrees Celsius.
    Celsius,
    /// Degrees Fahrenheit.
    Fahrenheit,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Point {
    /// East.
    x: f64,
    label: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Circle { center: Point, radius: Option<f64> },
    Line { from: Point, to: Point },
    Empty,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Node {
    name: String,
    children: Vec<Node>,
    next: Option<Box<Node>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Torture {
    unit: Unit,
    maybe_unit: Option<Unit>,
    point: Point,
    maybe_point: Option<Point>,
    shapes: Vec<Shape>,
    pair: (String, u8),
    counts: BTreeMap<String, Option<i64>>,
    by_number: HashMap<u32, Point>,
    any: Value,
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 20), extend("multipleOf" = 2))]
    limit: u32,
    #[schemars(length(min = 2, max = 5), regex(pattern = "^[a-z]+$"))]
    code: String,
}

fn ten() -> u32 {
    10
}

fn torture() -> Value {
    input_schema::<Torture>().as_value()
}

#[test]
fn every_member_is_required_and_every_object_closed_in_strict() {
    fn check(schema: &Value, place: &str) {
        let Value::Object(members) = schema else { panic!("{place} is no object: {schema}") };
        for keyword in ["oneOf", "allOf", "prefixItems", "const", "default", "minLength"] {
            assert!(!members.contains_key(keyword), "{place} has {keyword}");
        }
        if schema["type"] == "object" {
            assert_eq!(schema["additionalProperties"], false, "{place}");
            let names: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
            assert_eq!(schema["required"], json!(names), "{place}");
        }
        let is_reference = members.contains_key("$ref");
        assert!(!is_reference || members.len() == 1, "{place}: {schema}");
        assert!(is_reference || members.contains_key("type") || members.contains_key("anyOf"));
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            check(property, &format!("{place}/{name}"));
        }
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            check(definition, name);
        }
        for one in schema["anyOf"].as_array().into_iter().flatten() {
            check(one, &format!("{place}/anyOf"));
        }
        if let Some(items) = schema.get("items") {
            check(items, &format!("{place}/items"));
        }
    }
    check(&strict(&torture()), "");
    check(&strict(&input_schema::<Node>().as_value()), "");
}

#[test]
fn nothing_but_plain_keywords_is_left_in_flat() {
    fn check(schema: &Value, place: &str) {
        let known = [
            "type",
            "description",
            "enum",
            "properties",
            "required",
            "items",
            "anyOf",
            "minItems",
            "maxItems",
            "minimum",
            "maximum",
            "minLength",
            "maxLength",
            "pattern",
        ];
        for keyword in schema.as_object().unwrap().keys() {
            assert!(known.contains(&keyword.as_str()), "{place} has {keyword}");
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            check(property, &format!("{place}/{name}"));
        }
        for one in schema["anyOf"].as_array().into_iter().flatten() {
            assert!(one.get("enum").is_none() || schema["anyOf"][1] == json!({"type": "null"}));
            check(one, &format!("{place}/anyOf"));
        }
        if let Some(items) = schema.get("items") {
            check(items, &format!("{place}/items"));
        }
    }
    check(&flat(&torture()), "");
}

#[test]
fn an_optional_member_is_nullable_in_strict_and_optional_in_flat() {
    let schema = json!({
        "type": "object",
        "properties": {
            "days": {"type": "integer", "description": "Days ahead.", "minimum": 1, "default": 3},
        },
        "required": [],
    });
    assert_eq!(
        strict(&schema),
        json!({
            "type": "object",
            "properties": {
                "days": {
                    "description": "Days ahead.\n\n(default: 3)",
                    "anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}],
                },
            },
            "required": ["days"],
            "additionalProperties": false,
        })
    );
    assert_eq!(
        flat(&schema),
        json!({
            "type": "object",
            "properties": {
                "days": {
                    "type": "integer",
                    "minimum": 1,
                    "description": "Days ahead.\n\n(default: 3)",
                },
            },
            "required": [],
        })
    );
    assert_eq!(translate(&schema, &json!({"days": null})), json!({}));
    assert_eq!(translate(&schema, &json!({"days": 4})), json!({"days": 4}));
}

#[test]
fn what_may_be_null_says_so() {
    let schema = json!({"type": ["integer", "null"]});
    let [strict, flat] = argument(&schema);
    assert_eq!(strict, json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}));
    assert_eq!(flat, schema);
    let schema = json!({"type": ["string", "null"], "enum": ["a", null]});
    let expected = json!({"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]});
    assert_eq!(argument(&schema), [expected.clone(), expected]);
    let root = json!({"type": "object", "properties": {"a": schema}, "required": ["a"]});
    assert_eq!(translate(&root, &json!({"a": null})), json!({"a": null}), "it is not absent");
}

#[test]
fn documented_variants_are_one_enum() {
    let [strict, flat] = argument(&json!({
        "description": "The unit.",
        "oneOf": [
            {"const": "c", "type": "string", "description": "Celsius."},
            {"const": "k", "type": "string"},
        ],
    }));
    let expected = json!({
        "type": "string",
        "enum": ["c", "k"],
        "description": "The unit.\n\nOne of:\n- \"c\": Celsius.\n- \"k\"",
    });
    assert_eq!(strict, expected);
    assert_eq!(flat, expected);
    let written = input_schema::<Torture>().as_value();
    let flat = self::flat(&written);
    assert_eq!(flat["properties"]["unit"]["enum"], json!(["celsius", "fahrenheit"]));
}

#[test]
fn enums_of_numbers_are_described_in_flat() {
    let [strict, flat] = argument(&json!({"enum": [1, 2]}));
    assert_eq!(strict, json!({"type": "integer", "enum": [1, 2]}));
    assert_eq!(flat, json!({"type": "integer", "description": "(one of: [1,2])"}));
}

#[test]
fn tagged_variants_are_alternatives() {
    let written = torture();
    let flat = flat(&written);
    let shapes = flat["properties"]["shapes"]["items"]["anyOf"].as_array().unwrap();
    assert_eq!(shapes.len(), 3);
    assert_eq!(shapes[0]["properties"]["kind"], json!({"type": "string", "enum": ["circle"]}));
    assert_eq!(shapes[0]["required"], json!(["kind", "center"]));
    let arguments = |radius: Value| {
        json!({"shapes": [
            {"kind": "circle", "center": {"x": 1.0, "label": null}, "radius": radius},
            {"kind": "empty"},
        ]})
    };
    let translated = translate(&written, &arguments(Value::Null));
    let expected = json!({"shapes": [
        {"kind": "circle", "center": {"x": 1.0}},
        {"kind": "empty"},
    ]});
    assert_eq!(translated, expected);
}

#[test]
fn alternatives_at_the_root_are_merged() {
    let written = input_schema::<Shape>().as_value();
    let strict = strict(&written);
    assert_eq!(strict["type"], "object");
    assert!(strict.get("anyOf").is_none() && strict.get("oneOf").is_none());
    let kinds = json!({"type": "string", "enum": ["circle", "line", "empty"]});
    assert_eq!(strict["properties"]["kind"], kinds);
    let text = strict["description"].as_str().unwrap();
    assert!(text.contains("- kind: \"circle\", center, radius"), "{text}");
    let from = &strict["properties"]["from"]["anyOf"];
    assert_eq!((&from[0]["type"], &from[1]["type"]), (&json!("object"), &json!("null")));
    let call = json!({
        "kind": "line", "from": {"x": 0, "label": null}, "to": {"x": 1, "label": "b"},
        "center": null, "radius": null,
    });
    let expected = json!({"kind": "line", "from": {"x": 0}, "to": {"x": 1, "label": "b"}});
    assert_eq!(translate(&written, &call), expected);
}

#[test]
fn tuples_are_lists() {
    let [strict, flat] = argument(&json!({
        "type": "array",
        "prefixItems": [{"type": "string"}, {"type": "integer", "description": "The age."}],
        "minItems": 2,
        "maxItems": 2,
    }));
    let expected = json!({
        "type": "array",
        "minItems": 2,
        "maxItems": 2,
        "items": {"anyOf": [{"type": "string"}, {"type": "integer", "description": "The age."}]},
        "description": "The items are, in this order: 1. string; 2. The age.",
    });
    assert_eq!(strict, expected);
    assert_eq!(flat, expected);
}

#[test]
fn maps_are_lists_of_entries() {
    let written = torture();
    let strict = strict(&written);
    let counts = &strict["properties"]["counts"];
    let value = json!({"anyOf": [{"type": "integer"}, {"type": "null"}]});
    assert_eq!(counts["items"]["properties"], json!({"key": {"type": "string"}, "value": value}));
    let call = json!({
        "counts": [{"key": "a", "value": 1}, {"key": "b", "value": null}],
        "by_number": [{"key": "7", "value": {"x": 1.5, "label": null}}],
    });
    let expected = json!({"counts": {"a": 1, "b": null}, "by_number": {"7": {"x": 1.5}}});
    assert_eq!(translate(&written, &call), expected);
    assert_eq!(translate(&written, &expected), expected, "as written");
}

#[test]
fn untyped_values_are_strings_with_json() {
    let [strict, flat] = argument(&json!(true));
    assert_eq!(strict["type"], "string");
    assert_eq!(flat["type"], "string");
    let schema = json!({"type": "object", "properties": {"a": true}});
    let arguments = |value: &str| translate(&schema, &json!({"a": value}))["a"].clone();
    assert_eq!(arguments("{\"b\": [1]}"), json!({"b": [1]}));
    assert_eq!(arguments("\"text\""), json!("text"));
    assert_eq!(arguments("plain text"), json!("plain text"), "it is not JSON");
    assert_eq!(translate(&schema, &json!({"a": [1]})), json!({"a": [1]}), "as written");
}

/// Arguments that are valid in the dialect are valid as written after their translation.
#[test]
fn calls_in_the_dialects_are_valid_as_written() {
    let written = torture();
    let call = json!({
        "unit": "celsius",
        "maybe_unit": null,
        "point": {"x": 1.0, "label": null},
        "maybe_point": {"x": 1.0, "label": "a"},
        "shapes": [{"kind": "line", "from": {"x": 1.0, "label": null}, "to": {"x": 2.0, "label": null}}],
        "pair": ["a", 1],
        "counts": [{"key": "a", "value": null}],
        "by_number": [{"key": "1", "value": {"x": 1.0, "label": null}}],
        "any": "{\"b\": 1}",
        "limit": null,
        "code": "abc",
    });
    let strict = strict(&written);
    let valid = jsonschema::validator_for(&strict).unwrap();
    assert!(valid.is_valid(&call), "{:?}", valid.iter_errors(&call).next());
    let translated = translate(&written, &call);
    let valid = jsonschema::validator_for(&written).unwrap();
    assert!(valid.is_valid(&translated), "{:?}", valid.iter_errors(&translated).next());
    let torture: Torture = serde_json::from_value(translated).unwrap();
    assert_eq!((torture.limit, torture.any), (10, json!({"b": 1})));
}
