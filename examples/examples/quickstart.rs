//! The quickstart: a client starts the calculator as a child process, lists its tools and calls
//! them.
//!
//! `cargo run -p mcp-examples --example quickstart`
//!
//! It prints the calculator's two tools with the schemas made from its functions, and three
//! results, the last of which is an error that a model can correct.

#![allow(clippy::print_stdout)] // A client's standard output is its own.

use mcp_client::Client;
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::connect_command(mcp_examples::example("calculator")?).await?;
    if let Some(server) = client.server_info() {
        println!("{} {} speaks {}", server.name, server.version, client.revision());
    }

    for tool in client.list_tools().await? {
        println!("\n{}: {}", tool.name, tool.description.unwrap_or_default());
        println!("  arguments: {}", tool.input_schema.get());
        if let Some(schema) = tool.output_schema {
            println!("  result: {}", schema.get());
        }
    }

    let sum: i64 = client.call_tool("add", &json!({ "a": 1, "b": 2 })).await?.structured()?;
    println!("\n1 + 2 = {sum}");
    let ratio: f64 = client.call_tool("divide", &json!({ "a": 1, "b": 8 })).await?.structured()?;
    println!("1 / 8 = {ratio}");
    let refused = client.call_tool("divide", &json!({ "a": "one", "c": 8 })).await?;
    println!("\"one\" / nothing:\n{}", refused.text());

    client.close().await;
    Ok(())
}
