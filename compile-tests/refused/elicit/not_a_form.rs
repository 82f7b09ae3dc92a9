use mcp_server::{Context, tool};
use mcp_server::input::AskError;

#[derive(serde::Deserialize)]
struct Plain {
    name: String,
}

/// Asks.
#[tool]
async fn ask(ctx: &Context) -> Result<String, AskError> {
    let plain: Plain = ctx.elicit("Who?").await?;
    Ok(plain.name)
}

fn main() {}
