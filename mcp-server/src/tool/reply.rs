//! The values that a tool function may return, and their conversion into results.

use std::borrow::Cow;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{
    AudioContent, CallToolResult, Content, EmbeddedResource, ImageContent, ResourceLink, Schema,
    TextContent,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::IntoToolError;

/// A value that a tool function may return.
///
/// Implemented for strings, content blocks and results. Wrap any other serializable value in
/// [`Structured`]; functions under `#[tool]` need no wrapping.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool result",
    note = "return a string, content blocks, a `CallToolResult`, `Structured(value)` or a `Result` of one of them"
)]
pub trait IntoToolResult {
    /// Converts into the result of the call.
    ///
    /// # Errors
    /// The protocol error to answer the call with, if the value is an error.
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject>;

    /// Returns the schema of the structured content, if results have any.
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

/// A result without content.
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

// Borrowed strings of any lifetime: a method may return a string borrowed from `self`.
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

/// An image: its bytes and MIME type.
///
/// ```
/// use mcp_server::tool;
/// use mcp_server::tool::Image;
///
/// /// Render a chart.
/// #[tool]
/// async fn chart(values: Vec<f64>) -> Image {
///     # let png = |_: &[f64]| vec![0x89, b'P', b'N', b'G'];
///     Image { bytes: png(&values), mime_type: "image/png".into() }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image<B = Vec<u8>> {
    /// The bytes of the file.
    pub bytes: B,
    /// The MIME type, such as `image/png`.
    pub mime_type: Cow<'static, str>,
}

impl<B: AsRef<[u8]>> IntoToolResult for Image<B> {
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
        Content::image(self.bytes, self.mime_type).into_tool_result()
    }
}

/// An audio recording: its bytes and MIME type.
///
/// ```
/// use mcp_server::tool;
/// use mcp_server::tool::Audio;
///
/// /// Play the chime.
/// #[tool]
/// fn chime() -> Audio<&'static [u8]> {
///     Audio { bytes: b"RIFF\x24\0\0\0WAVE", mime_type: "audio/wav".into() }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio<B = Vec<u8>> {
    /// The bytes of the file.
    pub bytes: B,
    /// The MIME type, such as `audio/wav`.
    pub mime_type: Cow<'static, str>,
}

impl<B: AsRef<[u8]>> IntoToolResult for Audio<B> {
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
        Content::audio(self.bytes, self.mime_type).into_tool_result()
    }
}

/// Structured content: any serializable value. Its JSON is also sent as a text block, for clients
/// that read only text.
///
/// In revisions whose structured content must be an object, other values are sent as `{"result":
/// …}`. Revisions without structured content receive only the text.
///
/// ```
/// use mcp_server::tool::{Structured, ToolRoute};
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Weather {
///     celsius: f64,
/// }
///
/// let route = ToolRoute::builder("weather")
///     .handler(|| async { Structured(Weather { celsius: 21.5 }) });
/// assert!(route.tool().output_schema.is_some());
/// ```
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
        .map_err(|error| crate::error::internal("encoding a tool's structured result", &error))
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
