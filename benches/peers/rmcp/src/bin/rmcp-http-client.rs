//! The client of the HTTP benches, written with rmcp: it calls `echo` of a server, one call at a
//! time and with 32 and 64 in flight, and prints its own CPU time as one line of JSON.
//!
//! The current-thread runtime and room for 64 requests at once (its default is 16) are its best
//! case.
//!
//! `rmcp-http-client --calls N URL [--modern]`

#[path = "../../../../src/cpu.rs"]
mod cpu;

use std::{error::Error, time::Instant};

use cpu::Cpu;
use futures::future::try_join_all;
use rmcp::{
    RoleClient,
    model::{CallToolRequestParams, JsonObject, ProtocolVersion},
    service::{ClientLifecycleMode, ClientServiceExt, Peer, ServiceError},
    transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig},
};
use serde_json::{Value, json};

async fn calls(peer: &Peer<RoleClient>, count: usize) -> Result<(), ServiceError> {
    for _ in 0..count {
        let arguments = JsonObject::from_iter([("text".to_owned(), Value::from("hello, world"))]);
        peer.call_tool(CallToolRequestParams::new("echo").with_arguments(arguments)).await?;
    }
    Ok(())
}

async fn load(peer: &Peer<RoleClient>, count: usize, in_flight: usize) -> Result<Value, Box<dyn Error>> {
    try_join_all((0..in_flight).map(|_| calls(peer, (count / in_flight / 10).max(1)))).await?;
    let (cpu, start) = (Cpu::of("self")?, Instant::now());
    try_join_all((0..in_flight).map(|_| calls(peer, count / in_flight))).await?;
    let (used, wall) = (Cpu::of("self")?.since(&cpu), start.elapsed());
    let made = (count / in_flight * in_flight) as f64;
    Ok(json!({ "cpu_us": used.as_secs_f64() * 1e6 / made, "per_second": made / wall.as_secs_f64() }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(2);
    let count: usize = arguments.next().ok_or("no number of calls")?.parse()?;
    let url = arguments.next().ok_or("no URL")?;
    let lifecycle = match arguments.any(|argument| argument == "--modern") {
        true => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
        false => ClientLifecycleMode::Initialize,
    };
    let config = StreamableHttpClientTransportConfig::with_uri(url).max_concurrent_requests(64);
    let client =
        ().serve_with_lifecycle(StreamableHttpClientTransport::from_config(config), lifecycle).await?;
    let (one, some, many) =
        (load(&client, count, 1).await?, load(&client, count, 32).await?, load(&client, count, 64).await?);
    println!("{}", json!({ "1": one, "32": some, "64": many }));
    client.cancel().await?;
    Ok(())
}
