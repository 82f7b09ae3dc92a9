//! The error of a question to the client.

use std::fmt;

use mcp_core::jsonrpc::{ErrorObject, capability_names};
use mcp_core::service::CallError;
use mcp_core::types::CallToolResult;
use serde_json::Value;

use crate::error::{IntoToolError, ToolError};

/// The error of a question to the client. [`AskError::kind`] returns what happened.
#[derive(Debug)]
pub struct AskError(Box<AskErrorDetail>);

#[derive(Debug)]
struct AskErrorDetail {
    kind: AskErrorKind,
    /// The protocol error of the whole call, in the modern era: −32021 with the missing capability,
    /// or −32602 for an invalid answer.
    protocol: Option<ErrorObject>,
    detail: String,
}

/// The reason why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskErrorKind {
    /// The client did not declare the capability for the question, or the revision does not have
    /// it.
    Unsupported,
    /// The user declined.
    Declined,
    /// The user dismissed the question without a choice.
    Cancelled,
    /// The client answered with an error.
    Refused,
    /// The answer does not match the question.
    Invalid,
    /// The question is invalid and was not sent: an invalid URL, a form with an unsupported field,
    /// a tool use without its result.
    Malformed,
    /// No answer arrived in time, or the connection failed.
    Lost,
}

impl AskError {
    pub(crate) fn new(kind: AskErrorKind, detail: impl fmt::Display) -> Self {
        Self(Box::new(AskErrorDetail { kind, protocol: None, detail: detail.to_string() }))
    }

    /// `required` is a `ClientCapabilities` object.
    pub(crate) fn unsupported(required: &Value, modern: bool) -> Self {
        Self(Box::new(AskErrorDetail {
            kind: AskErrorKind::Unsupported,
            protocol: modern.then(|| ErrorObject::missing_capability(required)),
            detail: format!(
                "the client did not declare the capability `{}`: the host declares it when it can \
                 handle such questions, and Context::can_elicit and similar methods tell whether it \
                 did",
                capability_names(required).join("`, `")
            ),
        }))
    }

    /// Creates the error for an invalid answer. In the modern era it was part of the parameters of
    /// the call (MRTR-12).
    pub(crate) fn invalid(detail: impl fmt::Display, modern: bool) -> Self {
        let text = detail.to_string();
        let protocol = || ErrorObject::invalid_params(format!("/inputResponses: {text}"));
        let protocol = modern.then(protocol);
        Self(Box::new(AskErrorDetail { kind: AskErrorKind::Invalid, protocol, detail: text }))
    }

    /// Returns the reason.
    #[must_use]
    pub fn kind(&self) -> AskErrorKind {
        self.0.kind
    }
}

impl From<CallError> for AskError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Peer(error) => Self::new(AskErrorKind::Refused, error),
            CallError::Transport(error) => Self::new(AskErrorKind::Lost, error),
            error => Self::new(AskErrorKind::Lost, error),
        }
    }
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = match self.0.kind {
            AskErrorKind::Unsupported => "the client does not support the question",
            AskErrorKind::Declined => return f.write_str("the user declined"),
            AskErrorKind::Cancelled => return f.write_str("the user cancelled"),
            AskErrorKind::Refused => "the client refused the question",
            AskErrorKind::Invalid => "the answer does not match the question",
            AskErrorKind::Malformed => "the question is invalid",
            AskErrorKind::Lost => "no answer arrived",
        };
        write!(f, "{summary}: {}", self.0.detail)
    }
}

impl std::error::Error for AskError {}

/// In the modern era, a missing capability is −32021 and an invalid answer −32602. The model sees
/// all other errors.
impl IntoToolError for AskError {
    fn into_tool_error(self) -> Result<CallToolResult, ErrorObject> {
        match self.0.protocol {
            Some(error) => Err(error),
            None => ToolError::from(self).into_tool_error(),
        }
    }
}

/// For prompts and resources, whose results cannot carry errors.
impl From<AskError> for ErrorObject {
    fn from(error: AskError) -> Self {
        let text = error.to_string();
        error.0.protocol.unwrap_or_else(|| Self::new(mcp_core::jsonrpc::code::INTERNAL_ERROR, text))
    }
}
