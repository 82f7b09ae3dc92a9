//! The raw JSON types: members are those that a parser finds, text survives, and canonical JSON is
//! canonical.

use mcp_core::codec::scan::scan;
use mcp_core::json::{JsonBytes, MembersError, RawJson, canonical};
use serde_json::Value;

use crate::reference::{self, Value as Reference};

const NAMES: [&str; 3] = ["a", "name", ""];

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let members = JsonBytes::from_trusted(text).members(NAMES);
    if scan(text, 64, 10_000).is_err() {
        return;
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    check_members(text, members);

    let canonical_text = canonical(&value);
    let again: Value = serde_json::from_slice(&canonical_text).expect("canonical JSON is JSON");
    if !has_fraction(&value) {
        assert_eq!(canonical(&again), canonical_text);
    }

    let raw: RawJson = serde_json::from_str(text).expect("JSON is raw JSON");
    assert!(!raw.get().contains(['\n', '\r']), "{raw:?}");
    assert_eq!(raw.to_value(), value);
    let serialized = serde_json::to_string(&raw).expect("raw JSON");
    assert_eq!(serialized, raw.get());
}

/// Whether a number is not an integer that every reader represents exactly. `serde_json` may read
/// such a number as one of the two neighbouring doubles.
fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            let is_exact = |float: f64| float.fract() == 0.0 && float.abs() < 9e15;
            number.is_f64() && !number.as_f64().is_some_and(is_exact)
        }
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(members) => members.values().any(has_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// Compares the members with those of the reference parser, which keeps repeated ones.
fn check_members(text: &str, members: Result<[Option<JsonBytes>; 3], MembersError>) {
    let node = reference::parse(text).expect("JSON for serde_json is JSON for the reference");
    let Reference::Object(expected) = &node.value else {
        assert_eq!(members, Err(MembersError::NotAnObject));
        return;
    };
    let named = |name: &str| {
        let matching = expected.iter().filter(|(key, _)| key.as_deref() == Some(name));
        matching.map(|(_, node)| node.text).collect::<Vec<_>>()
    };
    match members {
        Ok(members) => {
            for (name, member) in NAMES.into_iter().zip(members) {
                let text = member.as_ref().map(JsonBytes::as_bytes);
                assert_eq!(
                    text.as_slice(),
                    named(name).iter().map(|t| t.as_bytes()).collect::<Vec<_>>()
                );
            }
        }
        Err(MembersError::Duplicate(name)) => assert!(named(name).len() > 1, "{name}"),
        Err(error) => panic!("{error}"),
    }
}
