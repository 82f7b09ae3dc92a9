//! The client of the HTTP benches, written with this SDK: it calls `echo` of a server, one call at
//! a time and with 32 and 64 in flight, and prints its own CPU time as one line of JSON. Which era
//! the server speaks it finds out.
//!
//! Both clients use the current-thread runtime, the cheaper one for either.
//!
//! `bench-http-client --calls N URL`
#![expect(clippy::print_stdout, reason = "http-client-bench reads the figures from there")]

use std::{env, time::Instant};

use futures::future::try_join_all;
use mcp_benches::{Error, cpu::Cpu};
use mcp_client::Client;
use serde_json::{Value, json};

async fn calls(client: &Client, count: usize) -> Result<(), mcp_client::Error> {
    for _ in 0..count {
        client.call_tool("echo", &json!({ "text": "hello, world" })).await?;
    }
    Ok(())
}

async fn load(client: &Client, count: usize, in_flight: usize) -> Result<Value, Error> {
    try_join_all((0..in_flight).map(|_| calls(client, (count / in_flight / 10).max(1)))).await?;
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
    let client = Client::connect_http(arguments.next().ok_or("no URL")?).await?;
    let (one, some, many) = (
        load(&client, count, 1).await?,
        load(&client, count, 32).await?,
        load(&client, count, 64).await?,
    );
    println!("{}", json!({ "1": one, "32": some, "64": many }));
    Ok(())
}
