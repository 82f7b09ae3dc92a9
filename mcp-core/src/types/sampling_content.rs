//! Content blocks of sampling messages. Spec: client/sampling, "Message Content".
//!
//! Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.

use std::fmt;
use std::slice;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

use super::{AudioContent, Content, ImageContent, TextContent};
use crate::json::{JsonObject, RawJson, object, tagged};
use crate::meta::Meta;

tagged! {
    /// A content block of a sampling message. All revisions; audio since 2025-03-26, tools since
    /// 2025-11-25.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub enum SamplingContent by "type" {
        /// Text.
        Text(TextContent) = "text",
        /// An image.
        Image(ImageContent) = "image",
        /// Audio. Since 2025-03-26.
        Audio(AudioContent) = "audio",
        /// The model wants to use a tool. Since 2025-11-25.
        ToolUse(ToolUseContent) = "tool_use",
        /// The result of a tool. Since 2025-11-25.
        ToolResult(ToolResultContent) = "tool_result",
        _ => Unknown,
    }
}

object! {
    /// The model wants to use a tool. Since 2025-11-25.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct ToolUseContent tag "type" = "tool_use" {
        /// The id that the result refers to.
        id: String = "id",
        /// The name of the tool.
        name: String = "name",
        /// The arguments.
        input: JsonObject = "input",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// The result of a tool. Since 2025-11-25.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct ToolResultContent tag "type" = "tool_result" {
        /// The id of the tool use.
        tool_use_id: String = "toolUseId",
        /// The unstructured result.
        content[]: Vec<Content> = "content",
        /// The structured result: an object, since 2026-07-28 any JSON value.
        structured_content??: RawJson = "structuredContent",
        /// Whether the tool failed.
        is_error?: bool = "isError",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

/// The content of a sampling message: one block, or since 2025-11-25 a list. The form that arrived
/// is kept.
///
/// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
#[derive(Debug, Clone, PartialEq)]
pub enum SamplingContents {
    /// One block.
    One(Box<SamplingContent>),
    /// A list. Since 2025-11-25.
    Many(Vec<SamplingContent>),
}

impl SamplingContent {
    /// Creates a text block.
    ///
    /// ```
    /// use mcp_core::types::{CreateMessageResult, Role, SamplingContent};
    ///
    /// let answer = SamplingContent::text("You need milk.");
    /// let result = CreateMessageResult::new(Role::Assistant, answer, "my-model");
    /// ```
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        TextContent::new(text).into()
    }

    /// Creates an image block. The bytes are encoded as base64.
    #[must_use]
    pub fn image(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> Self {
        ImageContent::from_bytes(bytes, mime_type).into()
    }

    /// Creates an audio block. The bytes are encoded as base64.
    #[must_use]
    pub fn audio(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> Self {
        AudioContent::from_bytes(bytes, mime_type).into()
    }

    /// Returns the text, or `None` if it is not a text block.
    ///
    /// ```
    /// use mcp_core::types::SamplingContent;
    ///
    /// assert_eq!(SamplingContent::text("milk").as_text(), Some("milk"));
    /// assert_eq!(SamplingContent::image([1, 2], "image/png").as_text(), None);
    /// ```
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(content) => Some(&content.text),
            _ => None,
        }
    }
}

impl SamplingContents {
    /// Returns the blocks.
    ///
    /// ```
    /// use mcp_core::types::{SamplingContent, SamplingMessage};
    ///
    /// let scan = SamplingContent::image([0xff, 0xd8], "image/jpeg");
    /// let message = SamplingMessage::user(vec![SamplingContent::text("What is this?"), scan]);
    /// assert_eq!(message.content.as_slice().len(), 2);
    /// ```
    #[must_use]
    pub fn as_slice(&self) -> &[SamplingContent] {
        match self {
            Self::One(block) => slice::from_ref(block),
            Self::Many(blocks) => blocks,
        }
    }

    /// Returns the text of the first text block.
    ///
    /// ```
    /// use mcp_core::types::SamplingMessage;
    ///
    /// let message = SamplingMessage::user("Summarize: buy milk");
    /// assert_eq!(message.content.as_text(), Some("Summarize: buy milk"));
    /// ```
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.as_slice().iter().find_map(SamplingContent::as_text)
    }
}

impl<T: Into<SamplingContent>> From<T> for SamplingContents {
    fn from(block: T) -> Self {
        Self::One(Box::new(block.into()))
    }
}

impl From<Vec<SamplingContent>> for SamplingContents {
    fn from(blocks: Vec<SamplingContent>) -> Self {
        Self::Many(blocks)
    }
}

impl From<String> for SamplingContent {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for SamplingContent {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl Serialize for SamplingContents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(block) => block.serialize(serializer),
            Self::Many(blocks) => blocks.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SamplingContents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = SamplingContents;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a content block or a list of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SamplingContents, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(map)).map(SamplingContents::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<SamplingContents, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(seq))
                    .map(SamplingContents::Many)
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}
