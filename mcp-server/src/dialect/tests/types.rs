//! Types of all kinds have a form in both dialects, and calls as written keep their meaning.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Point, Unit, argument, flat, input_schema, strict, translate};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "value")]
enum Adjacent {
    Nothing,
    Point(Point),
    Pair(u8, String),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
enum Newtype {
    Point(Point),
    Named { name: String, unit: Option<Unit> },
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum External {
    Empty,
    Point(Point),
    Tuple(u8, Option<String>),
    Struct { map: BTreeMap<String, u8> },
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Wrapped(Point);

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nothing;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Closed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inner: Option<Option<u8>>,
    set: BTreeSet<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Flattened {
    id: u32,
    #[serde(flatten)]
    point: Point,
    #[serde(flatten)]
    rest: HashMap<String, u8>,
}

/// The schema of the only argument `a` of a type.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Only<T> {
    a: T,
}

/// Checks the form of a type, and that a value of it arrives as it was.
#[track_caller]
fn check<T: Serialize + for<'de> Deserialize<'de> + JsonSchema>(values: &[Value]) {
    for schema in [input_schema::<Only<T>>(), input_schema::<Only<Option<T>>>()] {
        let written = schema.as_value();
        for rewritten in [strict(&written), flat(&written)] {
            let text = rewritten.to_string();
            for keyword in ["\"oneOf\"", "\"allOf\"", "\"prefixItems\"", "\"const\"", "\"$ref\""] {
                assert!(!text.contains(keyword), "{keyword} in {text}");
            }
            jsonschema::validator_for(&rewritten).unwrap();
        }
        for value in values {
            let call = json!({ "a": value });
            let typed: Only<T> = serde_json::from_value(call.clone()).unwrap();
            let translated = translate(&written, &call);
            let received: Only<T> = serde_json::from_value(translated.clone()).unwrap();
            let [typed, received] = [typed, received].map(|it| serde_json::to_value(it).unwrap());
            assert_eq!(received, typed, "{translated}");
        }
    }
}

#[test]
fn enums_of_every_form() {
    let point = json!({"x": 1.0, "label": "a"});
    check::<Adjacent>(&[
        json!({"type": "Nothing"}),
        json!({"type": "Point", "value": point}),
        json!({"type": "Pair", "value": [1, "a"]}),
    ]);
    check::<Newtype>(&[
        json!({"kind": "Point", "x": 1.0, "label": null}),
        json!({"kind": "Named", "name": "a", "unit": "celsius"}),
    ]);
    check::<External>(&[
        json!("Empty"),
        json!({"Point": point}),
        json!({"Tuple": [1, null]}),
        json!({"Struct": {"map": {"key": 1}}}),
    ]);
    check::<Unit>(&[json!("celsius")]);
}

/// Types and names select one of several alternatives without a tag.
#[test]
fn alternatives_without_a_tag() {
    let point = input_schema::<Point>().as_value();
    let map = json!({"type": "object", "additionalProperties": {"type": "array"}});
    let any = json!([{"type": "string"}, {"type": "number"}, point, map]);
    let written = json!({"type": "object", "properties": {"a": {"anyOf": any}}});
    for value in [json!("a"), json!(1), json!({"x": 1, "label": "b"}), json!({"a": [1], "b": []})] {
        assert_eq!(translate(&written, &json!({"a": value})), json!({"a": value}));
    }
    let point = translate(&written, &json!({"a": {"x": 1, "label": null}}));
    assert_eq!(point, json!({"a": {"x": 1}}));
    let entries = translate(&written, &json!({"a": [{"key": "k", "value": [1]}]}));
    assert_eq!(entries, json!({"a": {"k": [1]}}));
}

#[test]
fn structs_of_every_form() {
    check::<Wrapped>(&[json!({"x": 1.0})]);
    check::<Nothing>(&[json!(null)]);
    check::<Closed>(&[json!({"set": ["a"]}), json!({"set": [], "inner": 1})]);
    check::<Flattened>(&[json!({"id": 1, "x": 1.0}), json!({"id": 1, "x": 1.0, "more": 2})]);
}

#[test]
fn types_of_the_standard_library() {
    check::<(u8, (String, Option<bool>))>(&[json!([1, ["a", null]])]);
    check::<[Point; 2]>(&[json!([{"x": 1.0}, {"x": 2.0, "label": null}])]);
    check::<Vec<Option<Vec<i64>>>>(&[json!([null, [1]])]);
    check::<BTreeMap<u32, BTreeMap<String, Option<u8>>>>(&[json!({"1": {"a": null}, "2": {}})]);
    // A map whose values are named like the parts of an entry is not a list of entries.
    check::<Vec<BTreeMap<String, String>>>(&[json!([{"key": "a", "value": "b"}])]);
    check::<IpAddr>(&[json!("127.0.0.1")]);
    check::<u64>(&[json!(u64::MAX)]);
    check::<i128>(&[json!(i64::MIN)]);
    check::<char>(&[json!("a")]);
    check::<bool>(&[json!(true)]);
    check::<f64>(&[json!(1.5)]);
}

#[test]
fn an_enum_is_never_empty() {
    let mixed = json!({"type": ["number", "string"], "enum": [1, "a"]});
    let [strict, flat] = argument(&mixed);
    let expected = json!([{"type": "number", "enum": [1]}, {"type": "string", "enum": ["a"]}]);
    assert_eq!(strict["anyOf"], expected);
    assert!(flat["anyOf"][0].get("enum").is_none(), "{flat}");
    let [strict, _] = argument(&json!({"type": ["integer", "string"], "enum": ["a"]}));
    assert_eq!(strict, json!({"type": "string", "enum": ["a"]}));
    for null in [json!({"const": null}), json!({"type": ["string", "null"], "const": null})] {
        for schema in argument(&null) {
            assert_eq!(schema, json!({"type": "null"}), "{null}");
        }
    }
}

#[test]
fn groups_that_only_require_members_name_them() {
    let schema = json!({
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    });
    let description = strict(&schema)["description"].as_str().unwrap().to_owned();
    assert!(description.ends_with("one of these groups:\n- a\n- b"), "{description}");
}
