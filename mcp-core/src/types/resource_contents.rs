//! Contents of a resource: text, or bytes as base64. Spec: server/resources, "Resource Contents".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use crate::json::object;
use crate::meta::Meta;

/// Contents of a resource: text or bytes, distinguished by which of `text` and `blob` is present.
/// All revisions.
///
/// ```
/// use mcp_core::types::ResourceContents;
///
/// let contents = ResourceContents::text("file:///a.md", "# Title").mime_type("text/markdown");
/// assert_eq!(contents.as_text(), Some("# Title"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum ResourceContents {
    /// Text.
    Text(TextResourceContents),
    /// Bytes.
    Blob(BlobResourceContents),
}

object! {
    /// Text contents of a resource. All revisions.
    pub struct TextResourceContents {
        /// The URI.
        uri: String = "uri",
        /// The text.
        text: String = "text",
        /// The media type.
        mime_type?: String = "mimeType",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// Binary contents of a resource. All revisions.
    pub struct BlobResourceContents {
        /// The URI.
        uri: String = "uri",
        /// The bytes, encoded as base64.
        blob: String = "blob",
        /// The media type.
        mime_type?: String = "mimeType",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }
}

impl ResourceContents {
    /// Creates text contents.
    #[must_use]
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Text(TextResourceContents::new(uri, text))
    }

    /// Creates binary contents. The bytes are encoded as base64.
    #[must_use]
    pub fn blob(uri: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self::Blob(BlobResourceContents::from_bytes(uri, bytes))
    }

    /// Sets the media type.
    #[must_use]
    pub fn mime_type(self, mime_type: impl Into<String>) -> Self {
        match self {
            Self::Text(contents) => Self::Text(contents.mime_type(mime_type)),
            Self::Blob(contents) => Self::Blob(contents.mime_type(mime_type)),
        }
    }

    /// Sets the metadata.
    #[must_use]
    pub fn meta(self, meta: impl Into<Meta>) -> Self {
        match self {
            Self::Text(contents) => Self::Text(contents.meta(meta)),
            Self::Blob(contents) => Self::Blob(contents.meta(meta)),
        }
    }

    /// Returns the URI.
    ///
    /// ```
    /// use mcp_core::types::ResourceContents;
    ///
    /// let contents = ResourceContents::text("note://1", "buy milk");
    /// assert_eq!(contents.uri(), "note://1");
    /// ```
    #[must_use]
    pub fn uri(&self) -> &str {
        match self {
            Self::Text(contents) => &contents.uri,
            Self::Blob(contents) => &contents.uri,
        }
    }

    /// Returns the text, or `None` if it is not text.
    ///
    /// ```
    /// use mcp_core::types::ResourceContents;
    ///
    /// assert_eq!(ResourceContents::text("note://1", "buy milk").as_text(), Some("buy milk"));
    /// assert_eq!(ResourceContents::blob("note://1/scan", [0xff, 0xd8]).as_text(), None);
    /// ```
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(contents) => Some(&contents.text),
            Self::Blob(_) => None,
        }
    }
}

impl BlobResourceContents {
    /// Creates binary contents from the bytes, which are encoded as base64.
    #[must_use]
    pub fn from_bytes(uri: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self::new(uri, STANDARD.encode(bytes))
    }

    /// Decodes and returns the bytes.
    ///
    /// ```
    /// use mcp_core::types::ResourceContents;
    ///
    /// let contents = ResourceContents::blob("note://1/scan", [0xff, 0xd8]);
    /// if let ResourceContents::Blob(blob) = contents {
    ///     assert_eq!(blob.bytes()?, [0xff, 0xd8]);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If `blob` is not valid base64.
    pub fn bytes(&self) -> Result<Vec<u8>, base64::DecodeError> {
        STANDARD.decode(&self.blob)
    }
}

impl From<TextResourceContents> for ResourceContents {
    fn from(contents: TextResourceContents) -> Self {
        Self::Text(contents)
    }
}

impl From<BlobResourceContents> for ResourceContents {
    fn from(contents: BlobResourceContents) -> Self {
        Self::Blob(contents)
    }
}

impl Serialize for ResourceContents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(contents) => contents.serialize(serializer),
            Self::Blob(contents) => contents.serialize(serializer),
        }
    }
}

#[expect(dead_code, unreachable_pub, reason = "only the `Deserialize` implementation is used")]
mod either {
    use super::{Meta, object};

    object! {
        /// Contents with both variants' members, so that nothing is buffered to find out which
        /// variant it is.
        pub struct EitherContents {
            /// The URI.
            uri: String = "uri",
            /// The text.
            text?: String = "text",
            /// The bytes, encoded as base64.
            blob?: String = "blob",
            /// The media type.
            mime_type?: String = "mimeType",
            /// Metadata.
            meta?: Meta = "_meta",
        }
    }
}

impl<'de> Deserialize<'de> for ResourceContents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let either::EitherContents { uri, text, blob, mime_type, meta, extra } =
            Deserialize::deserialize(deserializer)?;
        match (text, blob) {
            (Some(text), None) => {
                Ok(Self::Text(TextResourceContents { uri, text, mime_type, meta, extra }))
            }
            (None, Some(blob)) => {
                Ok(Self::Blob(BlobResourceContents { uri, blob, mime_type, meta, extra }))
            }
            (Some(_), Some(_)) => {
                Err(de::Error::custom("resource contents must not have both `text` and `blob`"))
            }
            (None, None) => Err(de::Error::custom("resource contents must have `text` or `blob`")),
        }
    }
}
