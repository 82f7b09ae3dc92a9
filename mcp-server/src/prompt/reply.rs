//! What a prompt function may give.

use std::borrow::Cow;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{GetPromptResult, PromptMessage};

/// A value that a prompt may give.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a prompt result",
    label = "neither text nor messages",
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

macro_rules! texts {
    ($($text:ty),+) => { $(
        /// One message of the user.
        impl IntoPromptResult for $text {
            fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
                PromptMessage::user(String::from(self)).into_prompt_result()
            }
        }
    )+ };
}

texts!(String, &str, Box<str>, Cow<'_, str>);

/// The error becomes a protocol error, since the result of a prompt has no place for one.
impl<T: IntoPromptResult, E: Into<ErrorObject>> IntoPromptResult for Result<T, E> {
    fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
        self.map_err(Into::into)?.into_prompt_result()
    }
}
