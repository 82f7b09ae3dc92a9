//! A server over HTTP, at <http://127.0.0.1:8080/mcp>, for clients of every revision.
//!
//! `cargo run -p mcp-examples --features http --example http_server`

use mcp_server::{ServeError, Server, routes, tool};

/// Add two numbers.
#[tool(read_only)]
async fn add(
    /** first addend */
    a: i64,
    /** second addend */
    b: i64,
) -> i64 {
    a.saturating_add(b)
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    // To accept other machines, use `serve_http_with` and allow the host names that they use.
    Server::builder("calculator", "1.0.0").routes(routes![add]).serve_http("127.0.0.1:8080").await
}
