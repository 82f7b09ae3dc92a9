//! What a tool function may give, and the result it becomes (step 7 of the walk of a call).

use std::borrow::Cow;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{
    AudioContent, CallToolResult, Content, EmbeddedResource, ImageContent, ResourceLink, Schema,
    TextContent,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::IntoToolError;

/// A value that a tool may give.
///
/// Implemented for texts, content blocks and results; wrap any other serializable value in
/// [`Structured`] (functions under `#[tool]` need no wrapping).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool result",
    note = "give a text, content blocks, a `CallToolResult`, `Structured(value)` or a `Result` of one of them"
)]
pub trait IntoToolResult {
    /// The result of the call.
    ///
    /// # Errors
    /// A protocol error, where the value is one.
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject>;

    /// The schema of the structured content, where there is any.
    #[must_use]
    fn output_schema() -> Option<Schema> {
        None
    }
}

impl IntoToolResult for CallToolResult {
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
        Ok(self)
    }
}

/// No content.
impl IntoToolResult for () {
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
        Ok(CallToolResult::new())
    }
}

macro_rules! texts {
    ($($text:ty),+) => { $(
        impl IntoToolResult for $text {
            fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
                Ok(CallToolResult::text(self))
            }
        }
    )+ };
}

// Borrowed texts of any lifetime: a method may give what it borrows from its `self`.
texts!(String, &str, Box<str>, Cow<'_, str>);

macro_rules! blocks {
    ($($block:ty),+) => { $(
        impl IntoToolResult for $block {
            fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
                Ok(CallToolResult::new().content([Content::from(self)]))
            }
        }
    )+ };
}

blocks!(Content, TextContent, ImageContent, AudioContent, ResourceLink, EmbeddedResource);

impl IntoToolResult for Vec<Content> {
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
        Ok(CallToolResult::new().content(self))
    }
}

impl<const N: usize> IntoToolResult for [Content; N] {
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
        Ok(CallToolResult::new().content(self))
    }
}

/// An image as bytes, with its MIME type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image<B = Vec<u8>> {
    /// The file's bytes.
    pub bytes: B,
    /// Such as `image/png`.
    pub mime_type: Cow<'static, str>,
}

impl<B: AsRef<[u8]>> IntoToolResult for Image<B> {
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
        Content::image(self.bytes, self.mime_type).into_tool_result()
    }
}

/// A recording as bytes, with its MIME type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio<B = Vec<u8>> {
    /// The file's bytes.
    pub bytes: B,
    /// Such as `audio/wav`.
    pub mime_type: Cow<'static, str>,
}

impl<B: AsRef<[u8]>> IntoToolResult for Audio<B> {
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
        Content::audio(self.bytes, self.mime_type).into_tool_result()
    }
}

/// Any serializable value: structured content, and its JSON as a text block for clients that read
/// only text.
///
/// Revisions whose structured content must be an object get other values as `{"result": …}`; those
/// without structured content get the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Structured<T>(pub T);

impl<T: Serialize + JsonSchema> IntoToolResult for Structured<T> {
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
        structured(self.0)
    }

    fn output_schema() -> Option<Schema> {
        Some(super::output_schema::<T>())
    }
}

pub(crate) fn structured<T: Serialize>(value: T) -> Result<CallToolResult, ErrorObject> {
    CallToolResult::structured(&value)
        .map_err(|error| crate::error::internal("writing a tool's structured result", &error))
}

impl<T: IntoToolResult, E: IntoToolError> IntoToolResult for Result<T, E> {
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
        match self {
            Ok(value) => value.into_tool_result(),
            Err(error) => error.into_tool_error(),
        }
    }

    fn output_schema() -> Option<Schema> {
        T::output_schema()
    }
}
