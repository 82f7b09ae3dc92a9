//! What has no form in a dialect, and what is refused in a call.

use mcp_core::types::Schema;
use serde_json::{Value, json};

use super::{CallForm, ConnectionLimits, DialectErrorKind, LENGTH, Node, SchemaDialect, Torture};
use super::{flat, input_schema, rewrite, strict, translate};

#[test]
fn a_key_that_occurs_twice_is_an_error() {
    let form = CallForm::new(&input_schema::<Torture>());
    let entry = json!({"key": "a", "value": 1});
    let call = json!({"counts": [entry, entry]}).to_string();
    let errors = form.translate(&call, &ConnectionLimits::for_server()).unwrap_err();
    assert_eq!(errors.iter().collect::<Vec<_>>(), ["/counts/1/key: the key \"a\" occurs twice"]);
}

#[test]
fn recursion_stays_in_strict_and_is_an_error_in_flat() {
    let written = input_schema::<Node>().as_value();
    let strict = strict(&written);
    let node = strict["properties"]["next"]["anyOf"][0]["$ref"].as_str().unwrap();
    let error = rewrite(SchemaDialect::Flat, &written).unwrap_err();
    assert_eq!(error.pointer, "/properties/children/items");
    assert_eq!(error.kind, DialectErrorKind::Recursive { target: node.to_owned() });
    let text = "at #/properties/children/items: the schema refers to itself through ";
    assert!(error.to_string().starts_with(text), "{error}");
    let call = json!({"name": "a", "next": {"name": "b", "children": [], "next": null}});
    let expected = json!({"name": "a", "next": {"name": "b", "children": []}});
    assert_eq!(translate(&written, &call), expected);
}

#[test]
fn a_schema_that_grows_over_the_limit_is_an_error() {
    // Each definition refers to the next one twice, so there are 2^20 copies of the last one.
    let mut definitions = serde_json::Map::new();
    for level in 0..20 {
        let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
        let schema = json!({
            "type": "object", "properties": {"a": next, "b": next}, "required": ["a", "b"],
        });
        definitions.insert(format!("d{level}"), schema);
    }
    definitions.insert("d20".into(), json!({"type": "string"}));
    let written = json!({
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/d0"}},
        "$defs": definitions,
    });
    let error = rewrite(SchemaDialect::Flat, &written).unwrap_err();
    assert_eq!(error.kind, DialectErrorKind::TooLarge { max_bytes: LENGTH });
    let output = Schema::try_from(written.clone()).unwrap();
    let error = SchemaDialect::Flat.output_schema(&output, LENGTH).unwrap_err();
    assert_eq!(error.kind, DialectErrorKind::TooLarge { max_bytes: LENGTH });
    let error = rewrite(SchemaDialect::Strict, &written).unwrap_err();
    assert_eq!(error.kind, DialectErrorKind::TooLarge { max_bytes: LENGTH });
}

#[test]
fn a_schema_that_is_nested_too_deeply_is_an_error() {
    let mut definitions = serde_json::Map::new();
    for level in 0..80 {
        let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
        definitions.insert(format!("d{level}"), json!({"type": "array", "items": next}));
    }
    definitions.insert("d80".into(), json!({"type": "string"}));
    let written = json!({
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/d0"}},
        "$defs": definitions,
    });
    let error = rewrite(SchemaDialect::Flat, &written).unwrap_err();
    assert_eq!(error.kind, DialectErrorKind::TooDeep { max_levels: 64 });
    let output = Schema::try_from(written).unwrap();
    let error = SchemaDialect::Flat.output_schema(&output, LENGTH).unwrap_err();
    assert_eq!(error.kind, DialectErrorKind::TooDeep { max_levels: 64 });
}

#[test]
fn arguments_need_names_and_references_a_target() {
    let map = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    for dialect in [SchemaDialect::Strict, SchemaDialect::Flat] {
        assert_eq!(rewrite(dialect, &map).unwrap_err().kind, DialectErrorKind::Unnamed);
        let schema = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}});
        let error = rewrite(dialect, &schema).unwrap_err().kind;
        assert_eq!(error, DialectErrorKind::Unresolved { target: "#/$defs/b".into() });
    }
}

