//! The core of what agent hosts do with a client, as adapters that use public items alone: each
//! file begins with the adapter, and its tests follow.

mod codex;
mod goose;
mod rig;

use mcp_client::Revision;
use mcp_client::types::CallToolResult;

/// One revision of each era.
const ERAS: [Revision; 2] = [Revision::V2025_11_25, Revision::V2026_07_28];

fn text(result: &CallToolResult) -> &str {
    result.content.first().and_then(|content| content.as_text()).unwrap_or_default()
}
