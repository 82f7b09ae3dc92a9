//! Arguments that no model writes.

use mcp_core::types::Schema;
use mcp_test_support::Random;
use serde_json::{Value, json};

use super::{CallForm, ConnectionLimits, Node, Shape, Torture, input_schema, torture};

/// Replaces a part of a value by another value.
fn mutate(value: &mut Value, random: &mut Random) {
    let replacements = [
        json!(null),
        json!([]),
        json!({}),
        json!("{\"a\": [null]}"),
        json!([{"key": "a", "value": 1}]),
        json!([{"key": "a"}, 1]),
        json!({"kind": "circle", "center": null}),
        json!(1.5),
    ];
    match value {
        Value::Object(members) if !members.is_empty() && random.below(4) > 0 => {
            let index = random.below(members.len());
            if let Some(member) = members.values_mut().nth(index) {
                mutate(member, random);
            }
        }
        Value::Array(items) if !items.is_empty() && random.below(4) > 0 => {
            let index = random.below(items.len());
            mutate(&mut items[index], random);
        }
        value => *value = random.pick(&replacements).clone(),
    }
}

/// A translation ends, and what it returns is in the form as written, so it is not changed again
/// except for strings that contain strings with JSON.
#[test]
fn mutated_arguments_are_translated_without_a_panic() {
    let call = json!({
        "unit": "celsius",
        "point": {"x": 1.0, "label": null},
        "shapes": [{"kind": "line", "from": {"x": 1.0}, "to": {"x": 2.0, "label": null}}],
        "pair": ["a", 1],
        "counts": [{"key": "a", "value": null}],
        "by_number": [{"key": "1", "value": {"x": 1.0, "label": null}}],
        "any": "1",
        "limit": null,
        "kind": "circle",
        "children": [{"name": "a", "children": [], "next": null}],
        "next": {"name": "b", "children": null},
    });
    let schemas = [
        input_schema::<Torture>(),
        input_schema::<Shape>(),
        input_schema::<Node>(),
        Schema::try_from(json!({"$ref": "#"})).unwrap(),
        Schema::try_from(json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]})).unwrap(),
        Schema::try_from(json!({"allOf": [true, {"$ref": "#"}], "properties": {"a": 1}})).unwrap(),
    ];
    let mut random = Random::new(7);
    for schema in schemas {
        let form = CallForm::new(&schema);
        for _ in 0..500 {
            let mut call = call.clone();
            for _ in 0..1 + random.below(4) {
                mutate(&mut call, &mut random);
            }
            let _ = form.translate(&call.to_string(), &ConnectionLimits::for_server());
        }
    }
    assert!(torture().is_object());
}

#[test]
fn deep_arguments_are_translated_to_a_fixed_depth() {
    let form = CallForm::new(&input_schema::<Node>());
    let mut call = json!({"name": "a", "children": [], "next": null});
    for _ in 0..60 {
        call = json!({"name": "a", "children": [call], "next": null});
    }
    let translated =
        form.translate(&call.to_string(), &ConnectionLimits::for_server()).unwrap().unwrap();
    assert!(translated.get("next").is_none());
    let innermost = (0..60).fold(&translated, |node, _| &node["children"][0]);
    assert!(innermost.get("next").is_some(), "it is deeper than the limit");
}

/// The errors about strings with JSON.
fn errors_of(texts: &[&str], max_values: usize) -> Vec<String> {
    let properties = json!({"a": true, "b": true});
    let schema = json!({"type": "object", "properties": properties});
    let form = CallForm::new(&Schema::try_from(schema).unwrap());
    let mut limits = ConnectionLimits::for_server();
    limits.max_json_nodes = max_values;
    let call: serde_json::Map<_, _> =
        ["a", "b"].iter().zip(texts).map(|(name, text)| ((*name).into(), json!(text))).collect();
    match form.translate(&Value::Object(call).to_string(), &limits) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(str::to_owned).collect(),
    }
}

