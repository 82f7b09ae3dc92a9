//! What a server with tasks does in the background. If a store or an engine panics, it begins
//! again after a pause.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::engine::TaskEngine;
use super::orphans::Orphan;
use super::shared::Shared;
use super::supervised::{caught, caught_async, supervise};
use crate::clock::now;
use crate::store::{StoreError, TaskChange, TaskState, TaskUpdate, UpdateOutcome};

/// Time between two searches for orphans. Fixed: it is short for a lease, so that an orphan rarely
/// runs.
const ORPHAN_INTERVAL: Duration = Duration::from_secs(1);

/// Pause before a feed that has ended is opened again. Fixed: a feed does not end by itself, so
/// that this only prevents a busy loop.
const REOPEN_DELAY: Duration = Duration::from_secs(1);

/// Passes changes on to those who wait for them.
pub(super) async fn read_changes(shared: Arc<Shared>, engine: Weak<dyn TaskEngine>) {
    let mut is_first = true;
    supervise("reading the changes of tasks", move || {
        let has_missed = !std::mem::take(&mut is_first);
        follow(Arc::clone(&shared), Weak::clone(&engine), has_missed)
    })
    .await;
}

/// Passes changes on, until the engine is dropped. `has_missed` says that there was a feed before.
async fn follow(shared: Arc<Shared>, engine: Weak<dyn TaskEngine>, mut has_missed: bool) {
    loop {
        let mut changes = shared.store.changes();
        if std::mem::replace(&mut has_missed, true)
            && !report(&shared, &engine, &TaskChange::Missed)
        {
            return;
        }
        while let Some(change) = changes.next().await {
            if !report(&shared, &engine, &change) {
                return;
            }
            // A stream that is always ready must not keep the thread.
            tokio::task::consume_budget().await;
        }
        tracing::error!(
            "the store has ended its stream of changes, which it must not; it is opened again"
        );
        sleep(REOPEN_DELAY).await;
    }
}

/// Returns whether the engine still exists.
fn report(shared: &Shared, engine: &Weak<dyn TaskEngine>, change: &TaskChange) -> bool {
    shared.watchers.report(change);
    let Some(engine) = engine.upgrade() else { return false };
    caught("receiving the change of a task", || engine.changed(change));
    true
}

/// Deletes expired tasks.
pub(super) async fn sweep(shared: Arc<Shared>) {
    supervise("deleting expired tasks", move || sweep_in_turns(Arc::clone(&shared))).await;
}

async fn sweep_in_turns(shared: Arc<Shared>) {
    let limits = shared.limits();
    let period = limits.sweep_interval.max(Duration::from_millis(1));
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let begun_at = Instant::now();
        // A store may delete fewer than it is asked for, although there are more.
        loop {
            match shared.within(shared.store.sweep(now(), limits.max_swept_tasks.max(1))).await {
                Ok(expired) if expired.is_empty() => break,
                Ok(expired) => tracing::debug!(count = expired.len(), "deleted expired tasks"),
                Err(error) => {
                    tracing::warn!(%error, "expired tasks could not be deleted");
                    break;
                }
            }
            if begun_at.elapsed() >= period {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Cancels tasks whose creation was not confirmed.
pub(super) async fn cancel_orphans(shared: Arc<Shared>) {
    let cancel = move || cancel_in_turns(Arc::clone(&shared));
    supervise("cancelling tasks whose creation was not confirmed", cancel).await;
}

async fn cancel_in_turns(shared: Arc<Shared>) {
    let orphans = &shared.orphans;
    loop {
        for _ in 0..orphans.wait().await {
            let Some(orphan) = orphans.next() else { break };
            match caught_async("looking for a task", cancel(&shared, &orphan)).await {
                Some(Ok(true)) => {}
                Some(Ok(false)) | None => orphans.add(orphan),
                Some(Err(error @ StoreError::Unavailable(_))) => {
                    tracing::debug!(%error, "an unconfirmed task cannot be looked for yet");
                    orphans.add(orphan);
                }
                Some(Err(error)) => {
                    tracing::warn!(%error, "an unconfirmed task cannot be cancelled");
                }
            }
        }
        sleep(ORPHAN_INTERVAL).await;
    }
}

/// Cancels an orphan if it exists. Returns whether it need not be looked for again.
async fn cancel(shared: &Shared, orphan: &Orphan) -> Result<bool, StoreError> {
    let Some(head) = shared.within(shared.store.status(&orphan.id)).await? else {
        // The store may still carry the creation out. Afterwards it is given up.
        let limits = shared.limits();
        let wait = limits.store_timeout.saturating_mul(2).max(limits.lease);
        return Ok(orphan.created_at.elapsed() > wait);
    };
    if head.state.is_terminal() {
        return Ok(true);
    }
    let detail = shared.records.decode_detail(&head)?.constants();
    let mut update = TaskUpdate::of(&head, now());
    update.state = TaskState::Cancelled;
    // No client can ask for it.
    update.expires_at = Some(now());
    update.detail = Some(shared.records.encode_detail(&head, &detail)?);
    match shared.within(shared.store.update(&head.id, update)).await? {
        UpdateOutcome::Applied(_) => {
            tracing::warn!("cancelled a task whose creation the store had not confirmed");
            Ok(true)
        }
        UpdateOutcome::Ended | UpdateOutcome::Missing => Ok(true),
        UpdateOutcome::Conflict | UpdateOutcome::Fenced => Ok(false),
    }
}
