use mcp_server::tool;

#[tool(readOnlyHint = true)]
fn read() {}

#[tool(timeout = 3)]
fn wait() {}

#[tool(title)]
fn untitled() {}

#[tool(destructive = "yes")]
fn delete() {}

#[tool(idempotent, idempotent)]
fn twice() {}

fn main() {}
