//! The decisions that the stores of this crate share.

use bytes::Bytes;

use super::task::{StoreError, TaskHead, TaskUpdate, UpdateOutcome};

/// Returns why an update does not apply to a task; `None` if it does.
pub(super) fn refusal(head: &TaskHead, update: &TaskUpdate) -> Option<UpdateOutcome> {
    if head.state.is_terminal() {
        Some(UpdateOutcome::Ended)
    } else if update.fence.is_some_and(|fence| fence != head.fence) {
        Some(UpdateOutcome::Fenced)
    } else if update.version != head.version {
        Some(UpdateOutcome::Conflict)
    } else {
        None
    }
}

/// Length of an outcome that a full store accepts, in bytes. Fixed: it fits an error, so that a
/// task can always end.
const MAX_FINAL_BYTES: usize = 4 << 10;

/// Whether an update ends a task with a short outcome, which a full store accepts.
pub(super) fn always_fits(update: &TaskUpdate) -> bool {
    let bytes =
        [&update.outcome, &update.detail].into_iter().flatten().map(Bytes::len).sum::<usize>();
    update.state.is_terminal() && update.append.is_empty() && bytes <= MAX_FINAL_BYTES
}

/// Fails if more is needed than a limit allows.
pub(super) fn check_limit(limit: &'static str, needed: u64, max: u64) -> Result<(), StoreError> {
    if needed <= max { Ok(()) } else { Err(StoreError::Full { limit, max }) }
}
