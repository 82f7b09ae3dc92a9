//! Compares front matter with what the server listed. Spec: skills, "Frontmatter Verification".

use mcp_core::json::{JsonObject, canonical};
use mcp_core::text::PeerText;

/// Returns where two objects differ first; `None` if they are equal.
pub(super) fn find(listed: &JsonObject, read: &JsonObject) -> Option<String> {
    let member =
        listed.keys().chain(read.keys()).find(|key| match (listed.get(*key), read.get(*key)) {
            (Some(listed), Some(read)) => canonical(listed) != canonical(read),
            _ => true,
        })?;
    let shown = PeerText::with_max(member, 64);
    Some(match (listed.get(member), read.get(member)) {
        (Some(_), None) => format!("the server lists \"{shown}\", and the file does not have it"),
        (None, _) => format!("the file has \"{shown}\", and the server does not list it"),
        _ => format!("\"{shown}\" has another value in the file than the server lists"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_difference_is_named() {
        let object = |value: Value| value.as_object().unwrap().clone();
        let listed = object(json!({"a": 1, "b": {"c": [1, 2]}}));
        assert_eq!(find(&listed, &object(json!({"b": {"c": [1.0, 2]}, "a": 1}))), None);
        for other in [
            json!({"a": 1}),
            json!({"a": 1, "b": {"c": [2, 1]}}),
            json!({"a": 1, "b": {"c": [1, 2]}, "d": 0}),
        ] {
            assert!(find(&listed, &object(other)).is_some());
        }
    }
}
