//! The server of the stdio benches, written with this SDK: what a user would write.
//!
//! `bench-stdio-server [--tools N]`. `echo` and `add` have typed arguments, the others give a fixed answer.

use mcp_benches::{
    Error,
    tools::{self, TRIVIAL_ANSWER, ToolSpec},
};
use mcp_core::types::{CallToolResult, Schema};
use mcp_server::{Args, Server, ToolRoute};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Echo {
    text: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Add {
    a: i64,
    b: i64,
}

fn echo() -> ToolRoute {
    ToolRoute::builder("echo")
        .description(tools::ECHO)
        .handler(|Args(Echo { text }): Args<Echo>| async move { text })
}

fn add() -> ToolRoute {
    ToolRoute::builder("add")
        .description(tools::ADD)
        .handler(|Args(Add { a, b }): Args<Add>| async move { (a + b).to_string() })
}

fn trivial(tool: ToolSpec) -> Result<ToolRoute, Error> {
    let schema: serde_json::Value = serde_json::from_str(&tool.input_schema)?;
    let route = ToolRoute::builder(tool.name)
        .description(tool.description)
        .input_schema(Schema::try_from(schema)?)
        .raw(|_| Box::pin(async { Ok(CallToolResult::text(TRIVIAL_ANSWER)) }));
    Ok(route)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let count = tools::count_from_arguments();
    let server = Server::new("bench", "1.0.0");
    let server = if count < 2 { server.tool(echo()) } else { server.tools([echo(), add()]) };
    let others: Result<Vec<_>, _> = tools::table(count).into_iter().skip(2).map(trivial).collect();
    server.tools(others?).serve_stdio().await?;
    Ok(())
}
