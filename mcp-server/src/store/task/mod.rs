//! The interface of a store of tasks, and the records that it keeps.

mod record;
mod task_store;

pub(super) use super::error::StoreError;
pub use record::{
    Lease, NewTask, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskState, TaskUpdate,
};
pub use task_store::{TaskChange, TaskStore, UpdateOutcome};
