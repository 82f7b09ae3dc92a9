use mcp_server::{Context, tool};

#[tool]
async fn watch(ctx: &Context) {
    std::thread::spawn(move || drop(ctx.client_info()));
}

fn main() {}
