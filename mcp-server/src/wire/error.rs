//! Errors, fitted to the revision they answer in.

use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::revision::Rules;

/// Replaces codes that a revision does not have (ERR-5).
///
/// −32002, an unknown resource, is −32602 where the revision says so. −32042, a URL to visit first,
/// is −32603 where the revision has no such error: since 2026-07-28 a visit is asked for in the
/// result of the call.
pub(crate) fn fit_error(error: ErrorObject, rules: &Rules) -> ErrorObject {
    let fitted = match error.code() {
        code::RESOURCE_NOT_FOUND => rules.resource_not_found_code,
        code::URL_ELICITATION_REQUIRED if !rules.elicitation_complete => {
            tracing::error!(
                "a handler returned −32042, which this revision does not have: ask for the visit \
                 with Context::elicit_url"
            );
            code::INTERNAL_ERROR
        }
        _ => return error,
    };
    let replaced = ErrorObject::new(fitted, error.message());
    match error.data() {
        Some(data) => replaced.with_data(&data),
        None => replaced,
    }
}
