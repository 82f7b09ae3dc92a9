//! Extensions without behaviour. Their settings must reach the client unchanged.

use mcp_server::extension::ServerExtension;
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
            .extension(ServerExtension::declared("com.example/conformance", settings))
            .extension(ServerExtension::declared("com.example/empty", json!({})))
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
