//! The decisions that the stores of this crate share.

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

/// Fails if more is needed than a limit allows.
pub(super) fn check_limit(limit: &'static str, needed: u64, max: u64) -> Result<(), StoreError> {
    if needed <= max { Ok(()) } else { Err(StoreError::Full { limit, max }) }
}
