//! Adapts errors to the revision of their call.

use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::revision::Rules;

/// Replaces error codes that a revision does not have (ERR-5).
///
/// −32002 (unknown resource) becomes −32602 in newer revisions. −32021 (the client did not declare
/// a capability) becomes −32600 in older ones. −32042 (URL elicitation required) becomes −32603 in
/// revisions without it; since 2026-07-28, a result requests the visit instead.
pub(crate) fn fit_error(error: ErrorObject, rules: &Rules) -> ErrorObject {
    let fitted = match error.code() {
        code::RESOURCE_NOT_FOUND => rules.resource_not_found_code,
        code::MISSING_REQUIRED_CLIENT_CAPABILITY => rules.missing_capability_code,
        code::URL_ELICITATION_REQUIRED if !rules.elicitation_complete => {
            tracing::error!(
                "a handler returned −32042, which this revision does not have: use Context::elicit_url \
                 instead"
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
