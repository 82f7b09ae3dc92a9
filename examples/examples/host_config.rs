//! The servers of a host's configuration file (Claude, Cursor, Gemini CLI, VS Code, …) and their
//! tools.
//!
//! `cargo run -p mcp-examples --example host_config -- FILE`, such as `.mcp.json`; with `--wait` it
//! waits until each server has answered or failed.
//!
//! It prints a line for each tool, with its server and how fresh the list is, and on standard error
//! what is wrong with the file and with servers.

#![allow(clippy::print_stdout)] // A host's standard output is its own.

use std::time::SystemTime;

use mcp_client::ClientGroup;
use mcp_client::config::HostConfig;
use mcp_client::group::Freshness;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: host_config FILE [--wait]")?;
    let waits = arguments.next().is_some_and(|argument| argument == "--wait");

    let config = HostConfig::read(file)?;
    for ignored in config.ignored() {
        eprintln!("{ignored}");
    }
    let started = ClientGroup::from_config(&config).start().await;
    for error in &started.failed {
        eprintln!("{error}");
    }
    if waits {
        for failure in started.group.list_tools().await.failures {
            eprintln!("{}: {}", failure.server, failure.error);
        }
    }
    for server in started.group.known_tools() {
        let age = match server.freshness {
            Freshness::Listed(at) | Freshness::Remembered(at) => {
                let age = SystemTime::now().duration_since(at).unwrap_or_default();
                format!("{} s ago", age.as_secs())
            }
            _ => "unknown".to_owned(),
        };
        println!("{} ({age})", server.server);
        for tool in server.tools {
            println!("  {}", tool.name);
        }
    }
    started.group.close().await;
    Ok(())
}
