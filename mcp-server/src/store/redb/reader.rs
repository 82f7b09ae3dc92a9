//! Reads, each of one snapshot of the file.

use std::ops::Bound::{Excluded, Included, Unbounded};

use bytes::Bytes;
use redb::{Database, ReadTransaction, ReadableDatabase as _};

use super::codec::HeadRow;
use super::failure::Failure;
use super::schema::{CALLS, HEADS, JOURNAL, OUTCOMES, OWNERS};
use crate::store::position::{parse_position, position_after};
use crate::store::task::{StoreError, TaskHead, TaskPage, TaskRecord};

pub(super) fn head(database: &Database, id: &str) -> Result<Option<TaskHead>, Failure> {
    let snapshot = database.begin_read()?;
    Ok(row(&snapshot, id)?.map(|row| row.head))
}

/// Returns the head without the outcome.
pub(super) fn status(database: &Database, id: &str) -> Result<Option<TaskHead>, Failure> {
    Ok(row_without_outcome(&database.begin_read()?, id)?.map(|row| row.head))
}

pub(super) fn load(database: &Database, id: &str) -> Result<Option<TaskRecord>, Failure> {
    let snapshot = database.begin_read()?;
    let Some(row) = row(&snapshot, id)? else { return Ok(None) };
    let call = snapshot.open_table(CALLS)?.get(id)?;
    let call = call.ok_or_else(|| incomplete(id, "call"))?;
    let call = Bytes::copy_from_slice(call.value());
    let entries = snapshot.open_table(JOURNAL)?;
    let mut journal = Vec::new();
    for entry in entries.range((id, 0)..=(id, u64::MAX))? {
        journal.push(Bytes::copy_from_slice(entry?.1.value()));
    }
    if journal.len() as u64 != row.entries {
        return Err(incomplete(id, "journal").into());
    }
    Ok(Some(TaskRecord::new(row.head, call, journal)))
}

pub(super) fn list(
    database: &Database,
    owner: &str,
    after: Option<&str>,
    max: usize,
) -> Result<TaskPage, Failure> {
    let start = match after.map(parse_position).transpose()? {
        Some((created_at, id)) => Excluded((owner, created_at, id)),
        None => Included((owner, 0, "")),
    };
    let snapshot = database.begin_read()?;
    let mut tasks: Vec<TaskHead> = Vec::new();
    for entry in snapshot.open_table(OWNERS)?.range((start, Unbounded))? {
        let (key, _) = entry?;
        let (owner_of_task, _, id) = key.value();
        if owner_of_task != owner {
            break;
        }
        if tasks.len() >= max.max(1) {
            let next = tasks.last().map(position_after);
            return Ok(TaskPage::new(tasks, next));
        }
        let row = row_without_outcome(&snapshot, id)?.ok_or_else(|| incomplete(id, "head"))?;
        tasks.push(row.head);
    }
    Ok(TaskPage::new(tasks, None))
}

/// Returns the row of a task, with its outcome in the head.
fn row(snapshot: &ReadTransaction, id: &str) -> Result<Option<HeadRow>, Failure> {
    let Some(mut row) = row_without_outcome(snapshot, id)? else { return Ok(None) };
    if row.has_outcome {
        let outcome = snapshot.open_table(OUTCOMES)?.get(id)?;
        let outcome = outcome.ok_or_else(|| incomplete(id, "outcome"))?;
        row.head.outcome = Some(Bytes::copy_from_slice(outcome.value()));
    }
    Ok(Some(row))
}

fn row_without_outcome(snapshot: &ReadTransaction, id: &str) -> Result<Option<HeadRow>, Failure> {
    let Some(row) = snapshot.open_table(HEADS)?.get(id)? else { return Ok(None) };
    Ok(Some(HeadRow::decode(id, row.value())?))
}

fn incomplete(id: &str, part: &str) -> StoreError {
    StoreError::invalid(format!("the {part} of the task {id:?} is missing"))
}
