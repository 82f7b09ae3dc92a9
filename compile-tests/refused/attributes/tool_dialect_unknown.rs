use mcp_server::tool;

#[tool(dialect = "openai")]
fn read() {}

#[tool(schema_dialect = "strict")]
fn write() {}

fn main() {}
