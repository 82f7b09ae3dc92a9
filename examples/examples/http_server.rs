//! A server over HTTP, at <http://127.0.0.1:8080/mcp>, for clients of every revision.
//!
//! `cargo run -p mcp-examples --features http --example http_server`
//!
//! An argument is another address of this machine, such as `127.0.0.1:9000`.

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
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    Server::builder("calculator", "1.0.0").routes(routes![add]).serve_http(address).await
}
