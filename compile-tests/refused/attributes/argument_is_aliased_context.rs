use mcp_server::{Context, tool};

type Ctx = Context;

#[tool]
fn look(ctx: Ctx, what: String) -> String {
    let _ = ctx;
    what
}

fn main() {}
