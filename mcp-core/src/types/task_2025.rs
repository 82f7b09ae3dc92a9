//! The experimental tasks of 2025-11-25. Spec: basic/utilities/tasks; that revision only.
//!
//! In 2026-07-28 tasks are an extension with different types, such as [`Task`](super::Task).

use super::task_status::TaskStatus;
use crate::json::{Millis, object};
use crate::meta::{Meta, RELATED_TASK};

object! {
    /// A task. 2025-11-25 only.
    pub struct Task {
        /// The id.
        task_id: String = "taskId",
        /// The status.
        status: TaskStatus = "status",
        /// Time of creation, as an ISO 8601 date and time.
        created_at: String = "createdAt",
        /// Time of the last change, as an ISO 8601 date and time.
        last_updated_at: String = "lastUpdatedAt",
        /// Time for which the task is kept, in milliseconds. `None` means no limit.
        ttl: Option<u64> = "ttl" via Millis,
        /// Recommended time between polls, in milliseconds.
        poll_interval?: u64 = "pollInterval" via Millis,
        /// A status message to display.
        status_message?: String = "statusMessage",
        /// Metadata, if the task is a result or the params of a notification.
        meta?: Meta = "_meta",
    }

    /// Requests that a request runs as a task. 2025-11-25 only.
    pub struct TaskMetadata {
        /// The requested time to keep the task, in milliseconds.
        ttl?: u64 = "ttl" via Millis,
    }

    /// The task that a message belongs to, in `_meta`. 2025-11-25 only.
    pub struct RelatedTaskMetadata {
        /// The id of the task.
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
        /// The id of the task.
        task_id: String = "taskId",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `tasks/result`: the members of the request's own result are in `extra`. 2025-11-25
    /// only.
    pub struct TaskPayloadResult {
        /// Metadata, with [`Meta::related_task`].
        meta?: Meta = "_meta",
    }

    /// Result of `tasks/list`. 2025-11-25 only.
    pub struct ListTasksResult {
        /// The tasks of this page.
        tasks: Vec<Task> = "tasks",
        /// The cursor of the next page. Absent on the last page.
        next_cursor?: String = "nextCursor",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

impl Meta {
    /// Returns the task that the message belongs to, or `None` if it is absent or malformed.
    /// 2025-11-25 only.
    #[must_use]
    pub fn related_task(&self) -> Option<RelatedTaskMetadata> {
        self.read(RELATED_TASK)
    }
}
