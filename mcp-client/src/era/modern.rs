//! The modern conversation: what every request carries in its `_meta`. Spec: basic, "Per-request
//! fields".

use mcp_core::json::to_text;
use mcp_core::jsonrpc::Params as SealedParams;
use mcp_core::meta::{CLIENT_CAPABILITIES, CLIENT_INFO, Meta, PROTOCOL_VERSION};
use mcp_core::revision::Revision;
use mcp_core::types::{ClientCapabilities, DiscoverResult, Implementation};
use serde::Serialize;

use super::session::Session;
use crate::params::{MetaParts, Params};

/// The members of `_meta` that stay the same, as text without braces.
pub(super) fn constant_meta(
    revision: Revision,
    client: &Implementation,
    capabilities: &ClientCapabilities,
) -> String {
    let mut text = String::new();
    for (key, value) in [
        (PROTOCOL_VERSION, json(revision.as_str())),
        (CLIENT_INFO, json(client)),
        (CLIENT_CAPABILITIES, json(capabilities)),
    ] {
        if !text.is_empty() {
            text.push(',');
        }
        text.push('"');
        text.push_str(key);
        text.push_str("\":");
        text.push_str(&value);
    }
    text
}

/// Wire types always serialize.
fn json<T: Serialize + ?Sized>(value: &T) -> String {
    to_text(value).unwrap_or_else(|_| "{}".to_owned())
}

/// The params of `server/discover`.
pub(super) fn discover_params(meta: &str) -> SealedParams {
    Params::new().seal(&MetaParts::of_session(meta)).0
}

/// A session with a server that described itself.
pub(super) fn session(revision: Revision, discovered: DiscoverResult, meta: String) -> Session {
    Session {
        revision,
        server_info: discovered.meta.as_ref().and_then(Meta::server_info),
        capabilities: discovered.capabilities,
        instructions: discovered.instructions,
        meta,
    }
}
