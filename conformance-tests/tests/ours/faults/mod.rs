//! Our client and our server on a simulated network that fails: connections are cut, held up and
//! slowed down, and the server is killed and started again, during a thousand calls.
//!
//! Time is virtual. A seed decides what fails and when; what chance decides elsewhere (the pauses
//! between attempts, the names of sessions) it does not, so that a run is nearly, but not exactly,
//! the same for the same seed.

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

use history::{Asked, History};
use schedule::Schedule;

/// Workers, each of which makes one call after the other.
const WORKERS: u64 = 20;
const CALLS: u64 = 50;
/// The times of one call.
const IDLE: Duration = Duration::from_secs(4);
const TOTAL: Duration = Duration::from_secs(10);
/// How long a client may take to get an answer again, once the network is well.
const RECOVERY: Duration = Duration::from_secs(120);

/// The seeds of every run; `FAULT_SEEDS=40` runs 40 more.
fn seeds() -> impl Iterator<Item = u64> {
    let more = std::env::var("FAULT_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
    [1, 7, 0x5eed].into_iter().chain(100..100 + more)
}

#[test]
fn a_thousand_modern_calls_end_once_each_and_none_is_carried_out_twice() {
    for seed in seeds() {
        run(Revision::V2026_07_28, seed);
    }
}

#[test]
fn a_thousand_legacy_calls_end_once_each_and_none_is_carried_out_twice() {
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
    let executed = Arc::clone(&history);
    sim.host(network::SERVER, move || network::serve(Arc::clone(&executed)));
    sim.client(network::CLIENT, work(revision, Arc::clone(&history), Arc::clone(&schedule)));
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
    assert!(faults.happened() >= 10, "seed {seed}: the network hardly failed");
}

/// What the client does.
async fn work(
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
        .on_elicit(|_| async {
            let yes = json!({ "sure": true });
            Ok(ElicitResult::accept(yes.as_object().cloned().unwrap_or_default()))
        })
        .connect_http(network::URL)
        .await?;
    schedule.set_stormy(true);
    join_all((0..WORKERS).map(|worker| {
        let (client, history) = (client.clone(), Arc::clone(&history));
        async move {
            for number in 0..CALLS {
                one_call(&client, &history, worker * CALLS + number).await;
            }
        }
    }))
    .await;
    schedule.set_stormy(false);
    // Connections that are dead without knowing it are found out one by one.
    let calm = Instant::now();
    while let Err(error) = ask(&client, Asked::Echo, u64::MAX).await {
        if calm.elapsed() > RECOVERY {
            return Err(
                format!("the network is well, and the client gets no answer: {error:?}").into()
            );
        }
        sleep(Duration::from_millis(100)).await;
    }
    client.close().await;
    Ok(())
}

async fn one_call(client: &Client, history: &History, nonce: u64) {
    let asked = match nonce % 4 {
        0 => Asked::Read,
        1 => Asked::Confirm,
        2 => Asked::Talk,
        _ => Asked::Echo,
    };
    let began = Instant::now();
    let answer = ask(client, asked, nonce).await;
    history.ended(nonce, asked, answer, began.elapsed());
}

async fn ask(client: &Client, asked: Asked, nonce: u64) -> Result<String, mcp_client::Error> {
    let Some(tool) = asked.tool() else {
        let page = client.read_resource(&format!("page://{nonce}")).await?;
        return Ok(page.contents[0].as_text().unwrap_or_default().to_owned());
    };
    Ok(client.call_tool(tool, &json!({ "nonce": nonce })).await?.text())
}
