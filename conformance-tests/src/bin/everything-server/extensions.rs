//! Extensions without behaviour: their settings must reach the other side as they are.

use mcp_server::{Context, ServerBuilder, tools};
use serde_json::json;

pub(crate) struct Extensions;

impl Extensions {
    pub(crate) fn declare(server: ServerBuilder) -> ServerBuilder {
        let settings = json!({
            "nested": { "enabled": true, "limit": 3 },
            "values": [null, "b", 4],
        });
        server
            .extension("com.example/conformance", settings)
            .extension("com.example/empty", json!({}))
            .with(Self)
    }
}

#[tools]
impl Extensions {
    /// Returns the extensions that the client declared, as JSON.
    #[tool]
    fn test_legacy_extension_capabilities(&self, ctx: &Context) -> String {
        json!({ "extensions": ctx.client_capabilities().extensions }).to_string()
    }
}
