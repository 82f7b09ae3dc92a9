//! The interface of a store of tasks, and the records that it keeps.

mod error;
mod record;
mod task_store;

pub use error::StoreError;
pub use record::{
    Lease, NewTask, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskState, TaskUpdate,
};
pub use task_store::{TaskChange, TaskStore, UpdateOutcome};
