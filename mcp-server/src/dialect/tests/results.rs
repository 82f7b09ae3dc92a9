//! The schemas of results.

use std::collections::{BTreeMap, HashMap};

use mcp_core::types::Schema;
use serde_json::json;

use super::{DialectErrorKind, LENGTH, Node, Point, SchemaDialect, Shape, Torture, Unit};
use crate::tool::output_schema;

fn torture() -> Torture {
    let point = |x, label: Option<&str>| Point { x, label: label.map(str::to_owned) };
    Torture {
        unit: Unit::Celsius,
        maybe_unit: None,
        point: point(1.0, None),
        maybe_point: Some(point(2.0, Some("b"))),
        shapes: vec![Shape::Circle { center: point(0.0, None), radius: None }, Shape::Empty],
        pair: ("a".into(), 1),
        counts: BTreeMap::from([("a".into(), None)]),
        by_number: HashMap::from([(7, point(0.0, None))]),
        any: json!([null]),
        limit: 2,
        code: "ab".into(),
    }
}

#[test]
fn the_schemas_of_results_stay_true() {
    let result = serde_json::to_value(torture()).unwrap();
    let written = output_schema::<Torture>();
    assert_eq!(SchemaDialect::Strict.output_schema(&written, LENGTH).unwrap(), written);
    let flat = SchemaDialect::Flat.output_schema(&written, LENGTH).unwrap().as_value();
    let text = flat.to_string();
    for keyword in ["$ref", "$defs", "oneOf", "prefixItems"] {
        assert!(!text.contains(keyword), "{keyword} in {text}");
    }
    let valid = jsonschema::validator_for(&flat).unwrap();
    assert!(valid.is_valid(&result), "{:?}", valid.iter_errors(&result).next());
    assert_eq!(flat["properties"]["unit"]["enum"], json!(["celsius", "fahrenheit"]));
}

#[test]
fn a_recursive_result_has_no_form_in_flat() {
    let recursive = output_schema::<Node>();
    let error = SchemaDialect::Flat.output_schema(&recursive, LENGTH).unwrap_err();
    assert!(matches!(error.kind, DialectErrorKind::Recursive { .. }), "{error}");
}

#[test]
fn a_tuple_that_may_have_more_items_keeps_accepting_them() {
    let item = json!({"type": "string"});
    let flat = |schema| {
        let schema = Schema::try_from(schema).unwrap();
        SchemaDialect::Flat.output_schema(&schema, LENGTH).unwrap().as_value()
    };
    let open = flat(json!({"type": "array", "prefixItems": [item]}));
    assert_eq!(open, json!({"type": "array"}));
    let closed = flat(json!({"type": "array", "prefixItems": [item], "maxItems": 1}));
    assert_eq!(closed, json!({"type": "array", "maxItems": 1, "items": item}));
    let rest = json!({"type": "integer"});
    let more = flat(json!({"type": "array", "prefixItems": [item], "items": rest}));
    assert_eq!(more, json!({"type": "array", "items": {"anyOf": [item, rest]}}));
}

#[test]
fn whether_a_result_is_an_object_does_not_change() {
    let written = Schema::try_from(json!({
        "$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}},
    }));
    let written = written.unwrap();
    assert_eq!(SchemaDialect::Flat.output_schema(&written, LENGTH).unwrap(), written);
}

#[test]
fn no_keyword_keeps_a_reference_or_becomes_stronger() {
    let flat = |mut schema: serde_json::Value| {
        schema["$defs"] = json!({"A": {"type": "string"}});
        let schema = Schema::try_from(schema).unwrap();
        SchemaDialect::Flat.output_schema(&schema, LENGTH).unwrap().as_value()
    };
    let a = json!({"$ref": "#/$defs/A"});
    let string = json!({"type": "string"});
    for (written, expected) in [
        (json!({"propertyNames": a}), json!({"propertyNames": string})),
        (json!({"dependentSchemas": {"x": a}}), json!({"dependentSchemas": {"x": string}})),
        (json!({"if": {"type": "string"}, "then": a}), json!({"if": string, "then": string})),
        (json!({"if": a, "then": a, "else": a}), json!({})),
        (json!({"not": a}), json!({})),
        (json!({"not": {"oneOf": [true, true]}}), json!({"not": {"oneOf": [true, true]}})),
        (json!({"contains": a, "minContains": 2}), json!({})),
        (
            json!({"contains": string, "minContains": 2}),
            json!({"contains": string, "minContains": 2}),
        ),
        (json!({"unevaluatedProperties": a}), json!({})),
        (json!({"prefixItems": [a], "unevaluatedItems": false}), json!({})),
    ] {
        assert_eq!(flat(written.clone()), expected, "{written}");
    }
}
