//! `server/discover`. Spec: server/discover (since 2026-07-28).

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::Era;
use mcp_core::types::DiscoverResult;

use super::request::RoutedRequest;
use crate::wire;

pub(super) fn discover(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    let mut result = describe(request);
    if request.context.rules().digests {
        let failed = |error| crate::error::internal("encoding a result", &error);
        result.digest = Some(digest(request).map_err(failed)?.to_owned());
    }
    request.context.encode(result)
}

/// Returns the digest of the result.
///
/// # Errors
/// If the result cannot be encoded as JSON.
pub(super) fn digest<'a>(request: &RoutedRequest<'a>) -> Result<&'a str, serde_json::Error> {
    let known = &request.registry.discover_digest;
    if let Some(digest) = known.get() {
        return Ok(digest);
    }
    let digest = wire::digest(describe(request), request.context.rules())?;
    Ok(known.get_or_init(|| digest.into()))
}

fn describe(request: &RoutedRequest<'_>) -> DiscoverResult {
    let server = request.server;
    let modern = server.revisions.iter().filter(|revision| revision.era() == Era::Modern);
    let versions: Vec<_> = modern.map(|revision| revision.as_str().to_owned()).collect();
    let mut result = DiscoverResult::new(versions, server.capabilities(request.registry));
    result.instructions = server.instructions.clone();
    result
}
