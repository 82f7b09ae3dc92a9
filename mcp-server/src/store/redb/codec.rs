//! The rows of the table of heads.
//!
//! A row is: the format (1 byte), the state (1 byte), flags (1 byte), then as little-endian 64-bit
//! numbers the version, the fence, the times of creation, of the last change and of expiry, the
//! number of entries of the journal, the size of the task and the length of the owner, and then the
//! owner and the detail. The id is the key; the outcome is in a table of its own.

use bytes::Bytes;

use crate::store::task::{StoreError, TaskHead, TaskState};

/// The format of a row.
const FORMAT: u8 = 1;

/// The length of the fields before the owner.
const FIXED_LENGTH: usize = 3 + 8 * 8;

const HAS_EXPIRY: u8 = 1;
const HAS_OUTCOME: u8 = 2;

/// A row of the table of heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeadRow {
    /// The head, without the outcome.
    pub(super) head: TaskHead,
    /// Whether the table of outcomes has a row for this task.
    pub(super) has_outcome: bool,
    /// The number of entries of the journal.
    pub(super) entries: u64,
    /// What the task counts for in the limit of the store, in bytes.
    pub(super) bytes: u64,
}

impl HeadRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let head = &self.head;
        let mut row = Vec::with_capacity(FIXED_LENGTH + head.owner.len() + head.detail.len());
        let expiry = if head.expires_at.is_some() { HAS_EXPIRY } else { 0 };
        let outcome = if self.has_outcome { HAS_OUTCOME } else { 0 };
        row.extend([FORMAT, code(head.state), expiry | outcome]);
        let numbers = [
            head.version,
            head.fence,
            head.created_at,
            head.updated_at,
            head.expires_at.unwrap_or_default(),
            self.entries,
            self.bytes,
            head.owner.len() as u64,
        ];
        numbers.iter().for_each(|number| row.extend(number.to_le_bytes()));
        row.extend(head.owner.as_bytes());
        row.extend(&*head.detail);
        row
    }

    /// # Errors
    /// [`StoreError::Invalid`] if the row was not written by this version.
    pub(super) fn decode(id: &str, row: &[u8]) -> Result<Self, StoreError> {
        match row.first() {
            Some(&FORMAT) => {}
            Some(format) => {
                let text = format!("the task {id:?} has the format {format}, not {FORMAT}");
                return Err(StoreError::invalid(text));
            }
            None => return Err(damaged(id)),
        }
        Self::fields(id, row).ok_or_else(|| damaged(id))
    }

    fn fields(id: &str, row: &[u8]) -> Option<Self> {
        let (fixed, rest) = row.split_at_checked(FIXED_LENGTH)?;
        let (flags, numbers) = (fixed[2], &fixed[3..]);
        let mut numbers = numbers.chunks_exact(8).map(|bytes| {
            let bytes = bytes.try_into().unwrap_or_default();
            u64::from_le_bytes(bytes)
        });
        let mut next = || numbers.next();
        let (version, fence) = (next()?, next()?);
        let (created_at, updated_at, expires_at) = (next()?, next()?, next()?);
        let (entries, bytes, owner_length) = (next()?, next()?, next()?);
        let (owner, detail) = rest.split_at_checked(usize::try_from(owner_length).ok()?)?;
        let mut head = TaskHead::new(id, std::str::from_utf8(owner).ok()?, created_at);
        head.version = version;
        head.fence = fence;
        head.state = state(fixed[1])?;
        head.updated_at = updated_at;
        head.expires_at = (flags & HAS_EXPIRY != 0).then_some(expires_at);
        head.detail = Bytes::copy_from_slice(detail);
        let is_known = flags & !(HAS_EXPIRY | HAS_OUTCOME) == 0;
        is_known.then_some(Self { head, has_outcome: flags & HAS_OUTCOME != 0, entries, bytes })
    }
}

fn damaged(id: &str) -> StoreError {
    StoreError::invalid(format!("the row of the task {id:?} is damaged"))
}

const fn code(state: TaskState) -> u8 {
    match state {
        TaskState::Working => 0,
        TaskState::InputRequired => 1,
        TaskState::Completed => 2,
        TaskState::Failed => 3,
        TaskState::Cancelled => 4,
    }
}

fn state(number: u8) -> Option<TaskState> {
    TaskState::ALL.into_iter().find(|state| code(*state) == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> HeadRow {
        let mut head = TaskHead::new("täsk", "öwner", 7);
        head.state = TaskState::Failed;
        head.expires_at = Some(u64::MAX);
        head.detail = Bytes::from_static(b"\0\xff");
        HeadRow { head, has_outcome: true, entries: 3, bytes: 99 }
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        for state in TaskState::ALL {
            let mut row = row();
            row.head.state = state;
            assert_eq!(HeadRow::decode("täsk", &row.encode()).unwrap(), row);
        }
        let mut least = row();
        (least.head.expires_at, least.has_outcome) = (None, false);
        (least.head.owner, least.head.detail) = ("".into(), Bytes::new());
        assert_eq!(HeadRow::decode("täsk", &least.encode()).unwrap(), least);
    }

    #[test]
    fn a_row_that_is_damaged_is_reported() {
        let row = row().encode();
        let shortest = FIXED_LENGTH + "öwner".len();
        for length in 0..shortest {
            let error = HeadRow::decode("task", &row[..length]).unwrap_err();
            assert!(matches!(error, StoreError::Invalid(_)), "length {length}: {error}");
        }
        for (index, value) in [(0, 2), (1, 5), (2, 4), (FIXED_LENGTH, 0xff), (3 + 7 * 8, 0xff)] {
            let mut damaged = row.clone();
            damaged[index] = value;
            let error = HeadRow::decode("task", &damaged).unwrap_err();
            assert!(matches!(error, StoreError::Invalid(_)), "byte {index}: {error}");
        }
    }
}
