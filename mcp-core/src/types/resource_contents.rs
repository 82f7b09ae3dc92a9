//! Contents of a resource: text, or bytes in base64. Spec: server/resources, "Resource Contents".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use crate::json::object;
use crate::meta::Meta;

/// Contents of a resource: text or bytes, told apart by which of `text` and `blob` is there. All revisions.
#[derive(Debug, Clone, PartialEq)]
pub enum ResourceContents {
    /// Text.
    Text(TextResourceContents),
    /// Bytes.
    Blob(BlobResourceContents),
}

object! {
    /// Text of a resource. All revisions.
    pub struct TextResourceContents {
        /// Its URI.
        uri: String = "uri",
        /// The text.
        text: String = "text",
        /// Its media type.
        mime_type?: String = "mimeType",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// Bytes of a resource. All revisions.
    pub struct BlobResourceContents {
        /// Its URI.
        uri: String = "uri",
        /// The bytes in base64.
        blob: String = "blob",
        /// Its media type.
        mime_type?: String = "mimeType",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }
}

impl ResourceContents {
    /// Text.
    #[must_use]
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Text(TextResourceContents::new(uri, text))
    }

    /// Bytes, which are encoded.
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

    /// The URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        match self {
            Self::Text(contents) => &contents.uri,
            Self::Blob(contents) => &contents.uri,
        }
    }

    /// The text, when it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(contents) => Some(&contents.text),
            Self::Blob(_) => None,
        }
    }
}

impl BlobResourceContents {
    /// From the bytes.
    #[must_use]
    pub fn from_bytes(uri: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self::new(uri, STANDARD.encode(bytes))
    }

    /// The bytes.
    ///
    /// # Errors
    /// When `blob` is not base64.
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

// Only its serde code is used.
#[allow(dead_code, unreachable_pub)]
mod either {
    use super::{Meta, object};

    object! {
        /// Both forms at once, as they are read: nothing is kept aside to find out which it is.
        pub struct EitherContents {
            /// URI.
            uri: String = "uri",
            /// Text form.
            text?: String = "text",
            /// Blob form.
            blob?: String = "blob",
            /// Media type.
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
                Err(de::Error::custom("resource contents with both `text` and `blob`"))
            }
            (None, None) => {
                Err(de::Error::custom("resource contents with neither `text` nor `blob`"))
            }
        }
    }
}
