//! One JSON value as a slice of the frame it arrived in (step 2 of a call, see ARCHITECTURE.md).

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;
use serde::{Deserialize, Serialize};

/// The text of one JSON value, which shares the buffer of the message it arrived in.
///
/// The text is one complete JSON value: what a peer sent was checked when its
/// message was decoded, and what this side sends comes from a serializer.
/// That it is UTF-8 is checked once, when a message arrives, and part of the type from then on. A
/// clone increments a reference count.
///
/// ```
/// use mcp_core::json::JsonBytes;
///
/// let params = JsonBytes::new(&serde_json::json!({ "name": "add", "arguments": { "a": 1 } }))?;
/// let [name, arguments] = params.members(["name", "arguments"])?;
/// assert_eq!(name.unwrap().parse::<String>()?, "add");
/// assert_eq!(arguments.unwrap().as_bytes(), br#"{"a":1}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct JsonBytes(ByteString);

impl JsonBytes {
    /// Serializes a value.
    ///
    /// # Errors
    /// If the value cannot be written as JSON, for example a map whose keys are not strings.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        super::to_text(value).map(Self::from_trusted)
    }

    /// Wraps text that is known to be one JSON value, such as the output of a serializer. The text
    /// is not checked.
    pub fn from_trusted(text: impl Into<String>) -> Self {
        Self(ByteString::from(text.into()))
    }

    /// Wraps a part of a frame that was decoded.
    pub(crate) const fn from_frame(text: ByteString) -> Self {
        Self(text)
    }

    /// Returns the value `{}`.
    pub const fn empty_object() -> Self {
        Self(ByteString::from_static("{}"))
    }

    /// Parses the value as a `T`, which may borrow from the text.
    ///
    /// # Errors
    /// If the value is not a `T`.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Returns the text as shared bytes.
    pub fn into_bytes(self) -> Bytes {
        self.0.into_bytes()
    }

    /// Returns a value inside this one, which shares the buffer. `text` must borrow from this text.
    ///
    /// # Panics
    /// If `text` is not a part of this text.
    #[must_use]
    pub fn slice_ref(&self, text: &str) -> Self {
        Self(self.0.slice_ref(text))
    }

    /// Returns the value at a byte range of this text, which shares the buffer. See
    /// [`JsonBytes::member_ranges`].
    ///
    /// # Panics
    /// If the range is outside of this text, or begins or ends inside a character.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        Self(self.0.slice_ref(&self.0[range]))
    }
}

impl fmt::Debug for JsonBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
