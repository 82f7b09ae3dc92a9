//! Arguments that no model writes.

use mcp_core::types::Schema;
use mcp_test_support::Random;
use serde_json::{Value, json};

use super::{CallForm, Node, Shape, Torture, input_schema, torture};

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
            let _ = form.translate(&call.to_string(), 100);
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
    let translated = form.translate(&call.to_string(), 100).unwrap().unwrap();
    assert!(translated.get("next").is_none());
    let innermost = (0..60).fold(&translated, |node, _| &node["children"][0]);
    assert!(innermost.get("next").is_some(), "it is deeper than the limit");
}
