//! The values that a resource function may return.

use std::borrow::Cow;

use bytes::Bytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{ReadResourceResult, ResourceContents};

/// A value that a resource function may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a resource",
    label = "neither text nor bytes nor `ResourceContents`",
    note = "return a string, bytes, `ResourceContents`, several of them, a `ReadResourceResult` or a `Result` of one"
)]
pub trait IntoResourceResult {
    /// Converts into the result of the request. `uri` is the requested URI, and `mime_type` the
    /// MIME type in lists.
    ///
    /// # Errors
    /// The protocol error to answer the request with, if the value is an error.
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

/// The error is sent as a protocol error, because the result of a resource cannot carry one.
impl<T: IntoResourceResult, E: Into<ErrorObject>> IntoResourceResult for Result<T, E> {
    fn into_resource_result(
        self,
        uri: &str,
        mime_type: Option<&str>,
    ) -> Result<ReadResourceResult, ErrorObject> {
        self.map_err(Into::into)?.into_resource_result(uri, mime_type)
    }
}
