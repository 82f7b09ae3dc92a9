//! The client of the stdio benches, written with this SDK: it calls `echo` of the server whose
//! command line it is given, one call at a time and with 64 in flight, and prints its own CPU time
//! as one line of JSON.
//!
//! Both clients use the current-thread runtime, the cheaper one for either.
//!
//! `bench-stdio-client --calls N COMMAND [ARGUMENT…]`
#![expect(clippy::print_stdout, reason = "stdio-bench reads the figures from there")]

use std::{env, process::Command, time::Instant};

use futures::future::try_join_all;
use mcp_benches::{Error, cpu::Cpu};
use mcp_client::Client;
use serde_json::{Value, json};

const IN_FLIGHT: usize = 64;

async fn calls(client: &Client, count: usize) -> Result<(), mcp_client::Error> {
    for _ in 0..count {
        client.call_tool("echo", &json!({ "text": "hello, world" })).await?;
    }
    Ok(())
}

async fn load(client: &Client, count: usize, in_flight: usize) -> Result<Value, Error> {
    let (cpu, start) = (Cpu::of("self")?, Instant::now());
    try_join_all((0..in_flight).map(|_| calls(client, count / in_flight))).await?;
    let (used, wall) = (Cpu::of("self")?.since(&cpu), start.elapsed());
    let made = (count / in_flight * in_flight) as f64;
    Ok(
        json!({ "cpu_us": used.as_secs_f64() * 1e6 / made, "per_second": made / wall.as_secs_f64() }),
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut arguments = env::args().skip(2);
    let count: usize = arguments.next().ok_or("no number of calls")?.parse()?;
    let mut command = Command::new(arguments.next().ok_or("no command")?);
    command.args(arguments);
    let client = Client::connect_command(command).await?;
    let warm_up = (count / 10).max(IN_FLIGHT);
    load(&client, warm_up, 1).await?;
    let sequential = load(&client, count, 1).await?;
    load(&client, warm_up, IN_FLIGHT).await?;
    let in_flight = load(&client, count, IN_FLIGHT).await?;
    println!("{}", json!({ "sequential": sequential, "in_flight": in_flight }));
    Ok(())
}
