//! The client of the stdio benches, written with rmcp: it calls `echo` of the server whose command
//! line it is given, one call at a time and with 64 in flight, and prints its own CPU time as one
//! line of JSON.
//!
//! The current-thread runtime is its best case.
//!
//! `rmcp-stdio-client --calls N COMMAND [ARGUMENT…]`

#[path = "../../../../src/cpu.rs"]
mod cpu;

use std::{error::Error, time::Instant};

use cpu::Cpu;
use futures::future::try_join_all;
use rmcp::{
    RoleClient, ServiceExt,
    model::{CallToolRequestParams, JsonObject},
    service::{Peer, ServiceError},
    transport::TokioChildProcess,
};
use serde_json::{Value, json};

const IN_FLIGHT: usize = 64;

async fn calls(peer: &Peer<RoleClient>, count: usize) -> Result<(), ServiceError> {
    for _ in 0..count {
        let arguments = JsonObject::from_iter([("text".to_owned(), Value::from("hello, world"))]);
        peer.call_tool(CallToolRequestParams::new("echo").with_arguments(arguments)).await?;
    }
    Ok(())
}

async fn load(peer: &Peer<RoleClient>, count: usize, in_flight: usize) -> Result<Value, Box<dyn Error>> {
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
    let mut command = tokio::process::Command::new(arguments.next().ok_or("no command")?);
    command.args(arguments);
    let client = ().serve(TokioChildProcess::new(command)?).await?;
    let warm_up = (count / 10).max(IN_FLIGHT);
    load(&client, warm_up, 1).await?;
    let sequential = load(&client, count, 1).await?;
    load(&client, warm_up, IN_FLIGHT).await?;
    let in_flight = load(&client, count, IN_FLIGHT).await?;
    println!("{}", json!({ "sequential": sequential, "in_flight": in_flight }));
    client.cancel().await?;
    Ok(())
}
