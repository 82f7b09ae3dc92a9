//! The calculator without macros: everything `#[tool]` writes, written by hand.
//!
//! Run it as a server: `cargo run -p mcp-examples --example calculator_by_hand`, and let a client start it.
//! `cargo run -p mcp-examples --example client -- target/debug/examples/calculator_by_hand` is one.
//! Expect the same tools as those of `calculator.rs`.

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
