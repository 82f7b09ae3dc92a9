//! One JSON value as a slice of the frame it arrived in (step 2 of a call, see ARCHITECTURE.md).

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The text of one JSON value, which shares the buffer of the message it arrived in.
///
/// The text is one complete JSON value in UTF-8: what a peer sent has passed the
/// [scanner](crate::codec::scan) and a parser, and what this side sends comes from a serializer. A
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
pub struct JsonBytes(Bytes);

impl JsonBytes {
    /// Serializes a value.
    ///
    /// # Errors
    /// If the value cannot be written as JSON, for example a map whose keys are not strings.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(value).map(|text| Self(text.into()))
    }

    /// Wraps bytes that are known to be one JSON value: a slice of a parsed frame, or the output of
    /// a serializer. The bytes are not checked.
    pub fn from_trusted(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// Returns the value `{}`.
    pub const fn empty_object() -> Self {
        Self(Bytes::from_static(b"{}"))
    }

    /// Parses the value as a `T`, which may borrow from the text.
    ///
    /// # Errors
    /// If the value is not a `T`.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.0)
    }

    /// Returns the text as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the text as shared bytes.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// Returns a value inside this one, which shares the buffer. `raw` must borrow from this text.
    ///
    /// # Panics
    /// If `raw` is not a part of this text.
    pub fn slice_of(&self, raw: &serde_json::value::RawValue) -> Self {
        Self(self.0.slice_ref(raw.get().as_bytes()))
    }

    /// Returns the value at a byte range of this text, which shares the buffer. See
    /// [`JsonBytes::member_ranges`].
    ///
    /// # Panics
    /// If the range is outside of this text.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        Self(self.0.slice(range))
    }
}

impl fmt::Debug for JsonBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}
