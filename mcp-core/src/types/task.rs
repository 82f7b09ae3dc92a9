//! Tasks: results that come later. Extension `io.modelcontextprotocol/tasks`, with 2026-07-28.
//!
//! The experimental form of 2025-11-25 has other shapes: [`task_2025`](super::task_2025).

use super::input_required::InputRequests;
use super::input_responses::InputResponses;
use super::task_status::TaskStatus;
use crate::json::{Int, Millis, RawJson, object};
use crate::meta::Meta;

object! {
    /// A task. Extension `io.modelcontextprotocol/tasks`.
    pub struct Task {
        /// Its id, which cannot be guessed.
        task_id: String = "taskId",
        /// Where it stands.
        status: TaskStatus = "status",
        /// When it was created, as an ISO 8601 date and time.
        created_at: String = "createdAt",
        /// When it changed last, as an ISO 8601 date and time.
        last_updated_at: String = "lastUpdatedAt",
        /// How long it is kept, in milliseconds; null for ever.
        ttl_ms: Option<u64> = "ttlMs" via Millis,
        /// How often to ask, in milliseconds.
        poll_interval_ms?: u64 = "pollIntervalMs" via Millis,
        /// What it does, for people.
        status_message?: String = "statusMessage",
    }

    /// The result `"resultType": "task"`: the answer will come later. Extension
    /// `io.modelcontextprotocol/tasks`.
    pub struct CreateTaskResult ignore "resultType" {
        /// Its id, which cannot be guessed.
        task_id: String = "taskId",
        /// Where it stands.
        status: TaskStatus = "status",
        /// When it was created, as an ISO 8601 date and time.
        created_at: String = "createdAt",
        /// When it changed last, as an ISO 8601 date and time.
        last_updated_at: String = "lastUpdatedAt",
        /// How long it is kept, in milliseconds; null for ever.
        ttl_ms: Option<u64> = "ttlMs" via Millis,
        /// How often to ask, in milliseconds.
        poll_interval_ms?: u64 = "pollIntervalMs" via Millis,
        /// What it does, for people.
        status_message?: String = "statusMessage",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A task with what its status brings: result of `tasks/get` and params of `notifications/tasks`.
    /// Extension `io.modelcontextprotocol/tasks`.
    pub struct DetailedTask ignore "resultType" {
        /// Its id.
        task_id: String = "taskId",
        /// Where it stands.
        status: TaskStatus = "status",
        /// When it was created, as an ISO 8601 date and time.
        created_at: String = "createdAt",
        /// When it changed last, as an ISO 8601 date and time.
        last_updated_at: String = "lastUpdatedAt",
        /// How long it is kept, in milliseconds; null for ever.
        ttl_ms: Option<u64> = "ttlMs" via Millis,
        /// How often to ask, in milliseconds.
        poll_interval_ms?: u64 = "pollIntervalMs" via Millis,
        /// What it does, for people.
        status_message?: String = "statusMessage",
        /// With `input_required`: all open questions.
        input_requests?: InputRequests = "inputRequests",
        /// With `completed`: the result of the request.
        result?: RawJson = "result",
        /// With `failed`: the JSON-RPC error of the request.
        error?: TaskError = "error",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// The JSON-RPC error of a failed task.
    pub struct TaskError {
        /// Code.
        code: i32 = "code" via Int,
        /// What went wrong.
        message: String = "message",
        /// More on it.
        data??: RawJson = "data",
    }

    /// Params of `tasks/get`. Extension `io.modelcontextprotocol/tasks`.
    pub struct GetTaskParams {
        /// Which task.
        task_id: String = "taskId",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `tasks/update`. Extension `io.modelcontextprotocol/tasks`.
    pub struct UpdateTaskParams {
        /// Which task.
        task_id: String = "taskId",
        /// Answers to some or all of its questions.
        input_responses: InputResponses = "inputResponses",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `tasks/cancel`. Extension `io.modelcontextprotocol/tasks`.
    pub struct CancelTaskParams {
        /// Which task.
        task_id: String = "taskId",
        /// Metadata.
        meta?: Meta = "_meta",
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
