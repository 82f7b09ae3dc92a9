//! The server of the benches, written with rmcp. For its best performance, the router is built
//! once.

#[path = "../../../src/tools.rs"]
pub mod tools;

use rmcp::{
    ServerHandler,
    handler::server::{
        router::tool::{ToolRoute, ToolRouter},
        wrapper::Parameters,
    },
    model::{CallToolResult, ContentBlock, JsonObject, ServerCapabilities, ServerConfig, Tool},
    schemars, tool, tool_handler, tool_router,
};
use serde::Deserialize;

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Echo {
    text: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Add {
    a: i64,
    b: i64,
}

/// The tools of [`tools::table`].
pub struct Bench {
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl Bench {
    #[tool(description = "Give the text back.")]
    async fn echo(&self, Parameters(Echo { text }): Parameters<Echo>) -> String {
        text
    }

    #[tool(description = "Add two numbers.")]
    async fn add(&self, Parameters(Add { a, b }): Parameters<Add>) -> String {
        (a + b).to_string()
    }

    /// Creates a server with `count` tools.
    pub fn new(count: usize) -> Result<Self, serde_json::Error> {
        let mut tool_router = Self::tool_router();
        for spec in tools::table(count).into_iter().skip(2) {
            let schema: JsonObject = serde_json::from_str(&spec.input_schema)?;
            tool_router.add_route(ToolRoute::new_dyn(Tool::new(spec.name, spec.description, schema), |_| {
                let answer = vec![ContentBlock::text(tools::TRIVIAL_ANSWER)];
                Box::pin(async { Ok(CallToolResult::success(answer).into()) })
            }));
        }
        if count < 2 {
            tool_router.remove_route("add");
        }
        Ok(Self { tool_router })
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Bench {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}
