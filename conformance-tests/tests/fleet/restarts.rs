//! A rolling restart under load.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mcp_client::Revision;

use crate::instances::Fleet;
use crate::listener::Listener;
use crate::load::{self, Counters};

const LEGACY: Revision = Revision::V2025_11_25;
const MODERN: Revision = Revision::V2026_07_28;

/// Each instance in turn is taken out, stopped and started again. No call fails, no notification
/// is lost, and tasks go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(fleet_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_rolling_restart_under_load_loses_nothing() {
    let mut fleet = Fleet::start();
    let counters = Arc::<Counters>::default();
    let mut loops = Vec::new();
    let mut listeners = Vec::new();
    for revision in [LEGACY, MODERN, LEGACY, MODERN] {
        loops.push(load::call(fleet.client(revision).await, &counters));
        listeners.push((revision, Listener::start(fleet.client(revision).await).await));
    }
    loops.push(load::run_tasks(fleet.client(MODERN).await, &counters));
    loops.push(load::run_tasks(fleet.client(MODERN).await, &counters));
    let changing = load::change(fleet.client(LEGACY).await, &counters);
    tokio::time::sleep(Duration::from_millis(500)).await;
    for index in 0..3 {
        let took = fleet.stop(index);
        assert!(took < Duration::from_secs(10), "instance {index} took {took:?} to stop");
        tokio::time::sleep(Duration::from_millis(300)).await;
        fleet.begin(index);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    counters.stop();
    let changes = changing.await.expect("no failed call");
    for calling in loops {
        calling.await.expect("no failed call");
    }
    for (revision, listener) in &listeners {
        listener.wait_for(&changes).await;
        if *revision == LEGACY {
            assert_eq!(listener.gaps(), 0, "the stream of a session is resumed without a gap");
        }
    }
    let (calls, tasks) =
        (counters.calls.load(Ordering::Relaxed), counters.tasks.load(Ordering::Relaxed));
    eprintln!("{calls} calls, {tasks} tasks and {} changes, no failure", changes.len());
    assert!(calls > 100 && tasks > 3 && changes.len() > 20, "{calls} {tasks} {}", changes.len());
}
