//! What a server says of a task: the creation, later states, and the outcome.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, MethodName};
use mcp_core::text::PeerText;
use mcp_core::types::{CreateTaskResult, DetailedTask, TaskStatus};

use crate::client::Client;
use crate::era::input_required::complete_result;
use crate::error::{Error, ErrorKind};

/// Reads the result that creates a task.
pub(super) fn created(method: &MethodName, result: &JsonBytes) -> Result<DetailedTask, Error> {
    let bytes = result.as_bytes();
    let task: CreateTaskResult =
        result.parse().map_err(|error| Error::decode(method.clone(), error, bytes))?;
    if task.task_id.is_empty() {
        return Err(Error::invalid_answer(method.clone(), "the id of the task is empty", bytes));
    }
    let CreateTaskResult { task_id, status, created_at, last_updated_at, ttl_ms, .. } = task;
    let mut detailed = DetailedTask::new(task_id, status, created_at, last_updated_at, ttl_ms);
    detailed.poll_interval_ms = task.poll_interval_ms;
    detailed.status_message = task.status_message;
    detailed.meta = task.meta;
    detailed.extra = task.extra;
    Ok(detailed)
}

/// Checks that a state is about this task and has what its status requires.
pub(super) fn check(id: &str, task: &DetailedTask) -> Result<(), String> {
    if task.task_id != id {
        return Err(format!(
            "it is about the task \"{}\" instead of \"{}\"",
            PeerText::with_max(&task.task_id, 64),
            PeerText::with_max(id, 64)
        ));
    }
    match task.status {
        TaskStatus::Completed if task.result.is_none() => {
            Err("the task is completed and has no result".to_owned())
        }
        TaskStatus::Failed if task.error.is_none() => {
            Err("the task failed and has no error".to_owned())
        }
        _ => Ok(()),
    }
}

/// The result of the call whose task has a final state.
pub(super) fn outcome(
    client: &Client,
    method: &MethodName,
    task: &DetailedTask,
) -> Result<JsonBytes, Error> {
    if let Some(result) = &task.result {
        let result =
            JsonBytes::new(result).map_err(|error| Error::argument("the result", error))?;
        return complete_result(client, method, result);
    }
    if let Some(error) = &task.error {
        let failed = ErrorObject::new(error.code, error.message.clone());
        let failed = match &error.data {
            Some(data) => failed.with_data(data),
            None => failed,
        };
        return Err(Error::from_peer(method.clone(), failed));
    }
    let id = PeerText::with_max(&task.task_id, 64);
    let message = match &task.status_message {
        Some(reason) => {
            format!("the task \"{id}\" was cancelled: {}", PeerText::with_max(reason, 1_024))
        }
        None => format!("the task \"{id}\" was cancelled"),
    };
    Err(Error::new(ErrorKind::Cancelled, message).during(method.clone()))
}
