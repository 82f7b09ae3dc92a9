//! The answer of a tool, with assertions.

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{CallToolResult, Content};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::diff::diff;
use super::snapshot::pretty;

/// The answer of a tool. Its assertions return it, so that they chain.
#[derive(Debug, Clone)]
#[must_use = "assert what the tool answered"]
pub struct ToolAnswer {
    tool: String,
    outcome: Result<Value, ErrorObject>,
}

impl ToolAnswer {
    pub(super) fn new(tool: &str, outcome: Result<Value, ErrorObject>) -> Self {
        Self { tool: tool.to_owned(), outcome }
    }

    /// Returns the result, which may be an error of the tool (`isError`).
    ///
    /// # Panics
    /// If the server answered with an error of the protocol, or the result is invalid.
    #[track_caller]
    #[must_use]
    pub fn result(&self) -> CallToolResult {
        let result = self.json();
        match serde_json::from_value(result.clone()) {
            Ok(decoded) => decoded,
            Err(error) => panic!("the result of {:?} is invalid: {error}: {result}", self.tool),
        }
    }

    /// Returns the result as JSON.
    ///
    /// # Panics
    /// If the server answered with an error of the protocol.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> &Value {
        match &self.outcome {
            Ok(result) => result,
            Err(error) => panic!(
                "{:?} was answered with the error {}: {}",
                self.tool,
                error.code(),
                error.message()
            ),
        }
    }

    /// Returns the error of the protocol, if the server answered with one.
    #[must_use]
    pub fn error(&self) -> Option<&ErrorObject> {
        self.outcome.as_ref().err()
    }

    /// Returns the text blocks of a successful result, joined by line breaks.
    ///
    /// # Panics
    /// If the call failed.
    #[track_caller]
    #[must_use]
    pub fn text(&self) -> String {
        let result = self.successful();
        text_of(&result)
    }

    /// Returns the structured content of a successful result.
    ///
    /// # Panics
    /// If the call failed, there is no structured content, or it is not a `T`.
    #[track_caller]
    #[must_use]
    pub fn structured<T: DeserializeOwned>(&self) -> T {
        let content = self.structured_content();
        match serde_json::from_value(content.clone()) {
            Ok(decoded) => decoded,
            Err(error) => panic!(
                "the structured content of {:?} is not of the expected type: {error}: {content}",
                self.tool
            ),
        }
    }

    /// Asserts that the call succeeded, whatever it returned.
    ///
    /// # Panics
    /// If it failed, with the error.
    #[track_caller]
    pub fn assert_success(&self) -> &Self {
        let _ = self.successful();
        self
    }

    /// Asserts that the call succeeded with this text: its text blocks, joined by line breaks.
    ///
    /// # Panics
    /// If it did not, with the difference.
    #[track_caller]
    pub fn assert_text(&self, expected: &str) -> &Self {
        let text = self.text();
        if text != expected {
            panic!(
                "the text of {:?} is not as expected (- expected, + actual):\n{}",
                self.tool,
                diff(expected, &text)
            );
        }
        self
    }

    /// Asserts that the call succeeded with this structured content. The order of members is not
    /// compared.
    ///
    /// In revisions whose structured content must be an object, other values are in its member
    /// `result`.
    ///
    /// # Panics
    /// If it did not, with the difference.
    #[track_caller]
    pub fn assert_structured(&self, expected: impl Serialize) -> &Self {
        let content = self.structured_content();
        let expected = match serde_json::to_value(expected) {
            Ok(expected) => expected,
            Err(error) => panic!("the expected content is not JSON: {error}"),
        };
        if content != expected {
            panic!(
                "the structured content of {:?} is not as expected (- expected, + actual):\n{}",
                self.tool,
                diff(&pretty(&expected), &pretty(&content))
            );
        }
        self
    }

    /// Asserts that the call failed, and that the text of the error has this part. The error is a
    /// result with `isError`, or an error of the protocol.
    ///
    /// # Panics
    /// If it succeeded, or failed with another text.
    #[track_caller]
    pub fn assert_error(&self, part: &str) -> &Self {
        let text = self.error_text();
        if !text.contains(part) {
            panic!("the error of {:?} does not contain {part:?}:\n{text}", self.tool);
        }
        self
    }

    /// Asserts that an argument was refused, by its JSON pointer: `/city`, or `/points/0/x`.
    ///
    /// # Panics
    /// If the call succeeded, or the error is elsewhere.
    #[track_caller]
    pub fn assert_error_at(&self, pointer: &str) -> &Self {
        let text = self.error_text();
        let is_at = |line: &str| {
            let line = line.strip_prefix("- ").unwrap_or(line);
            line.strip_prefix(pointer).is_some_and(|rest| rest.starts_with(": "))
        };
        if !text.lines().any(is_at) {
            panic!("the error of {:?} is not at {pointer:?}:\n{text}", self.tool);
        }
        self
    }

    #[track_caller]
    fn successful(&self) -> CallToolResult {
        let result = self.result();
        if result.is_error == Some(true) {
            panic!("{:?} failed:\n{}", self.tool, text_of(&result));
        }
        result
    }

    #[track_caller]
    fn structured_content(&self) -> Value {
        match self.successful().structured_content {
            Some(content) => content.to_value(),
            None => {
                panic!("the result of {:?} has no structured content: {}", self.tool, self.json())
            }
        }
    }

    #[track_caller]
    fn error_text(&self) -> String {
        if let Err(error) = &self.outcome {
            return error.message().to_owned();
        }
        let result = self.result();
        if result.is_error != Some(true) {
            panic!("{:?} succeeded:\n{}", self.tool, text_of(&result));
        }
        text_of(&result)
    }
}

fn text_of(result: &CallToolResult) -> String {
    let texts = result.content.iter().filter_map(|block| match block {
        Content::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}
