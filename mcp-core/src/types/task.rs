//! Tasks: requests whose results are fetched later. Extension `io.modelcontextprotocol/tasks`, with
//! 2026-07-28.
//!
//! The experimental tasks of 2025-11-25 have different types, in [`task_2025`](super::task_2025).

use super::input_required::{InputRequest, InputRequests};
use super::input_responses::InputResponses;
use super::task_status::TaskStatus;
use crate::json::{Int, Millis, RawJson, object};
use crate::meta::Meta;

object! {
    /// A task. Extension `io.modelcontextprotocol/tasks`.
    pub struct Task {
        /// The id, which must not be guessable.
        task_id: String = "taskId",
        /// The status.
        status: TaskStatus = "status",
        /// Time of creation, as an ISO 8601 date and time.
        created_at: String = "createdAt",
        /// Time of the last change, as an ISO 8601 date and time.
        last_updated_at: String = "lastUpdatedAt",
        /// Time for which the task is kept, in milliseconds. `None` means no limit.
        ttl_ms: Option<u64> = "ttlMs" via Millis,
        /// Recommended time between polls, in milliseconds.
        poll_interval_ms?: u64 = "pollIntervalMs" via Millis,
        /// A status message to display.
        status_message?: String = "statusMessage",
    }

    /// The result with `"resultType": "task"`: the request runs as a task. Extension
    /// `io.modelcontextprotocol/tasks`.
    pub struct CreateTaskResult ignore "resultType" {
        /// The id, which must not be guessable.
        task_id: String = "taskId",
        /// The status.
        status: TaskStatus = "status",
        /// Time of creation, as an ISO 8601 date and time.
        created_at: String = "createdAt",
        /// Time of the last change, as an ISO 8601 date and time.
        last_updated_at: String = "lastUpdatedAt",
        /// Time for which the task is kept, in milliseconds. `None` means no limit.
        ttl_ms: Option<u64> = "ttlMs" via Millis,
        /// Recommended time between polls, in milliseconds.
        poll_interval_ms?: u64 = "pollIntervalMs" via Millis,
        /// A status message to display.
        status_message?: String = "statusMessage",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A task with the details of its status: result of `tasks/get` and params of
    /// `notifications/tasks`. Extension `io.modelcontextprotocol/tasks`.
    pub struct DetailedTask ignore "resultType" {
        /// The id.
        task_id: String = "taskId",
        /// The status.
        status: TaskStatus = "status",
        /// Time of creation, as an ISO 8601 date and time.
        created_at: String = "createdAt",
        /// Time of the last change, as an ISO 8601 date and time.
        last_updated_at: String = "lastUpdatedAt",
        /// Time for which the task is kept, in milliseconds. `None` means no limit.
        ttl_ms: Option<u64> = "ttlMs" via Millis,
        /// Recommended time between polls, in milliseconds.
        poll_interval_ms?: u64 = "pollIntervalMs" via Millis,
        /// A status message to display.
        status_message?: String = "statusMessage",
        /// If the status is `input_required`: all open input requests.
        input_requests?: InputRequests = "inputRequests",
        /// If the status is `completed`: the result of the request.
        result?: RawJson = "result",
        /// If the status is `failed`: the JSON-RPC error of the request.
        error?: TaskError = "error",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// The JSON-RPC error of a failed task.
    pub struct TaskError {
        /// The error code.
        code: i32 = "code" via Int,
        /// The error message.
        message: String = "message",
        /// Additional data.
        data??: RawJson = "data",
    }

    /// Params of `tasks/get`. Extension `io.modelcontextprotocol/tasks`.
    pub struct GetTaskParams {
        /// The id of the task.
        task_id: String = "taskId",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `tasks/update`. Extension `io.modelcontextprotocol/tasks`.
    pub struct UpdateTaskParams {
        /// The id of the task.
        task_id: String = "taskId",
        /// The answers to some or all of the input requests.
        input_responses: InputResponses = "inputResponses",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `tasks/cancel`. Extension `io.modelcontextprotocol/tasks`.
    pub struct CancelTaskParams {
        /// The id of the task.
        task_id: String = "taskId",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

impl DetailedTask {
    /// Returns the open requests for input with their keys, by which they are answered.
    ///
    /// ```
    /// use mcp_core::types::{DetailedTask, ElicitResult, InputResponses};
    ///
    /// fn decline(task: &DetailedTask) -> Result<InputResponses, serde_json::Error> {
    ///     let mut answers = InputResponses::new();
    ///     for (key, _) in task.questions() {
    ///         answers.insert(key, &ElicitResult::decline())?;
    ///     }
    ///     Ok(answers)
    /// }
    /// ```
    pub fn questions(&self) -> impl Iterator<Item = (&str, &InputRequest)> {
        self.input_requests.iter().flatten().map(|(key, request)| (&**key, request))
    }
}

impl From<Task> for CreateTaskResult {
    fn from(task: Task) -> Self {
        Self {
            task_id: task.task_id,
            status: task.status,
            created_at: task.created_at,
            last_updated_at: task.last_updated_at,
            ttl_ms: task.ttl_ms,
            poll_interval_ms: task.poll_interval_ms,
            status_message: task.status_message,
            meta: None,
            extra: task.extra,
        }
    }
}

impl From<Task> for DetailedTask {
    fn from(task: Task) -> Self {
        Self {
            task_id: task.task_id,
            status: task.status,
            created_at: task.created_at,
            last_updated_at: task.last_updated_at,
            ttl_ms: task.ttl_ms,
            poll_interval_ms: task.poll_interval_ms,
            status_message: task.status_message,
            input_requests: None,
            result: None,
            error: None,
            meta: None,
            extra: task.extra,
        }
    }
}
