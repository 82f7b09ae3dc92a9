//! A minimal protected server with this SDK. `footprint` counts its crates.

use mcp_server::auth::{JwtVerifier, Protection};
use mcp_server::{Server, routes, tool};

/// Add two numbers.
#[tool(scopes("numbers:add"))]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tokens = JwtVerifier::builder("https://login.example.com").build()?;
    Server::builder("hello", "1.0.0")
        .routes(routes![add])
        .protect(Protection::new("https://mcp.example.com/mcp", tokens))
        .serve_http("127.0.0.1:8080")
        .await?;
    Ok(())
}
