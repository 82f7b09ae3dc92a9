//! `server/discover`. Spec: server/discover (since 2026-07-28).

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::Era;
use mcp_core::types::DiscoverResult;

use super::request::RoutedRequest;

pub(super) fn discover(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    let server = request.server;
    let modern = server.revisions.iter().filter(|revision| revision.era() == Era::Modern);
    let versions: Vec<_> = modern.map(|revision| revision.as_str().to_owned()).collect();
    let mut result = DiscoverResult::new(versions, server.capabilities(request.registry));
    result.instructions = server.instructions.clone();
    request.context.encode(result)
}
