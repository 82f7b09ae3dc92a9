//! Positions in the list of the tasks of an owner.

use super::task::{StoreError, TaskHead};

/// Returns the position behind a task.
pub(super) fn position_after(head: &TaskHead) -> String {
    format!("{}-{}", head.created_at, head.id)
}

/// Returns the time of creation and the id of the task before a position.
///
/// # Errors
/// [`StoreError::Invalid`] if the text is not a position.
pub(super) fn parse_position(text: &str) -> Result<(u64, &str), StoreError> {
    let parts = text.split_once('-').and_then(|(created_at, id)| {
        let is_number = created_at.bytes().all(|byte| byte.is_ascii_digit());
        created_at.parse().ok().filter(|_| is_number).map(|created_at| (created_at, id))
    });
    parts.ok_or_else(|| StoreError::invalid("the position is not one of this list"))
}
