//! What a prompt function may give.

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{GetPromptResult, PromptMessage};

use crate::error::ToolError;

/// A value that a prompt may give.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a prompt result",
    note = "give a text, a `PromptMessage`, several of them, a `GetPromptResult` or a `Result` of one of them"
)]
pub trait IntoPromptResult {
    /// The result of the request.
    ///
    /// # Errors
    /// A protocol error, where the value is one.
    fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject>;
}

impl IntoPromptResult for GetPromptResult {
    fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
        Ok(self)
    }
}

impl IntoPromptResult for Vec<PromptMessage> {
    fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
        Ok(GetPromptResult::new(self))
    }
}

impl<const N: usize> IntoPromptResult for [PromptMessage; N] {
    fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
        Ok(GetPromptResult::new(self))
    }
}

impl IntoPromptResult for PromptMessage {
    fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
        Ok(GetPromptResult::new([self]))
    }
}

/// One message of the user.
impl IntoPromptResult for String {
    fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
        PromptMessage::user(self).into_prompt_result()
    }
}

/// One message of the user.
impl IntoPromptResult for &str {
    fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
        PromptMessage::user(self).into_prompt_result()
    }
}

/// The error becomes a protocol error, see [`IntoRequestError`].
impl<T: IntoPromptResult, E: IntoRequestError> IntoPromptResult for Result<T, E> {
    fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
        self.map_err(IntoRequestError::into_request_error)?.into_prompt_result()
    }
}

/// What the error of a prompt or resource function becomes: a protocol error, since their results have no
/// place for one.
pub trait IntoRequestError {
    /// The error that the client gets.
    fn into_request_error(self) -> ErrorObject;
}

impl IntoRequestError for ErrorObject {
    fn into_request_error(self) -> ErrorObject {
        self
    }
}

/// −32603; the text goes to the log.
impl IntoRequestError for ToolError {
    fn into_request_error(self) -> ErrorObject {
        crate::error::internal("a handler", &format_args!("{self:?}"))
    }
}

/// −32603; the text goes to the log.
impl IntoRequestError for String {
    fn into_request_error(self) -> ErrorObject {
        crate::error::internal("a handler", &self)
    }
}
