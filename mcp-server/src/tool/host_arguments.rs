//! Arguments that hosts add to the calls of models.

use mcp_core::json::{JsonBytes, member_ranges};

use super::ToolCall;

/// An argument that Gemini CLI adds to the schema of every tool for its model, to order calls, and
/// passes on if the model sets it.
const ARGUMENT: &str = "wait_for_previous";

impl ToolCall {
    /// Returns the call without the argument of the host. `None` if the call does not have it, or
    /// the tool does.
    #[cold]
    pub(super) fn without_host_argument(&self) -> Option<Self> {
        let arguments = without(self.arguments().as_str())?;
        if self.declares(ARGUMENT) {
            return None;
        }
        Some(self.copy_with(JsonBytes::from_trusted(arguments)))
    }
}

/// Returns the text of an object without the member [`ARGUMENT`]. What else is in it stays as it
/// is, duplicates too. `None` if it does not have the member once.
fn without(object: &str) -> Option<String> {
    let [value] = member_ranges(object, [ARGUMENT]).ok()?;
    let value = value?;
    let name = object[..value.start].trim_end().strip_suffix(':')?.trim_end().strip_suffix('"')?;
    // The name may have escapes, but not that of a quotation mark.
    let before = &name[..name.rfind('"')?];
    let after = &object[value.end..];
    Some(match after.trim_start().strip_prefix(',') {
        Some(after) => format!("{before}{after}"),
        // The last member. If it is not the only one, a comma is before it.
        None => format!("{}{after}", before.trim_end().trim_end_matches(',')),
    })
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn the_member_is_removed_and_the_rest_stays_as_it_is() {
        for (object, rest) in [
            (r#"{"wait_for_previous":true}"#, "{}"),
            (r#"{"a":1,"wait_for_previous":true}"#, r#"{"a":1}"#),
            (r#"{ "wait_for_previous" : {"b":[2]} , "a":1}"#, r#"{  "a":1}"#),
            (r#"{"a":1 , "wait\u005ffor_previous": true, "a":1e400}"#, r#"{"a":1 ,  "a":1e400}"#),
        ] {
            assert_eq!(without(object).as_deref(), Some(rest), "{object}");
        }
        for object in [
            r#"{"a":{"wait_for_previous":true}}"#,
            r#"{"wait_for_previous":true,"wait_for_previous":true}"#,
        ] {
            assert_eq!(without(object), None, "{object}");
        }
    }
}
