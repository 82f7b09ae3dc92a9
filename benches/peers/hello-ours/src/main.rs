//! The smallest useful stdio server with this SDK; `footprint` measures what building it costs.

use mcp_server::{Server, routes, tool};

/// Add two numbers.
#[tool]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    Server::builder("hello", "1.0.0").routes(routes![add]).serve_stdio().await?;
    Ok(())
}
