//! The time from a write at one instance to its report at another one.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use mcp_server::store::{
    NewTask, TaskChange, TaskHead, TaskQuota, TaskRecord, TaskState, TaskUpdate,
};
use tokio::time::timeout;

use crate::Error;
use crate::place::Place;

/// Number of writes, one after the other.
const WRITES: usize = 2_000;

/// Measures the median and the 99th percentile of the time until a write is reported, from before
/// the write, in ms.
pub(crate) async fn measure(store: &str) -> Result<Vec<f64>, Error> {
    let place = Place::new(store)?;
    let writer = place.open().await?;
    // The instances of a store in memory or in a file are one.
    let reader = match &place {
        Place::Redis(_) => place.open().await?,
        _ => std::sync::Arc::clone(&writer),
    };
    let mut changes = reader.changes();
    let mut reported = async |id: &str, version: u64| {
        let found = async {
            while let Some(change) = changes.next().await {
                let is_it = matches!(&change, TaskChange::Changed { id: found, version: number, .. }
                    if **found == *id && *number == version);
                if is_it {
                    return Ok(());
                }
            }
            Err(Error::from("the feed has ended"))
        };
        timeout(Duration::from_secs(10), found).await?
    };
    let head = TaskHead::new("task", "owner", 1);
    let task = NewTask::new(TaskRecord::new(head.clone(), "call".into(), Vec::new()));
    // The feed begins a little after the stream was created.
    tokio::time::sleep(Duration::from_millis(200)).await;
    writer.create(task, TaskQuota::new(10, 10)).await?;
    reported("task", 1).await?;
    let mut times = Vec::with_capacity(WRITES);
    let mut current = head;
    for number in 0..WRITES {
        let mut update = TaskUpdate::of(&current, number as u64);
        update.state = TaskState::Working;
        let begin = Instant::now();
        writer.update("task", update).await?;
        current.version += 1;
        reported("task", current.version).await?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(vec![times[WRITES / 2], times[WRITES * 99 / 100]])
}