#[test]
fn the_values_in_all_strings_of_a_call_are_limited() {
    let list = json!(vec![0; 9]).to_string();
    assert_eq!(errors_of(&[&list], 10), [""; 0]);
    let error = "the strings with JSON contain more than 9 values (max_json_nodes)";
    assert_eq!(errors_of(&[&list], 9), [format!("/a: {error}")]);
    let error = "the strings with JSON contain more than 15 values (max_json_nodes)";
    assert_eq!(errors_of(&[&list, &list], 15), [format!("/b: {error}")]);
    assert_eq!(errors_of(&["a: b, c: d, e: f", "[1, 2, 3, "], 3), [""; 0], "they are not JSON");
}

#[test]
fn the_depth_of_json_in_a_string_is_limited() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert_eq!(errors_of(&[&nested(64)], 1_000), [""; 0]);
    let error =
        "/a: the string contains JSON that is nested deeper than 64 levels (max_json_depth)";
    assert_eq!(errors_of(&[&nested(65)], 1_000), [error]);
    assert_eq!(errors_of(&[&nested(100_000)], 1_000_000), [error]);
}

#[test]
fn names_that_the_parser_reserves_are_refused_in_strings() {
    let text = r#"{"$serde_json::private::RawValue": "[[[]]]"}"#;
    let error = "/a: the string contains JSON with a member name that is reserved";
    assert_eq!(errors_of(&[text], 1_000), [error]);
}

/// The number of ways through a schema may grow exponentially with its length.
#[test]
fn a_schema_with_many_ways_is_read_once() {
    let doubling = |keyword: &str| {
        let mut definitions = serde_json::Map::new();
        for level in 0..30 {
            let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
            definitions.insert(format!("d{level}"), json!({keyword: [next, next]}));
        }
        definitions.insert("d30".into(), json!({"type": "integer"}));
        json!({
            "type": "object",
            "properties": {"a": {"anyOf": [{"$ref": "#/$defs/d0"}, {"type": "boolean"}]}},
            "$defs": definitions,
        })
    };
    let circle = |keyword: &str| {
        let itself = json!({"$ref": "#/$defs/A"});
        json!({
            "type": "object",
            "properties": {"a": itself},
            "$defs": {"A": {keyword: [itself, itself, {"type": "integer"}]}},
        })
    };
    for keyword in ["anyOf", "oneOf", "allOf"] {
        for schema in [circle(keyword), doubling(keyword)] {
            for value in [json!(null), json!(1), json!("a"), json!(true), json!({"b": 1})] {
                let call = json!({"a": value});
                let form = CallForm::new(&Schema::try_from(schema.clone()).unwrap());
                let _ = form.translate(&call.to_string(), &ConnectionLimits::for_server());
            }
        }
    }
    let schema = Schema::try_from(circle("anyOf")).unwrap();
    let translated =
        CallForm::new(&schema).translate(r#"{"a":null}"#, &ConnectionLimits::for_server());
    assert_eq!(translated.unwrap(), Some(json!({})), "null is not accepted, so it means absent");
}

#[test]
fn a_number_that_no_value_holds_is_an_error() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "number"}}});
    let form = CallForm::new(&Schema::try_from(schema).unwrap());
    let translate = |text: &str| form.translate(text, &ConnectionLimits::for_server());
    let error = translate(r#"{"a":1e400}"#).unwrap_err();
    assert!(error.to_string().contains("number out of range"), "{error}");
    assert_eq!(translate("{").unwrap(), None, "it is refused where it is decoded");
}

/// Which of several patterns applies to a name is not known.
#[test]
fn values_of_a_map_with_several_patterns_stay_as_they_are() {
    let map = |patterns: Value| {
        let map = json!({"type": "object", "patternProperties": patterns});
        let schema = json!({"type": "object", "properties": {"a": map}});
        let form = CallForm::new(&Schema::try_from(schema).unwrap());
        let call = json!({"a": {"x": "1"}}).to_string();
        form.translate(&call, &ConnectionLimits::for_server()).unwrap()
    };
    assert_eq!(map(json!({"^x": {}})), Some(json!({"a": {"x": 1}})));
    assert_eq!(map(json!({"^y": {}, "^x": {"type": "string"}})), None);
}
