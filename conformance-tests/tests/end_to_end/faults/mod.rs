//! A client and a server on a simulated network with faults: during a thousand calls, the network
//! drops, holds and delays messages, and the server is killed and restarted.
//!
//! Time is virtual. A seed decides which faults happen and when. It does not decide other random
//! values (the pauses between attempts, session ids), so two runs with one seed can differ
//! slightly.

mod history;
mod network;
mod schedule;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use mcp_client::http::Pool;
use mcp_client::types::ElicitResult;
use mcp_client::{Client, Limits, Revision};
use serde_json::json;
use tokio::time::{Instant, sleep};

use history::{CallKind, History};
use schedule::Schedule;

/// Number of workers. Each makes its calls one after the other.
const WORKERS: u64 = 20;
/// Number of calls of each worker.
const CALLS: u64 = 50;
/// Idle timeout of a call.
const IDLE: Duration = Duration::from_secs(4);
/// Total timeout of a call.
const TOTAL: Duration = Duration::from_secs(10);
/// Time after the last fault within which a call must succeed.
const RECOVERY: Duration = Duration::from_secs(120);

/// The seeds that every run uses. `FAULT_SEEDS=40` adds 40 more.
fn seeds() -> impl Iterator<Item = u64> {
    let more = std::env::var("FAULT_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
    [1, 7, 0x5eed].into_iter().chain(100..100 + more)
}

#[test]
fn a_thousand_modern_calls_each_end_once_and_none_runs_twice() {
    for seed in seeds() {
        run(Revision::V2026_07_28, seed);
    }
}

#[test]
fn a_thousand_legacy_calls_each_end_once_and_none_runs_twice() {
    for seed in seeds() {
        run(Revision::V2025_11_25, seed);
    }
}

fn run(revision: Revision, seed: u64) {
    let history = Arc::new(History::default());
    let schedule = Arc::new(Schedule::default());
    let mut sim = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(3_600))
        .tick_duration(Duration::from_millis(5))
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(40))
        .tcp_capacity(1_024)
        .rng_seed(seed)
        .build();
    let server_history = Arc::clone(&history);
    sim.host(network::SERVER, move || network::serve(Arc::clone(&server_history)));
    sim.client(network::CLIENT, run_client(revision, Arc::clone(&history), Arc::clone(&schedule)));
    let mut faults = schedule::Faults::new(seed);
    loop {
        match sim.step() {
            Ok(true) => break,
            Ok(false) => faults.step(&mut sim, &schedule),
            Err(error) => panic!("{revision}, seed {seed}: {error}"),
        }
    }
    eprintln!(
        "{revision}, seed {seed}: {faults:?}, {:?} of virtual time, {history:?}",
        sim.elapsed()
    );
    if let Err(wrong) = history.check(WORKERS * CALLS) {
        panic!("{revision}, seed {seed}: {wrong}");
    }
    let count = faults.count();
    assert!(count >= 10, "seed {seed}: only {count} faults happened");
}

/// Makes the calls of all workers while faults happen, then one call without faults.
async fn run_client(
    revision: Revision,
    history: Arc<History>,
    schedule: Arc<Schedule>,
) -> Result<(), Box<dyn Error>> {
    let mut limits = Limits::new();
    limits.http.reinitialize_timeout = IDLE;
    let client = Client::builder()
        .revision(revision)
        .limits(limits)
        .timeout(IDLE)
        .total_timeout(TOTAL)
        .http_stack(Pool::new(network::Connector))
        .on_elicit(|_| async { ElicitResult::accept(json!({ "sure": true })) })
        .connect_http(network::URL)
        .await?;
    schedule.set_faults(true);
    join_all((0..WORKERS).map(|worker| {
        let (client, history) = (client.clone(), Arc::clone(&history));
        async move {
            for number in 0..CALLS {
                record_call(&client, &history, worker * CALLS + number).await;
            }
        }
    }))
    .await;
    schedule.set_faults(false);
    // The client discovers half-open connections one by one.
    let faults_ended = Instant::now();
    while let Err(error) = call(&client, CallKind::Echo, u64::MAX).await {
        if faults_ended.elapsed() > RECOVERY {
            return Err(format!(
                "no call succeeded for {RECOVERY:?} after the last fault: {error:?}"
            )
            .into());
        }
        sleep(Duration::from_millis(100)).await;
    }
    client.close().await;
    Ok(())
}

async fn record_call(client: &Client, history: &History, nonce: u64) {
    let kind = match nonce % 4 {
        0 => CallKind::Read,
        1 => CallKind::Confirm,
        2 => CallKind::Talk,
        _ => CallKind::Echo,
    };
    let began = Instant::now();
    let outcome = call(client, kind, nonce).await;
    history.ended(nonce, kind, outcome, began.elapsed());
}

async fn call(client: &Client, kind: CallKind, nonce: u64) -> Result<String, mcp_client::Error> {
    let Some(tool) = kind.tool() else {
        let page = client.read_resource(&format!("page://{nonce}")).await?;
        return Ok(page.contents[0].as_text().unwrap_or_default().to_owned());
    };
    Ok(client.call_tool(tool, &json!({ "nonce": nonce })).await?.text())
}
