//! The values that a prompt function may return.

use std::borrow::Cow;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{GetPromptResult, PromptMessage};

/// A value that a prompt function may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a prompt result",
    label = "neither text nor messages",
    note = "return a string, a `PromptMessage`, several of them, a `GetPromptResult` or a `Result` of one of them"
)]
pub trait IntoPromptResult {
    /// Converts into the result of the request.
    ///
    /// # Errors
    /// The protocol error to answer the request with, if the value is an error.
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

macro_rules! texts {
    ($($text:ty),+) => { $(
        /// One message with the role `user`.
        impl IntoPromptResult for $text {
            fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
                PromptMessage::user(String::from(self)).into_prompt_result()
            }
        }
    )+ };
}

texts!(String, &str, Box<str>, Cow<'_, str>);

/// The error is sent as a protocol error, because the result of a prompt cannot carry one.
impl<T: IntoPromptResult, E: Into<ErrorObject>> IntoPromptResult for Result<T, E> {
    fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
        self.map_err(Into::into)?.into_prompt_result()
    }
}
