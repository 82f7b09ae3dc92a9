//! The calculator without macros: everything that `#[tool]` generates, written by hand.
//!
//! Build it with `cargo build -p mcp-examples --examples`, then start it from a client:
//! `cargo run -p mcp-examples --example client -- target/debug/examples/calculator_by_hand`.
//! It has the same tools as `calculator.rs`.

use mcp_server::extract::Args;
use mcp_server::tool::{Structured, ToolRoute};
use mcp_server::{Server, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Two {
    /// First operand.
    a: f64,
    /// Second operand.
    b: f64,
}

fn add() -> ToolRoute {
    ToolRoute::builder("add")
        .description("Add two numbers.")
        .read_only(true)
        .handler(|Args(Two { a, b }): Args<Two>| async move { Structured(a + b) })
}

fn divide() -> ToolRoute {
    ToolRoute::builder("divide")
        .description("Divide one number by another.")
        .read_only(true)
        .handler(|Args(Two { a, b }): Args<Two>| async move {
            if b == 0.0 { Err(ToolError::new("division by zero")) } else { Ok(Structured(a / b)) }
        })
}

#[tokio::main]
async fn main() -> Result<(), mcp_server::ServeError> {
    Server::builder("calculator", "1.0.0").tools([add(), divide()]).serve_stdio().await
}
