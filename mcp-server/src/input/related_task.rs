//! The task that a message belongs to, in 2025-11-25.

use mcp_core::json::{JsonBytes, MembersError, member_ranges};
use mcp_core::meta::RELATED_TASK;
use mcp_core::types::task_2025::RelatedTaskMetadata;

/// Adds to the parameters or the result of a message the task that it belongs to. All other members
/// keep their text.
///
/// # Errors
/// If the message is not an object, or has two members `_meta`.
pub(crate) fn add_related_task(
    message: &JsonBytes,
    related: &RelatedTaskMetadata,
) -> Result<JsonBytes, MembersError> {
    const META: &str = "_meta";
    let text = message.as_str();
    let related = JsonBytes::new(related).map_err(|_| MembersError::NotAnObject)?;
    let [meta] = member_ranges(text, [META])?;
    let meta = meta.and_then(|range| text.get(range)).filter(|meta| meta.starts_with('{'));
    let meta = set_member(meta.unwrap_or("{}"), RELATED_TASK, related.as_str())?;
    set_member(text, META, &meta).map(JsonBytes::from_trusted)
}

/// Sets a member of an object to a JSON text.
fn set_member(object: &str, name: &'static str, value: &str) -> Result<String, MembersError> {
    let [old] = member_ranges(object, [name])?;
    let parts = match old {
        Some(old) => object.get(..old.start).zip(object.get(old.end..)),
        None => object.split_once('{').map(|(_, members)| ("", members)),
    };
    let (before, after) = parts.ok_or(MembersError::NotAnObject)?;
    if !before.is_empty() {
        return Ok([before, value, after].concat());
    }
    let comma = if after.trim_start().starts_with('}') { "" } else { "," };
    Ok(format!("{{\"{name}\":{value}{comma}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_members_keep_their_text() {
        let task = r#""io.modelcontextprotocol/related-task":{"taskId":"t"}"#;
        for (message, expected) in [
            ("{}", format!(r#"{{"_meta":{{{task}}}}}"#)),
            ("{ }", format!(r#"{{"_meta":{{{task}}} }}"#)),
            (r#"{"_meta":null}"#, format!(r#"{{"_meta":{{{task}}}}}"#)),
            (r#"{"_meta":{}}"#, format!(r#"{{"_meta":{{{task}}}}}"#)),
            (
                r#"{"b":123456789012345678901234567890,"_meta": {"x":1.0},"a":1e400}"#,
                format!(
                    r#"{{"b":123456789012345678901234567890,"_meta": {{{task},"x":1.0}},"a":1e400}}"#
                ),
            ),
            (
                r#"{"_meta":{"a":1,"io.modelcontextprotocol/related-task":{"taskId":"other"}}}"#,
                format!(r#"{{"_meta":{{"a":1,{task}}}}}"#),
            ),
        ] {
            let related = RelatedTaskMetadata::new("t");
            let added = add_related_task(&JsonBytes::from_trusted(message), &related).unwrap();
            assert_eq!(added.as_str(), expected, "{message}");
        }
        add_related_task(&JsonBytes::from_trusted("[]"), &RelatedTaskMetadata::new("t"))
            .unwrap_err();
    }
}
