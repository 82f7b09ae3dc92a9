//! Tests of the supported keywords.

use mcp_core::types::Schema;
use serde_json::{Value, json};

use super::SchemaCheck;

fn explicit(schema: Value, value: &Value) -> Vec<String> {
    let check = SchemaCheck::of_result(&Schema::try_from(schema).unwrap());
    violations(&check, value)
}

fn typed(schema: Value, value: &Value) -> Vec<String> {
    let check = SchemaCheck::of_typed_arguments(&Schema::try_from(schema).unwrap());
    violations(&check, value)
}

fn violations(check: &SchemaCheck, value: &Value) -> Vec<String> {
    let text = serde_json::to_string(value).unwrap();
    check.violations(&text).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(schema: &Value, good: &[Value], bad: &[(Value, &str)]) {
    for value in good {
        assert_eq!(explicit(schema.clone(), value), Vec::<String>::new(), "{schema} {value}");
    }
    for (value, reason) in bad {
        assert_eq!(explicit(schema.clone(), value), [*reason], "{schema} {value}");
    }
}

#[test]
fn types_and_fixed_values_are_checked() {
    check(
        &json!({"type": "integer"}),
        &[json!(5), json!(-5), json!(5.0), json!(u64::MAX)],
        &[
            (json!(5.5), ": expected an integer, got the number 5.5"),
            (json!("5"), ": expected an integer, got the string \"5\""),
            (json!(null), ": expected an integer, got null"),
        ],
    );
    check(
        &json!({"type": ["string", "null"]}),
        &[json!("a"), json!(null)],
        &[(json!([]), ": expected a string or null, got an array")],
    );
    check(
        &json!({"enum": ["a", 1, null]}),
        &[json!("a"), json!(1.0), json!(null)],
        &[(json!("b"), ": expected one of \"a\", 1, null")],
    );
    check(&json!({"const": {"a": 1}}), &[json!({"a": 1.0})], &[]);
    check(&json!(true), &[json!(1)], &[]);
    check(&json!(false), &[], &[(json!(1), ": no value is allowed here")]);
}

#[test]
fn bounds_of_numbers_are_checked() {
    check(
        &json!({"minimum": 1, "maximum": 10}),
        &[json!(1), json!(10), json!(1.5), json!("not a number")],
        &[
            (json!(0), ": must be at least 1, got 0"),
            (json!(10.5), ": must be at most 10, got 10.5"),
        ],
    );
    check(
        &json!({"exclusiveMinimum": 0.0, "exclusiveMaximum": 1.0}),
        &[json!(0.5)],
        &[(json!(0), ": must be more than 0, got 0"), (json!(1), ": must be less than 1, got 1")],
    );
    // Beyond the exact range of a double.
    check(
        &json!({"maximum": 9_007_199_254_740_993_u64}),
        &[json!(9_007_199_254_740_993_u64)],
        &[(
            json!(9_007_199_254_740_994_u64),
            ": must be at most 9007199254740993, got 9007199254740994",
        )],
    );
    check(
        &json!({"multipleOf": 3}),
        &[json!(9), json!(-3), json!(0)],
        &[(json!(10), ": must be a multiple of 3, got 10")],
    );
    check(&json!({"multipleOf": 0.1}), &[json!(0.3), json!(1)], &[]);
}

#[test]
fn bounds_of_strings_are_checked() {
    check(
        &json!({"minLength": 2, "maxLength": 3}),
        &[json!("äö"), json!("äöü"), json!(7)],
        &[
            (json!("ä"), ": must have at least 2 characters, got 1"),
            (json!("äöüß"), ": must have at most 3 characters, got 4"),
        ],
    );
    check(
        &json!({"pattern": "^[a-z]+$"}),
        &[json!("abc")],
        &[(json!("aBc"), ": must match the pattern ^[a-z]+$")],
    );
    check(&json!({"pattern": "b"}), &[json!("abc")], &[]);
    // Unsupported expressions are not enforced.
    check(&json!({"pattern": "(?=a)b"}), &[json!("x")], &[]);
    let long = json!("a".repeat((64 << 10) + 1));
    let reason = ": has 65537 bytes; a string with a pattern can have at most 65536";
    check(&json!({"pattern": "a"}), &[], &[(long, reason)]);
}

/// With backtracking, this would take exponential time.
#[test]
fn matching_a_pattern_takes_linear_time() {
    let text = json!("a".repeat(60_000));
    let reason = ": must match the pattern ^(a+)+b$";
    check(&json!({"pattern": "^(a+)+b$"}), &[], &[(text, reason)]);
}

#[test]
fn arrays_and_objects_are_checked() {
    check(
        &json!({"items": {"type": "integer"}, "minItems": 1, "maxItems": 2, "uniqueItems": true}),
        &[json!([1]), json!([1, 2])],
        &[
            (json!([]), ": must have at least 1 items, got 0"),
            (json!([1, 2, 3]), ": must have at most 2 items, got 3"),
            (json!([1, "a"]), "/1: expected an integer, got the string \"a\""),
            (json!([1, 1.0]), "/1: equals an earlier item; the items must be unique"),
        ],
    );
    check(
        &json!({"prefixItems": [{"type": "string"}], "items": {"type": "boolean"}}),
        &[json!([]), json!(["a"]), json!(["a", true])],
        &[(json!(["a", 1]), "/1: expected a boolean, got the integer 1")],
    );
    check(
        &json!({
            "properties": {"a/b": {"type": "string"}}, "required": ["a/b"],
            "additionalProperties": false, "maxProperties": 1,
        }),
        &[json!({"a/b": "x"})],
        &[
            (json!({}), "/a~1b: the member is required"),
            (json!({"a/b": 1}), "/a~1b: expected a string, got the integer 1"),
        ],
    );
    check(
        &json!({"patternProperties": {"^\\d+$": {"type": "string"}}, "additionalProperties": false}),
        &[json!({"12": "x"})],
        &[(json!({"x": 1}), "/x: unknown member")],
    );
    check(
        &json!({"additionalProperties": {"type": "integer"}}),
        &[json!({"a": 1})],
        &[(json!({"a": "b"}), "/a: expected an integer, got the string \"b\"")],
    );
}

#[test]
fn alternatives_and_references_are_checked() {
    check(
        &json!({"anyOf": [{"type": "string", "maxLength": 2}, {"type": "integer"}]}),
        &[json!("ab"), json!(1)],
        &[
            (json!("abc"), ": must have at most 2 characters, got 3"),
            (json!(true), ": matches none of the allowed alternatives"),
        ],
    );
    let tagged = json!({"oneOf": [
        {"type": "object", "properties": {"kind": {"const": "a"}, "n": {"maximum": 1}}, "required": ["kind"]},
        {"type": "object", "properties": {"kind": {"const": "b"}}, "required": ["kind"]},
    ]});
    check(
        &tagged,
        &[json!({"kind": "a", "n": 1}), json!({"kind": "b", "n": 5})],
        &[
            (json!({"kind": "a", "n": 2}), "/n: must be at most 1, got 2"),
            (json!({"kind": "c"}), ": matches none of the allowed alternatives"),
        ],
    );
    let both = json!({"oneOf": [{"type": "integer"}, {"minimum": 5}]});
    check(&both, &[json!(3)], &[(json!(7), ": matches more than one of the allowed alternatives")]);
    check(
        &json!({"$ref": "#/$defs/small", "$defs": {"small": {"maximum": 1}}}),
        &[json!(1)],
        &[(json!(2), ": must be at most 1, got 2")],
    );
    check(
        &json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}),
        &[json!(1)],
        &[(json!(3), ": must be at most 2, got 3")],
    );
    let tree = json!({
        "type": "object",
        "properties": {"value": {"type": "integer"}, "children": {"items": {"$ref": "#"}}},
        "required": ["value"],
    });
    check(
        &tree,
        &[json!({"value": 1, "children": [{"value": 2, "children": []}]})],
        &[(
            json!({"value": 1, "children": [{"value": 2, "children": [{}]}]}),
            "/children/0/children/0/value: the member is required",
        )],
    );
}

