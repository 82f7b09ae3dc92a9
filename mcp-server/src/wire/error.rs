//! Adapts errors to the revision of their call.

use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use mcp_core::revision::Rules;

/// Returns an error as a revision has it, by its table of errors (ERR-5).
///
/// −32002 (unknown resource) becomes −32602 in newer revisions. −32021 (the client did not declare
/// a capability) becomes −32600 in older ones. −32042 (URL elicitation required) becomes −32603 in
/// revisions without it; since 2026-07-28, a result requests the visit instead.
pub(crate) fn fit_error(error: ErrorObject, rules: &Rules) -> ErrorObject {
    let is_visit = error.kind() == ErrorKind::UrlElicitationRequired;
    let fitted = rules.errors.fit(error);
    if is_visit && fitted.code() != code::URL_ELICITATION_REQUIRED {
        tracing::error!(
            "a handler returned −32042, which this revision does not have: use Context::elicit_url \
             instead"
        );
    }
    fitted
}
