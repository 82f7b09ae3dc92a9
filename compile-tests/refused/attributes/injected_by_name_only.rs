use mcp_server::tool;

struct Context;

#[tool]
fn look(context: Context) -> String {
    let _ = context;
    String::new()
}

fn main() {}
