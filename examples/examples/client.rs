//! A client for any server that a command starts: lists what it offers, or calls one tool.
//!
//! `cargo run -p mcp-examples --example client -- COMMAND ARGS…` lists;
//! `cargo run -p mcp-examples --example client -- --call NAME JSON COMMAND ARGS…` calls a tool,
//! such as `--call add '{"a": 1, "b": 2}' target/debug/examples/calculator`.
//!
//! It prints the server's name and revision, then its tools, prompts, resources and templates, or
//! the result of the call.

#![allow(clippy::print_stdout)] // A client's standard output is its own.

use std::process::Command;

use futures::TryStreamExt as _;
use mcp_client::{Client, ErrorKind};
use serde_json::Value;

const USAGE: &str = "usage: client [--call NAME JSON] COMMAND [ARGS…]";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut call = None;
    if arguments.first().is_some_and(|first| first == "--call") {
        if arguments.len() < 4 {
            return Err(USAGE.into());
        }
        let json: Value = serde_json::from_str(&arguments[2])
            .map_err(|error| format!("the arguments of the tool are not JSON: {error}"))?;
        call = Some((arguments[1].clone(), json));
        arguments.drain(..3);
    }
    let Some((program, rest)) = arguments.split_first() else { return Err(USAGE.into()) };

    let mut command = Command::new(program);
    command.args(rest);
    let client = Client::connect_command(command).await?;
    match call {
        None => list(&client).await?,
        Some((name, json)) => {
            let reply = client.call_tool(&name, &json).on_progress(|progress| {
                eprintln!("… {} {}", progress.progress, progress.message.unwrap_or_default());
            });
            println!("{}", serde_json::to_string_pretty(&reply.await?.into_inner())?);
        }
    }
    client.close().await;
    Ok(())
}

async fn list(client: &Client) -> Result<(), mcp_client::Error> {
    if let Some(server) = client.server_info() {
        println!("{} {} speaks {}", server.name, server.version, client.revision());
    }
    if let Some(instructions) = client.instructions() {
        println!("{instructions}");
    }
    // Each list is a stream that fetches one page after another. A server without the feature
    // answers with an error.
    let mut tools = client.tools();
    while let Some(tool) = or_none(tools.try_next().await)? {
        println!("tool {}: {}", tool.name, tool.description.unwrap_or_default());
    }
    let mut prompts = client.prompts();
    while let Some(prompt) = or_none(prompts.try_next().await)? {
        println!("prompt {}: {}", prompt.name, prompt.description.unwrap_or_default());
    }
    let mut resources = client.resources();
    while let Some(resource) = or_none(resources.try_next().await)? {
        println!("resource {}: {}", resource.uri, resource.description.unwrap_or_default());
    }
    let mut templates = client.resource_templates();
    while let Some(template) = or_none(templates.try_next().await)? {
        println!(
            "template {}: {}",
            template.uri_template,
            template.description.unwrap_or_default()
        );
    }
    Ok(())
}

/// Returns an empty list for a feature that the server does not have.
fn or_none<T>(item: Result<Option<T>, mcp_client::Error>) -> Result<Option<T>, mcp_client::Error> {
    match item {
        Err(error) if error.kind() == ErrorKind::Peer => Ok(None),
        other => other,
    }
}
