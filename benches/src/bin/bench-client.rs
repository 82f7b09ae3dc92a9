//! The client of the benches, written with this SDK, over stdio and HTTP. It probes the era of the
//! server.
//!
//! The command line is that of [`ClientLoad`].

use std::process::Command;

use mcp_benches::{Error, client_load::ClientLoad};
use mcp_client::Client;
use serde_json::json;

async fn run(load: &ClientLoad) -> Result<(), Error> {
    let client = match load.url() {
        Some(url) => Client::connect_http(url).await?,
        None => {
            let mut command = Command::new(&load.server[0]);
            command.args(&load.server[1..]);
            Client::connect_command(command).await?
        }
    };
    load.run(move || {
        let client = client.clone();
        async move {
            client.call_tool("echo", &json!({ "text": "hello, world" })).await?;
            Ok::<(), mcp_client::Error>(())
        }
    })
    .await
}

fn main() -> Result<(), Error> {
    let load = ClientLoad::from_arguments()?;
    load.block_on(run(&load))?
}
