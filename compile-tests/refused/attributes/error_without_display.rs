use mcp_server::tool;

struct Failed;

#[tool]
fn fails() -> Result<String, Failed> {
    Err(Failed)
}

fn main() {}
