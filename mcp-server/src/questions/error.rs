//! Why a question to the client has no answer.

use std::fmt;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::service::CallError;
use mcp_core::types::CallToolResult;
use serde_json::Value;

use crate::error::{IntoToolError, ToolError};

/// Why a question to the client has no answer. One word; [`AskError::kind`] tells what happened.
#[derive(Debug)]
pub struct AskError(Box<AskErrorDetail>);

#[derive(Debug)]
struct AskErrorDetail {
    kind: AskErrorKind,
    /// Where the request itself is at fault, in the modern era: −32021 with the capability that is
    /// missing, −32602 for an answer that does not fit.
    protocol: Option<ErrorObject>,
    detail: String,
}

/// What happened to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskErrorKind {
    /// The client did not declare that it can answer such questions.
    Unsupported,
    /// The user said no.
    Declined,
    /// The user closed the question.
    Cancelled,
    /// The client answered with an error.
    Refused,
    /// The answer does not fit the question.
    Invalid,
    /// The question breaks a rule of the protocol, so it was not asked: a URL that is not valid, a
    /// form with a field that it cannot have, a use of a tool without its result.
    Malformed,
    /// No answer came in time, or the connection broke.
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
            detail: format!("the client did not declare {required}"),
        }))
    }

    /// The answer does not fit. In the modern era it came in the parameters of the call (MRTR-12).
    pub(crate) fn invalid(detail: impl fmt::Display, modern: bool) -> Self {
        let text = detail.to_string();
        let told = || ErrorObject::invalid_params(format!("/inputResponses: {text}"));
        let protocol = modern.then(told);
        Self(Box::new(AskErrorDetail { kind: AskErrorKind::Invalid, protocol, detail: text }))
    }

    /// What happened.
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
        let what = match self.0.kind {
            AskErrorKind::Unsupported => "the client cannot be asked",
            AskErrorKind::Declined => return f.write_str("the user declined"),
            AskErrorKind::Cancelled => return f.write_str("the user cancelled"),
            AskErrorKind::Refused => "the client refused the question",
            AskErrorKind::Invalid => "the answer does not fit the question",
            AskErrorKind::Malformed => "the question is not valid",
            AskErrorKind::Lost => "no answer arrived",
        };
        write!(f, "{what}: {}", self.0.detail)
    }
}

impl std::error::Error for AskError {}

/// In the modern era a missing capability is −32021 and a malformed answer −32602; anything else
/// the model sees.
impl IntoToolError for AskError {
    fn into_tool_error(self) -> Result<CallToolResult, ErrorObject> {
        match self.0.protocol {
            Some(error) => Err(error),
            None => ToolError::from(self).into_tool_error(),
        }
    }
}

/// For prompts and resources, whose results have no place for an error.
impl From<AskError> for ErrorObject {
    fn from(error: AskError) -> Self {
        let text = error.to_string();
        error.0.protocol.unwrap_or_else(|| Self::new(mcp_core::jsonrpc::code::INTERNAL_ERROR, text))
    }
}
