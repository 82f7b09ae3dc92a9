//! `logging/setLevel` of the legacy era. Spec: server/utilities/logging.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::SetLevelParams;

use super::{empty, parse};
use crate::context::Context;

pub(super) fn set_level(context: &Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let SetLevelParams { level, .. } = parse(params)?;
    if let Some(session) = &context.0.session {
        session.set_log_level(level);
    }
    empty(context)
}
