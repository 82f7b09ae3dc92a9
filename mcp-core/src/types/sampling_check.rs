//! Uses of tools in a conversation, and their results. Spec: client/sampling, "Tool Use and Result
//! Balance" (SAM-4).
//!
//! Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.

use std::collections::BTreeSet;
use std::fmt;

use crate::text::PeerText;

use super::{CreateMessageParams, Role, SamplingContent, SamplingMessage};

/// A message of a conversation that breaks a rule about tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationError {
    message: usize,
    problem: String,
}

impl fmt::Display for ConversationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/messages/{}: {}", self.message, self.problem)
    }
}

impl std::error::Error for ConversationError {}

impl CreateMessageParams {
    /// Checks that each use of a tool is answered by its result.
    ///
    /// Tools are used by the assistant. The message after that is the user's, and has one result
    /// for each use and nothing else.
    ///
    /// # Errors
    /// The first message that breaks the rule.
    pub fn check_tool_results(&self) -> Result<(), ConversationError> {
        let mut expected: BTreeSet<&str> = BTreeSet::new();
        for (index, message) in self.messages.iter().enumerate() {
            let failed = |problem: String| Err(ConversationError { message: index, problem });
            let (uses, results) = (ids(message, tool_use), ids(message, tool_result));
            let is_assistant = message.role == Role::Assistant;
            if !uses.is_empty() && !is_assistant {
                return failed("only the assistant uses tools".to_owned());
            }
            if !results.is_empty() && is_assistant {
                return failed("results of tools belong in a message of the user".to_owned());
            }
            if !results.is_empty() && results.len() != message.content.as_slice().len() {
                return failed("a message with results of tools holds nothing else".to_owned());
            }
            for id in results {
                if !expected.remove(id) {
                    return failed(format!(
                        "the message before it has no use of a tool \"{}\"",
                        shown(id)
                    ));
                }
            }
            if let Some(id) = expected.first() {
                return failed(format!("the result of the tool use \"{}\" is missing", shown(id)));
            }
            for id in uses {
                if !expected.insert(id) {
                    return failed(format!("two uses of tools have the id \"{}\"", shown(id)));
                }
            }
        }
        match expected.first() {
            None => Ok(()),
            Some(id) => Err(ConversationError {
                message: self.messages.len(),
                problem: format!("the result of the tool use \"{}\" is missing", shown(id)),
            }),
        }
    }
}

/// The other side may have chosen the id.
fn shown(id: &str) -> PeerText<'_> {
    PeerText::with_max(id, 64)
}

fn ids(message: &SamplingMessage, id: fn(&SamplingContent) -> Option<&str>) -> Vec<&str> {
    message.content.as_slice().iter().filter_map(id).collect()
}

fn tool_use(block: &SamplingContent) -> Option<&str> {
    match block {
        SamplingContent::ToolUse(tool_use) => Some(&tool_use.id),
        _ => None,
    }
}

fn tool_result(block: &SamplingContent) -> Option<&str> {
    match block {
        SamplingContent::ToolResult(result) => Some(&result.tool_use_id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonObject;
    use crate::types::{ToolResultContent, ToolUseContent};

    fn uses(ids: &[&str]) -> SamplingMessage {
        let blocks = ids.iter().map(|id| ToolUseContent::new(*id, "t", JsonObject::new()).into());
        SamplingMessage::assistant(blocks.collect::<Vec<SamplingContent>>())
    }

    fn results(ids: &[&str]) -> Vec<SamplingContent> {
        ids.iter().map(|id| ToolResultContent::new(*id).into()).collect()
    }

    fn check(messages: Vec<SamplingMessage>) -> Result<(), String> {
        CreateMessageParams::new(messages, 10_u64)
            .check_tool_results()
            .map_err(|error| error.to_string())
    }

    #[test]
    fn each_use_of_a_tool_has_its_result_in_the_next_message() {
        let hello = || SamplingMessage::user("hello");
        check(vec![hello()]).unwrap();
        check(vec![hello(), uses(&["a", "b"]), SamplingMessage::user(results(&["b", "a"]))])
            .unwrap();
        check(vec![
            uses(&["a"]),
            SamplingMessage::user(results(&["a"])),
            uses(&["a"]),
            SamplingMessage::user(results(&["a"])),
            hello(),
        ])
        .unwrap();
        let mut mixed = results(&["a"]);
        mixed.push("and a text".into());
        for (messages, problem) in [
            (vec![uses(&["a"])], "/messages/1: the result of the tool use \"a\" is missing"),
            (
                vec![uses(&["a"]), hello()],
                "/messages/1: the result of the tool use \"a\" is missing",
            ),
            (
                vec![uses(&["a", "b"]), SamplingMessage::user(results(&["a"]))],
                "/messages/1: the result of the tool use \"b\" is missing",
            ),
            (
                vec![hello(), SamplingMessage::user(results(&["a"]))],
                "/messages/1: the message before it has no use of a tool \"a\"",
            ),
            (
                vec![uses(&["a"]), SamplingMessage::user(results(&["a", "a"]))],
                "/messages/1: the message before it has no use of a tool \"a\"",
            ),
            (
                vec![uses(&["a"]), SamplingMessage::user(mixed)],
                "/messages/1: a message with results of tools holds nothing else",
            ),
            (vec![uses(&["a", "a"])], "/messages/0: two uses of tools have the id \"a\""),
            (
                vec![SamplingMessage::user(ToolUseContent::new("a", "t", JsonObject::new()))],
                "/messages/0: only the assistant uses tools",
            ),
            (
                vec![SamplingMessage::assistant(results(&["a"]))],
                "/messages/0: results of tools belong in a message of the user",
            ),
        ] {
            assert_eq!(check(messages), Err(problem.to_owned()));
        }
    }
}
