//! The server of the benches, written with this SDK: what a user would write. `echo` and `add` come
//! from functions, the others are registered by hand.

use mcp_core::types::{CallToolResult, Schema};
use mcp_server::tool::ToolRoute;
use mcp_server::{Server, ServerBuilder, routes, tool};

use crate::{
    Error,
    tools::{self, TRIVIAL_ANSWER, ToolSpec},
};

/// Give the text back.
#[tool]
async fn echo(text: String) -> String {
    text
}

/// Add two numbers.
#[tool]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn trivial(tool: ToolSpec) -> Result<ToolRoute, Error> {
    let schema: serde_json::Value = serde_json::from_str(&tool.input_schema)?;
    let route = ToolRoute::builder(tool.name)
        .description(tool.description)
        .input_schema(Schema::try_from(schema)?)
        .raw(|_| Box::pin(async { Ok(CallToolResult::text(TRIVIAL_ANSWER)) }));
    Ok(route)
}

/// A server with the first `count` tools of [`tools::table`].
pub fn with_tools(count: usize) -> Result<ServerBuilder, Error> {
    let server = Server::builder("bench", "1.0.0");
    let server =
        if count < 2 { server.routes(routes![echo]) } else { server.routes(routes![echo, add]) };
    let others: Result<Vec<_>, _> = tools::table(count).into_iter().skip(2).map(trivial).collect();
    Ok(server.tools(others?))
}
