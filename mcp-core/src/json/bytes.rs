//! One JSON value as a slice of the frame it came in (step 2 of the walk of a call).

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The text of one JSON value, sharing the buffer of the message it came in.
///
/// A clone is a reference count. The text has passed the [scanner](crate::codec::scan) when it came from a
/// peer, and was written by a serializer when it is our own, so it is one complete JSON value in UTF-8.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonBytes(Bytes);

impl JsonBytes {
    /// Serializes a value.
    ///
    /// # Errors
    /// When the value cannot be written as JSON, such as a map whose keys are not strings.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(value).map(|text| Self(text.into()))
    }

    /// Takes bytes that are known to be one JSON value: a slice of a parsed frame, or serializer output.
    pub fn from_trusted(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The value `{}`.
    pub const fn empty_object() -> Self {
        Self(Bytes::from_static(b"{}"))
    }

    /// Reads the value as a `T`, which may borrow from the text.
    ///
    /// # Errors
    /// When the value is not a `T`.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.0)
    }

    /// The text as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text as shared bytes.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// A value inside this one, sharing the buffer; `raw` must have been borrowed from it.
    ///
    /// # Panics
    /// If `raw` is not a part of this text.
    pub fn slice_of(&self, raw: &serde_json::value::RawValue) -> Self {
        Self(self.0.slice_ref(raw.get().as_bytes()))
    }

    /// The value in a range of this text, sharing the buffer. See [`JsonBytes::member_ranges`].
    ///
    /// # Panics
    /// If the range is not within this text.
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
