//! Calls of a tool through a server in this process, each of which becomes a task.

use std::sync::Arc;
use std::time::Instant;

use mcp_client::Client;
use mcp_client::task::{Started, TaskOptions};
use mcp_client::types::ElicitResult;
use mcp_server::input::KeyRing;
use mcp_server::task::TaskConfig;
use mcp_server::tool::ToolRoute;
use mcp_server::{Limits, Server};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Error;
use crate::counting::Counting;
use crate::place::{Place, count};

/// More tasks than a load creates.
const MANY: usize = 1_000_000;

/// Connects a client to a server with a tool, over the transport in memory.
pub(crate) async fn connect(store: &Counting, tool: ToolRoute) -> Result<Client, Error> {
    let mut limits = Limits::new();
    limits.tasks.max_tasks = MANY;
    limits.tasks.max_running_tasks = MANY;
    let server = Server::builder("bench", "1.0.0")
        .limits(limits)
        .tools([tool])
        .tasks(TaskConfig::new(store.clone()))
        .state_keys(KeyRing::new("a bench has no secret: 0123456789abcdef")?)
        .build()?;
    let client = Client::builder()
        .tasks(TaskOptions::new().listen(false))
        // Declares that forms can be answered.
        .on_elicit(|_| async { Ok(ElicitResult::cancel()) });
    Ok(client.connect_memory(&server).await?)
}

/// Begins a task.
pub(crate) async fn begin(client: &Client) -> Result<(), Error> {
    match client.call_tool("work", &json!({})).start().await? {
        Started::Task(_) => Ok(()),
        Started::Result(result) => Err(format!("the call became no task: {result:?}").into()),
    }
}

/// Measures the time of a task, in µs.
pub(crate) async fn measure(store: &str, in_flight: usize) -> Result<Vec<f64>, Error> {
    let place = Place::new(store)?;
    let counting = Counting::new(place.open().await?);
    let tool = ToolRoute::builder("work")
        .task(mcp_server::task::TaskSupport::Required)
        .handler(|| async { "done" });
    let client = connect(&counting, tool).await?;
    let count = count(store, in_flight);
    run(&client, &counting, count / 10, in_flight).await?;
    let begin = Instant::now();
    run(&client, &counting, count, in_flight).await?;
    Ok(vec![begin.elapsed().as_secs_f64() * 1e6 / count as f64])
}

/// Has so many tasks created and completed.
async fn run(
    client: &Client,
    store: &Counting,
    count: usize,
    in_flight: usize,
) -> Result<(), Error> {
    let permits = Arc::new(Semaphore::new(in_flight));
    let mut calls = JoinSet::new();
    for worker in 0..in_flight {
        let (client, permits) = (client.clone(), Arc::clone(&permits));
        let share = count / in_flight + usize::from(worker < count % in_flight);
        calls.spawn(async move {
            for _ in 0..share {
                permits.acquire().await?.forget();
                begin(&client).await?;
            }
            Ok::<_, Error>(())
        });
    }
    for _ in 0..count {
        store.one_stopped().await?;
        permits.add_permits(1);
    }
    while let Some(call) = calls.join_next().await {
        call??;
    }
    Ok(())
}
