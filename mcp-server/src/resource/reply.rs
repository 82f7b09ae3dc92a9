//! What a resource function may give.

use std::borrow::Cow;

use bytes::Bytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{ReadResourceResult, ResourceContents};

/// A value that a resource may give, for the URI that was read and the MIME type it is listed with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource",
    label = "neither text nor bytes nor `ResourceContents`",
    note = "give a text, bytes, `ResourceContents`, several of them, a `ReadResourceResult` or a `Result` of one"
)]
pub trait IntoResourceResult {
    /// The result of the request.
    ///
    /// # Errors
    /// A protocol error, where the value is one.
    fn into_resource_result(
        self,
        uri: &str,
        mime_type: Option<&str>,
    ) -> Result<ReadResourceResult, ErrorObject>;
}

impl IntoResourceResult for ReadResourceResult {
    fn into_resource_result(
        self,
        _: &str,
        _: Option<&str>,
    ) -> Result<ReadResourceResult, ErrorObject> {
        Ok(self)
    }
}

impl IntoResourceResult for Vec<ResourceContents> {
    fn into_resource_result(
        self,
        _: &str,
        _: Option<&str>,
    ) -> Result<ReadResourceResult, ErrorObject> {
        Ok(ReadResourceResult::new(self))
    }
}

impl IntoResourceResult for ResourceContents {
    fn into_resource_result(
        self,
        _: &str,
        _: Option<&str>,
    ) -> Result<ReadResourceResult, ErrorObject> {
        Ok(ReadResourceResult::new([self]))
    }
}

fn one(
    contents: ResourceContents,
    mime_type: Option<&str>,
) -> Result<ReadResourceResult, ErrorObject> {
    Ok(ReadResourceResult::new([match mime_type {
        Some(mime_type) => contents.mime_type(mime_type),
        None => contents,
    }]))
}

macro_rules! texts {
    ($($text:ty),+) => { $(
        impl IntoResourceResult for $text {
            fn into_resource_result(
                self,
                uri: &str,
                mime_type: Option<&str>,
            ) -> Result<ReadResourceResult, ErrorObject> {
                one(ResourceContents::text(uri, self), mime_type)
            }
        }
    )+ };
}

texts!(String, &str, Box<str>, Cow<'_, str>);

macro_rules! blobs {
    ($($blob:ty),+) => { $(
        impl IntoResourceResult for $blob {
            fn into_resource_result(
                self,
                uri: &str,
                mime_type: Option<&str>,
            ) -> Result<ReadResourceResult, ErrorObject> {
                one(ResourceContents::blob(uri, self), mime_type)
            }
        }
    )+ };
}

blobs!(Vec<u8>, Bytes, &[u8]);

/// The error becomes a protocol error, since the result of a resource has no place for one.
impl<T: IntoResourceResult, E: Into<ErrorObject>> IntoResourceResult for Result<T, E> {
    fn into_resource_result(
        self,
        uri: &str,
        mime_type: Option<&str>,
    ) -> Result<ReadResourceResult, ErrorObject> {
        self.map_err(Into::into)?.into_resource_result(uri, mime_type)
    }
}
