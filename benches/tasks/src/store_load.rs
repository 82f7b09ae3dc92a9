//! Creates and completes tasks in a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use mcp_server::store::{
    NewTask, TaskHead, TaskQuota, TaskRecord, TaskState, TaskStore, TaskUpdate, UpdateOutcome,
};

use crate::Error;
use crate::place::{Place, count};

/// The sizes of what a small task writes, in bytes: its call, its detail and its outcome.
const SIZES: [usize; 3] = [200, 60, 120];

/// Measures the time of a task, in µs.
pub(crate) async fn measure(store: &str, in_flight: usize) -> Result<Vec<f64>, Error> {
    let place = Place::new(store)?;
    let opened = place.open().await?;
    let count = count(store, in_flight);
    run(&opened, "warm", count / 10, in_flight).await?;
    let begin = Instant::now();
    run(&opened, "task", count, in_flight).await?;
    Ok(vec![begin.elapsed().as_secs_f64() * 1e6 / count as f64])
}

async fn run(
    store: &Arc<dyn TaskStore>,
    name: &'static str,
    count: usize,
    in_flight: usize,
) -> Result<(), Error> {
    let next = Arc::new(AtomicUsize::new(0));
    let workers = (0..in_flight).map(|_| {
        let (store, next) = (Arc::clone(store), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok(());
                }
                one(&*store, format!("{name}-{number}")).await?;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await?.map_err(|error: Error| error)?;
    }
    Ok(())
}

/// Creates a task as a server does, and completes it.
async fn one(store: &dyn TaskStore, id: String) -> Result<(), Error> {
    let [call, detail, outcome] = SIZES.map(|size| Bytes::from(vec![b'x'; size]));
    let mut head = TaskHead::new(id, "owner", 1);
    head.detail = detail.clone();
    head.expires_at = Some(u64::MAX / 2);
    let task = NewTask::new(TaskRecord::new(head.clone(), call, Vec::new()));
    let task = task.leased(Duration::from_secs(600));
    store.create(task, TaskQuota::new(usize::MAX, usize::MAX)).await?;
    let mut update = TaskUpdate::of(&head, 2);
    update.fence = Some(1);
    update.state = TaskState::Completed;
    update.detail = Some(detail);
    update.outcome = Some(outcome);
    match store.update(&head.id, update).await? {
        UpdateOutcome::Applied(_) => Ok(()),
        outcome => Err(format!("the task was not completed: {outcome:?}").into()),
    }
}