#[test]
fn validation_against_a_recursive_schema_terminates() {
    check(&json!({"$ref": "#"}), &[json!(1)], &[]);
    check(&json!({"allOf": [{"$ref": "#"}], "minimum": 1}), &[json!(1)], &[]);
    check(&json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}), &[json!([1])], &[]);
    let reason = ": takes too long to validate; send a smaller value";
    check(&json!({"oneOf": [{"$ref": "#"}, {"$ref": "#"}]}), &[], &[(json!([1]), reason)]);
    let nested = json!({"anyOf": [
        {"properties": {"a": {"$ref": "#"}}, "required": ["b"]},
        {"properties": {"a": {"$ref": "#"}}, "required": ["c"]},
        {"type": "integer"},
    ]});
    let mut value = json!(1);
    for _ in 0..60 {
        value = json!({ "a": value });
    }
    assert_eq!(explicit(nested, &value).len(), 1);
}

/// Without a limit, each level would double the visits: 2 to the power of 40.
#[test]
fn the_search_for_integers_in_nested_alternatives_terminates() {
    let variant = |kind: &str| {
        json!({
            "properties": {"kind": {"const": kind}, "size": {"type": "integer"}, "next": {"$ref": "#"}},
            "required": ["kind"],
        })
    };
    let schema = Schema::try_from(json!({"oneOf": [variant("a"), variant("b")]})).unwrap();
    let check = SchemaCheck::of_typed_arguments(&schema);
    let mut value = json!({"kind": "c"});
    for _ in 0..60 {
        value = json!({"kind": "a", "size": 1.0, "next": value});
    }
    assert!(check.write_integers(&mut value));
    assert_eq!(value["next"]["next"]["size"].to_string(), "1");
}

