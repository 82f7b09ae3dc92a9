use mcp_server::tool;

#[tool(name = "get weather")]
fn weather() {}

#[tool]
fn größe() {}

fn main() {}
