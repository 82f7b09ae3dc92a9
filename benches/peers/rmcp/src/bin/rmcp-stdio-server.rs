//! The server of the stdio benches, written with rmcp in its best case: the router is built once.
//!
//! `rmcp-stdio-server [--tools N] [--pipes] [--current-thread]`. By default it is what rmcp's documentation
//! shows (`stdio()` on the multi-thread runtime); `--pipes` takes its opt-in non-blocking `stdio_pipes()`.

#[path = "../../../../src/tools.rs"]
mod tools;

use std::error::Error;

use rmcp::{
    ServerHandler, ServiceExt,
    handler::server::{
        router::tool::{ToolRoute, ToolRouter},
        wrapper::Parameters,
    },
    model::{CallToolResult, ContentBlock, JsonObject, ServerCapabilities, ServerConfig, Tool},
    schemars, tool, tool_handler, tool_router,
    transport::{io::stdio_pipes, stdio},
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

struct Bench {
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

    fn new(count: usize) -> Result<Self, serde_json::Error> {
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

fn main() -> Result<(), Box<dyn Error>> {
    let flag = |name| std::env::args().any(|argument| argument == name);
    let mut runtime = match flag("--current-thread") {
        true => tokio::runtime::Builder::new_current_thread(),
        false => tokio::runtime::Builder::new_multi_thread(),
    };
    runtime.enable_all().build()?.block_on(async {
        let server = Bench::new(tools::count_from_arguments())?;
        if flag("--pipes") {
            server.serve(stdio_pipes()).await?.waiting().await?;
        } else {
            server.serve(stdio()).await?.waiting().await?;
        }
        Ok(())
    })
}
