//! What a result is, read from its text without decoding it.

use std::ops::Range;

use mcp_core::json::{JsonBytes, member_ranges};

use crate::json_text::read_text;

/// What a result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultKind {
    /// What the call was for.
    Complete,
    /// A tool says that it failed. Also a result of an extension with `isError`.
    Failed,
    /// Questions to the user or the client.
    InputRequired,
    /// A task that was begun.
    Task,
    /// Of an extension, or unreadable.
    Other,
}

impl ResultKind {
    pub(super) fn of(result: &JsonBytes) -> Self {
        let text = result.as_str();
        let Ok(members) = member_ranges(text, ["resultType", "isError", "task"]) else {
            return Self::Other;
        };
        let [kind, is_error, task] = members.map(|range: Option<Range<usize>>| text.get(range?));
        let kind = kind.map(|kind| read_text(kind).unwrap_or_default());
        match kind.as_deref() {
            Some("input_required") => Self::InputRequired,
            Some("task") => Self::Task,
            _ if task.is_some() => Self::Task,
            _ if is_error == Some("true") => Self::Failed,
            None | Some("complete") => Self::Complete,
            Some(_) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_what_its_members_say() {
        for (text, kind) in [
            (r"{}", ResultKind::Complete),
            (r#"{"content":[],"isError":false}"#, ResultKind::Complete),
            (r#"{"resultType":"complete"}"#, ResultKind::Complete),
            (r#"{"resultType":"comp\u006cete","isError":true}"#, ResultKind::Failed),
            (r#"{"isError":true}"#, ResultKind::Failed),
            (r#"{"resultType":"input_required"}"#, ResultKind::InputRequired),
            (r#"{"resultType":"task"}"#, ResultKind::Task),
            (r#"{"task":{"taskId":"1"}}"#, ResultKind::Task),
            (r#"{"resultType":"of an extension"}"#, ResultKind::Other),
            (r#"{"resultType":"of an extension","isError":true}"#, ResultKind::Failed),
            (r#"{"resultType":1}"#, ResultKind::Other),
        ] {
            assert_eq!(ResultKind::of(&JsonBytes::from_trusted(text)), kind, "{text}");
        }
    }
}
