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
