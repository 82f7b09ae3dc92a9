//! `server/discover`. Spec: server/discover (since 2026-07-28).

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::Era;
use mcp_core::types::DiscoverResult;

use crate::context::Context;

pub(super) fn discover(context: &Context) -> Result<JsonBytes, ErrorObject> {
    let server = &context.0.server;
    let modern = server.revisions.iter().filter(|revision| revision.era() == Era::Modern);
    let versions: Vec<_> = modern.map(|revision| revision.as_str().to_owned()).collect();
    let mut result = DiscoverResult::new(versions, server.capabilities());
    result.instructions = server.instructions.clone();
    server.encode(result, context.revision())
}
