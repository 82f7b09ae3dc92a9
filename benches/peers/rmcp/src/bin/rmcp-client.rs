//! The client of the benches, written with rmcp, over stdio and HTTP. For its best performance over
//! HTTP, it allows 64 concurrent requests (the default is 16).
//!
//! The command line is that of `ClientLoad`.

#[path = "../../../../src/client_load.rs"]
mod client_load;
#[path = "../../../../src/cpu.rs"]
mod cpu;

use std::{error::Error, sync::Arc};

use client_load::ClientLoad;
use rmcp::{
    model::{CallToolRequestParams, JsonObject, ProtocolVersion},
    service::{ClientLifecycleMode, ClientServiceExt, ServiceError},
    transport::{
        StreamableHttpClientTransport, TokioChildProcess,
        streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::Value;

async fn run(load: &ClientLoad) -> Result<(), Box<dyn Error + Send + Sync>> {
    let lifecycle = match load.modern {
        true => ClientLifecycleMode::Discover {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        },
        false => ClientLifecycleMode::Initialize,
    };
    let client = match load.url() {
        Some(url) => {
            let config =
                StreamableHttpClientTransportConfig::with_uri(url).max_concurrent_requests(64);
            ().serve_with_lifecycle(StreamableHttpClientTransport::from_config(config), lifecycle)
                .await?
        }
        None => {
            let mut command = tokio::process::Command::new(&load.server[0]);
            command.args(&load.server[1..]);
            ().serve_with_lifecycle(TokioChildProcess::new(command)?, lifecycle).await?
        }
    };
    let peer = Arc::new(client.peer().clone());
    load.run(move || {
        let peer = Arc::clone(&peer);
        async move {
            let arguments =
                JsonObject::from_iter([("text".to_owned(), Value::from("hello, world"))]);
            peer.call_tool(CallToolRequestParams::new("echo").with_arguments(arguments)).await?;
            Ok::<(), ServiceError>(())
        }
    })
    .await?;
    client.cancel().await?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let load = ClientLoad::from_arguments()?;
    load.block_on(run(&load))?
}