#[test]
fn a_limited_number_of_violations_is_reported() {
    let schema = json!({"properties": {"a": {"maximum": 1}, "b": {"maxLength": 1}}});
    assert_eq!(
        explicit(schema, &json!({"a": 2, "b": "xx"})),
        ["/a: must be at most 1, got 2", "/b: must have at most 1 characters, got 2"]
    );
    let many = vec![5; 10_000];
    assert_eq!(explicit(json!({"items": {"maximum": 1}}), &json!(many)).len(), 8);
}

#[test]
fn for_typed_arguments_only_constraints_that_the_type_does_not_enforce_are_checked() {
    let schema = || {
        json!({
            "type": "object",
            "properties": {
                "count": {"type": "integer", "minimum": 1},
                "deep": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
                "maybe": {"type": "integer", "minimum": 1},
                "kind": {"enum": ["a"]},
            },
            "required": ["count"],
            "additionalProperties": false,
        })
    };
    // A serde alias, a custom `Deserialize`: the type decides.
    for value in [
        json!({"count": "three"}),
        json!({"kind": "alias"}),
        json!({"count": 1, "deep": {}}),
        json!({"count": 1, "maybe": null}),
        json!({"count": 1, "number": 2}),
    ] {
        assert_eq!(typed(schema(), &value), Vec::<String>::new(), "{value}");
    }
    assert_eq!(typed(schema(), &json!({"count": 0})), ["/count: must be at least 1, got 0"]);
    assert_eq!(
        typed(schema(), &json!({"count": 1, "deep": ["hidden"]})),
        ["/deep: expected an object, got an array"]
    );
}

#[test]
fn unknown_members_next_to_a_mirrored_argument_are_refused() {
    let schema = || {
        json!({"type": "object", "properties": {"deep": {
            "type": "object",
            "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
        }}})
    };
    assert_eq!(typed(schema(), &json!({"deep": {"region": "eu"}})), Vec::<String>::new());
    assert_eq!(
        typed(schema(), &json!({"deep": {"zone": "eu"}})),
        ["/deep/zone: unknown member; known are region"]
    );
    assert_eq!(typed(schema(), &json!({"other": {}})), ["/other: unknown member; known are deep"]);
}

#[test]
fn arguments_without_constraints_need_no_validation() {
    let needed = |schema: Value| {
        SchemaCheck::of_typed_arguments(&Schema::try_from(schema).unwrap()).is_needed()
    };
    let flat = json!({
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": ["string", "null"]}, "c": {"items": {"type": "string"}, "type": "array"}},
        "required": ["a"], "additionalProperties": false,
    });
    assert!(!needed(flat));
    assert!(needed(json!({"properties": {"a": {"minimum": 0}}})));
    assert!(needed(
        json!({"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"properties": {"c": {}}}}})
    ));
}

#[test]
fn floats_become_integers_where_the_schema_requires_them() {
    let schema = Schema::try_from(json!({
        "properties": {
            "n": {"type": "integer"}, "f": {"type": "number"}, "any": {},
            "list": {"prefixItems": [{}], "items": {"$ref": "#/$defs/id"}},
            "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
        "additionalProperties": {"type": "integer"},
        "$defs": {"id": {"type": "integer"}},
    }))
    .unwrap();
    let check = SchemaCheck::of_typed_arguments(&schema);
    let mut value = json!({
        "n": 5.0, "f": 5.0, "any": 5.0, "list": [1.0, 2.0], "maybe": 1e3, "other": -2.0,
    });
    assert!(check.write_integers(&mut value));
    let expected = json!({
        "n": 5, "f": 5.0, "any": 5.0, "list": [1.0, 2], "maybe": 1000, "other": -2,
    });
    assert_eq!(value, expected);
    for text in [r#"{"n": 5.5}"#, r#"{"n": 1e300}"#, r#"{"n": 9007199254740994.0}"#] {
        let mut value: Value = serde_json::from_str(text).unwrap();
        assert!(!check.write_integers(&mut value), "{text}");
    }
    // The schema of a map with integers as keys.
    let schema = Schema::try_from(json!({
        "patternProperties": {"^\\d+$": {"type": "integer"}}, "additionalProperties": false,
    }));
    let mut value = json!({"1": 5.0, "x": 5.0});
    assert!(SchemaCheck::of_typed_arguments(&schema.unwrap()).write_integers(&mut value));
    assert_eq!(value, json!({"1": 5, "x": 5.0}));
}
