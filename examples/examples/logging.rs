//! Log messages that a server sends to its client: the server sends them, and the client sets the
//! level, for a session and for one call.
//!
//! `cargo run -p mcp-examples --example logging`
//!
//! It prints the messages that each of two clients receives. For the log of the server itself see
//! the example `telemetry`.

#![allow(clippy::print_stdout, reason = "this process is the client; the server is in memory")]
#![allow(
    deprecated,
    reason = "2026-07-28 deprecates log messages (SEP-2577); they work until they are removed"
)]

use futures::{FutureExt as _, StreamExt as _};
use mcp_client::types::LoggingLevel;
use mcp_client::{Client, Revision};
use mcp_server::{Context, Server, routes, tool};
use serde_json::json;

/// Import rows.
#[tool]
async fn import(ctx: &Context, rows: u32) -> String {
    ctx.log(LoggingLevel::Debug, json!({ "rows": rows })).await;
    ctx.log(LoggingLevel::Info, "importing").await;
    ctx.log(LoggingLevel::Warning, json!({ "skipped": 2 })).await;
    format!("imported {rows} rows")
}

/// Returns what a client of a revision receives during one call.
async fn receive(revision: Revision) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let server = Server::builder("importer", "1.0.0").routes(routes![import]).build()?;
    let client = Client::builder().revision(revision).connect_memory(&server).await?;
    let mut messages = client.log_messages();
    // A session is asked once; since 2026-07-28 each request carries the level.
    client.set_log_level(LoggingLevel::Warning).await?;
    client.call_tool("import", &json!({ "rows": 9 })).await?;
    // One call may have a level of its own, which sessions do not have.
    client.call_tool("import", &json!({ "rows": 9 })).log_level(LoggingLevel::Info).await?;
    let mut received = Vec::new();
    while let Some(Some(message)) = messages.next().now_or_never() {
        received.push(format!("{}: {}", message.level.as_str(), message.data.to_value()));
    }
    Ok(received)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
        println!("{revision}: {:?}", receive(revision).await?);
    }
    Ok(())
}

#[tokio::test]
async fn the_level_selects_the_messages() -> Result<(), Box<dyn std::error::Error>> {
    let warning = r#"warning: {"skipped":2}"#;
    assert_eq!(receive(Revision::V2025_11_25).await?, [warning, warning]);
    let modern = receive(Revision::V2026_07_28).await?;
    assert_eq!(modern, [warning, r#"info: "importing""#, warning]);
    Ok(())
}
