use mcp_server::tool;

#[tool(blocking)]
async fn wait() {}

fn main() {}
