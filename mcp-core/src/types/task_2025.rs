//! Tasks as 2025-11-25 had them, experimental and in the core. Spec: basic/utilities/tasks; that revision only.
//!
//! Later they are an extension with other shapes: [`Task`](super::Task) and its kin.

use super::task_status::TaskStatus;
use crate::json::{Millis, object};
use crate::meta::{Meta, RELATED_TASK};

object! {
    /// A task. 2025-11-25 only.
    pub struct Task {
        /// Its id.
        task_id: String = "taskId",
        /// Where it stands.
        status: TaskStatus = "status",
        /// When it was created, as an ISO 8601 date and time.
        created_at: String = "createdAt",
        /// When it changed last, as an ISO 8601 date and time.
        last_updated_at: String = "lastUpdatedAt",
        /// How long it is kept, in milliseconds; null for ever.
        ttl: Option<u64> = "ttl" via Millis,
        /// How often to ask, in milliseconds.
        poll_interval?: u64 = "pollInterval" via Millis,
        /// What it does, for people.
        status_message?: String = "statusMessage",
        /// Metadata, where the task is a result or the params of a notification.
        meta?: Meta = "_meta",
    }

    /// The wish to run a request as a task. 2025-11-25 only.
    pub struct TaskMetadata {
        /// How long to keep it, in milliseconds.
        ttl?: u64 = "ttl" via Millis,
    }

    /// The task to which a message belongs, in `_meta`. 2025-11-25 only.
    pub struct RelatedTaskMetadata {
        /// Which task.
        task_id: String = "taskId",
    }

    /// Result of a request that runs as a task. 2025-11-25 only.
    pub struct CreateTaskResult {
        /// The task.
        task: Task = "task",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `tasks/get`, `tasks/result` and `tasks/cancel`. 2025-11-25 only.
    pub struct TaskParams {
        /// Which task.
        task_id: String = "taskId",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `tasks/result`: that of the request, whatever it is, in `extra`. 2025-11-25 only.
    pub struct TaskPayloadResult {
        /// Metadata with [`Meta::related_task`].
        meta?: Meta = "_meta",
    }

    /// Result of `tasks/list`. 2025-11-25 only.
    pub struct ListTasksResult {
        /// The tasks of this page.
        tasks: Vec<Task> = "tasks",
        /// Where the next page begins; absent on the last one.
        next_cursor?: String = "nextCursor",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

impl Meta {
    /// The task to which the message belongs: `None` when absent or malformed. 2025-11-25 only.
    #[must_use]
    pub fn related_task(&self) -> Option<RelatedTaskMetadata> {
        self.read(RELATED_TASK)
    }
}