#[test]
fn mirrored_arguments_must_be_required_in_strict() {
    let region = json!({"type": "string", "x-mcp-header": "Region"});
    let schema = |required: Value| json!({"type": "object", "properties": {"region": region}, "required": required});
    let error = rewrite(SchemaDialect::Strict, &schema(json!([]))).unwrap_err();
    assert_eq!(error.kind, DialectErrorKind::Header);
    assert_eq!(strict(&schema(json!(["region"])))["properties"]["region"], region);
    assert_eq!(flat(&schema(json!([])))["properties"]["region"], region);
}

/// A definition that occurs several times is not recursive.
#[test]
fn a_definition_may_occur_several_times() {
    let base =
        json!({"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]});
    let variant = |name: &str| {
        json!({
            "type": "object",
            "properties": {"kind": {"type": "string", "const": name}},
            "required": ["kind"],
            "$ref": "#/$defs/Base",
        })
    };
    let tagged = json!({"oneOf": [variant("a"), variant("b")], "$defs": {"Base": base}});
    let diamond = json!({
        "type": "object",
        "allOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}],
        "$defs": {
            "A": {"allOf": [{"$ref": "#/$defs/Base"}], "properties": {"a": {"type": "string"}}},
            "B": {"allOf": [{"$ref": "#/$defs/Base"}], "properties": {"b": {"type": "string"}}},
            "Base": base,
        },
    });
    let parent = json!({
        "type": "object",
        "allOf": [{"$ref": "#/$defs/Base"}],
        "properties": {"parent": {"$ref": "#/$defs/Base"}},
        "$defs": {"Base": base},
    });
    let of_properties = |schema: &Value| {
        let mut names: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        names.sort_unstable();
        names
    };
    for (schema, names) in
        [(tagged, vec!["kind", "x"]), (diamond, vec!["a", "b", "x"]), (parent, vec!["parent", "x"])]
    {
        for dialect in [SchemaDialect::Strict, SchemaDialect::Flat] {
            let rewritten = rewrite(dialect, &schema).unwrap();
            assert_eq!(of_properties(&rewritten), names, "{dialect}");
            assert!(!rewritten.to_string().contains("$ref"), "{rewritten}");
        }
    }
}

#[test]
fn a_circle_through_all_of_is_recursive() {
    let schema = json!({
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}, {"type": "object"}]}},
    });
    let error = rewrite(SchemaDialect::Flat, &schema).unwrap_err().kind;
    assert_eq!(error, DialectErrorKind::Recursive { target: "#/$defs/A".into() });
}

#[test]
fn references_are_percent_encoded() {
    let node = json!({
        "type": "object",
        "properties": {"next": {"$ref": "#/$defs/Gr%C3%B6%C3%9Fe"}},
        "required": ["next"],
    });
    let recursive = json!({
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/Gr%C3%B6%C3%9Fe"}},
        "required": ["a"],
        "$defs": {"Größe": node},
    });
    let strict = strict(&recursive);
    assert_eq!(strict["properties"]["a"]["$ref"], "#/$defs/Gr%C3%B6%C3%9Fe");
    assert_eq!(strict["$defs"]["Größe"]["type"], "object");
    let schema = json!({
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/Page%3Cu8%3E"}},
        "$defs": {"Page<u8>": {"type": "object", "additionalProperties": {"type": "integer"}}},
    });
    assert_eq!(flat(&schema)["properties"]["a"]["type"], "array");
    let call = json!({"a": [{"key": "x", "value": 1}]});
    assert_eq!(translate(&schema, &call), json!({"a": {"x": 1}}));
}

#[test]
fn a_schema_with_a_number_that_is_out_of_range_is_an_error() {
    let written: Schema = serde_json::from_str(r#"{"type":"integer","maximum":1e400}"#).unwrap();
    let error = SchemaDialect::Flat.output_schema(&written, LENGTH).unwrap_err();
    let reason = "a JSON Schema must be an object or a boolean".to_owned();
    assert_eq!(error.kind, DialectErrorKind::Invalid { reason: reason.clone() });
    let text = format!("at #: the schema in this dialect is not valid: {reason}");
    assert_eq!(error.to_string(), text);
}
