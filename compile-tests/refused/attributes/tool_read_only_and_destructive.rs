use mcp_server::tool;

#[tool(read_only, destructive)]
fn delete() {}

fn main() {}
