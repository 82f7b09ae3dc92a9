//! A host with several servers: one list of their tools, and calls routed to the right server.
//!
//! `cargo run -p mcp-examples --example group -- NAME=COMMAND…` lists;
//! `cargo run -p mcp-examples --example group -- --call TOOL JSON NAME=COMMAND…` calls a tool by
//! its name in the group, such as `--call math__add '{"a": 1, "b": 2}'`, where a server is
//! `math=target/debug/examples/calculator`.
//!
//! It prints each tool with its server, and a line for each server that could not be reached; or
//! the result of the call.

#![allow(clippy::print_stdout)] // A host's standard output is its own.

use std::process::Command;

use mcp_client::{Client, ClientGroup};
use serde_json::Value;

const USAGE: &str = "usage: group [--call TOOL JSON] NAME=COMMAND…";

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

    let group = ClientGroup::new();
    for argument in &arguments {
        let (name, command) = argument.split_once('=').ok_or(USAGE)?;
        let command = command.to_owned();
        // The group connects, and reconnects when the connection is lost.
        group.add_with(name, move || Client::connect_command(Command::new(&command)))?;
    }
    match call {
        None => {
            let tools = group.list_tools().await;
            for tool in tools.items {
                let description = tool.item.description.as_deref().unwrap_or_default();
                println!("{} (of {}): {description}", tool.name, tool.server);
            }
            for failure in tools.failures {
                println!("{} could not be asked: {}", failure.server, failure.error);
            }
        }
        Some((name, json)) => println!("{}", group.call_tool(&name, &json).await?.text()),
    }
    group.close().await;
    Ok(())
}
