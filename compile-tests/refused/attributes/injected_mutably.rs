use mcp_server::{Context, tool};

#[tool]
fn look(context: &mut Context) -> String {
    format!("{context:?}")
}

fn main() {}
