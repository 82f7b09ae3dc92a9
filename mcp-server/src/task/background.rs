//! What a server with tasks does in the background.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::{MissedTickBehavior, interval};

use super::engine::TaskEngine;
use super::shared::Shared;
use crate::clock::now;

/// Passes changes on to those who wait for them.
pub(super) async fn read_changes(shared: Arc<Shared>, engine: Weak<dyn TaskEngine>) {
    let mut changes = shared.store.changes();
    loop {
        // A stream that is always ready must not keep the thread.
        tokio::task::consume_budget().await;
        let Some(change) = changes.next().await else { return };
        shared.watchers.report(&change);
        match engine.upgrade() {
            Some(engine) => engine.changed(&change),
            None => return,
        }
    }
}

/// Deletes expired tasks.
pub(super) async fn sweep(shared: Arc<Shared>) {
    let limits = shared.limits();
    let period = limits.sweep_interval.max(Duration::from_millis(1));
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match shared.within(shared.store.sweep(now(), limits.max_swept_tasks)).await {
            Ok(expired) if expired.is_empty() => {}
            Ok(expired) => tracing::debug!(count = expired.len(), "deleted expired tasks"),
            Err(error) => tracing::warn!(%error, "expired tasks could not be deleted"),
        }
    }
}
