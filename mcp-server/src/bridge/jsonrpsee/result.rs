//! From the response of a method to the result of a tool.

use jsonrpsee_core::server::MethodResponse;
use jsonrpsee_types::error::OVERSIZED_RESPONSE_CODE;
use jsonrpsee_types::{ErrorObjectOwned, Response, ResponsePayload};
use mcp_core::json::RawJson;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::CallToolResult;
use serde_json::value::RawValue;

use super::error::oversized;
use crate::error::internal;

/// Reads a response, and tells the method that it was read.
///
/// # Errors
/// −32603 if it is not a response. The inner error is that of the method.
pub(super) fn read(
    response: MethodResponse,
    max_bytes: usize,
) -> Result<Result<Box<RawValue>, ErrorObjectOwned>, ErrorObject> {
    let is_success = response.is_success();
    let (json, processed, _) = response.into_parts();
    if let Some(processed) = processed {
        processed.notify(is_success);
    }
    let response: Response<'_, Box<RawValue>> = serde_json::from_str(json.get())
        .map_err(|error| internal("reading the response of a method", &error))?;
    Ok(match response.payload {
        ResponsePayload::Success(result) => Ok(result.into_owned()),
        ResponsePayload::Error(error) if is_of_limit(&error, max_bytes) => {
            Err(oversized(max_bytes))
        }
        ResponsePayload::Error(error) => Err(error.into_owned()),
    })
}

/// Whether an error says that the result exceeds this limit, and not one that the method has.
fn is_of_limit(error: &jsonrpsee_types::ErrorObject<'_>, max_bytes: usize) -> bool {
    let expected = format!("\"Exceeded max limit of {max_bytes}\"");
    error.code() == OVERSIZED_RESPONSE_CODE
        && error.data().is_some_and(|data| data.get() == expected)
}

/// Returns the result of a call. Its text is the JSON of the value.
pub(super) fn success(value: Box<RawValue>, is_structured: bool) -> CallToolResult {
    let value = RawJson::from(value);
    let result = CallToolResult::text(value.get());
    if is_structured { result.structured_content(value) } else { result }
}
