//! From the errors of methods to answers.

use jsonrpsee_types::ErrorObjectOwned;
use jsonrpsee_types::error::{
    CALL_EXECUTION_FAILED_CODE, OVERSIZED_RESPONSE_CODE, SERVER_IS_BUSY_CODE,
};
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::meta::Meta;
use mcp_core::types::CallToolResult;

use crate::error::internal;
use crate::layer::busy;
use crate::tool::ToolCall;

/// The key in the `_meta` of a result with `isError` under which the code of the method's error is.
pub const ERROR_CODE: &str = "jsonrpc/code";

/// Answers a call whose method returned an error.
///
/// # Errors
/// −32603 for errors of the module itself, and −32602 in revisions whose argument errors are
/// protocol errors.
pub(super) fn answer(
    call: &ToolCall,
    method: &str,
    error: ErrorObjectOwned,
) -> Result<CallToolResult, ErrorObject> {
    match error.code() {
        code::INTERNAL_ERROR | code::INVALID_REQUEST | code::PARSE_ERROR => {
            let error = ErrorObject::from(error);
            let error = format_args!("method {method:?}: {error}");
            Err(internal("calling a method of a module", &error))
        }
        code::INVALID_PARAMS if !call.context().rules().argument_errors_in_result => {
            Err(error.into())
        }
        _ => {
            let text = mcp_core::json::to_text(&error)
                .map_err(|error| internal("encoding the error of a method", &error))?;
            let meta = Meta::new().with(ERROR_CODE, error.code());
            Ok(CallToolResult::error(text).meta(meta))
        }
    }
}

/// Returns the error for a result that is longer than the limit.
pub(super) fn oversized(max_bytes: usize) -> ErrorObjectOwned {
    let message = format!(
        "the result is longer than {max_bytes} bytes (max_result_bytes); ask for less of it"
    );
    ErrorObjectOwned::owned(OVERSIZED_RESPONSE_CODE, message, None::<()>)
}

/// Returns the error of a subscription that the module ended with one.
pub(super) fn failed_subscription(data: &serde_json::value::RawValue) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(CALL_EXECUTION_FAILED_CODE, "the subscription failed", Some(data))
}

/// Returns the error of a subscription that was not accepted in time.
pub(super) fn not_accepted(max_time: std::time::Duration) -> ErrorObjectOwned {
    let message =
        format!("the method did not accept the subscription within {max_time:?} (max_time)");
    ErrorObjectOwned::owned(SERVER_IS_BUSY_CODE, message, None::<()>)
}

/// Refuses a call, because too many run.
pub(super) fn too_many(max_calls: usize) -> ErrorObject {
    busy(format!("{max_calls} calls of the module are running (max_running_calls); try again"))
}
