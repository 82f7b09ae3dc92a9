//! A calculator: the shortest server.
//!
//! A client starts it, as the quickstart does: `cargo run -p mcp-examples --example quickstart`.
//! Started by hand, it waits for messages on standard input and exits on Ctrl-D.

use mcp_server::{ServeError, Server, routes, tool};

/// Add two numbers.
#[tool(read_only)]
async fn add(
    /** first addend */
    a: i64,
    /** second addend */
    b: i64,
) -> i64 {
    a + b
}

/// Divide one number by another.
#[tool(read_only)]
fn divide(
    /** dividend */
    a: f64,
    /** divisor */
    b: f64,
) -> Result<f64, &'static str> {
    if b == 0.0 { Err("division by zero") } else { Ok(a / b) }
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    Server::builder("calculator", "1.0.0").routes(routes![add, divide]).serve_stdio().await
}
