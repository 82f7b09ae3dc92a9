//! A task as the protocol shows it.

use std::time::{Duration, UNIX_EPOCH};

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{
    Content, CreateTaskResult, DetailedTask, InputRequests, Task, TaskError, TaskStatus, task_2025,
};

use super::manager::View;
use super::record::Outcome;
use super::runner::millis;
use super::shared::{Shared, to_error};
use super::writer::status_text;
use crate::store::{TaskHead, TaskState};

impl View {
    /// Returns how the task ended; `None` if it has neither a result nor an error.
    ///
    /// # Errors
    /// −32603 if the outcome cannot be read.
    pub(super) fn outcome(&self, shared: &Shared) -> Result<Option<Outcome>, ErrorObject> {
        let Some(outcome) = &self.head.outcome else { return Ok(None) };
        let decoded = shared.records.decode_outcome(&self.head.id, outcome);
        decoded.map(Some).map_err(|error| to_error("reading the outcome of a task", &error))
    }

    /// The task in the result of the call that created it.
    pub(super) fn created(&self, shared: &Shared) -> CreateTaskResult {
        self.task(shared).into()
    }

    /// The task with its questions, its result or its error.
    ///
    /// # Errors
    /// −32603 if the outcome cannot be read.
    pub(super) fn detailed(&self, shared: &Shared) -> Result<DetailedTask, ErrorObject> {
        let mut task = DetailedTask::from(self.task(shared));
        match self.head.state {
            TaskState::InputRequired => {
                let questions = self.detail.questions.iter();
                let requests: InputRequests = questions
                    .map(|question| (question.key.clone(), question.request.clone()))
                    .collect();
                task.input_requests = Some(requests);
            }
            TaskState::Completed | TaskState::Failed => match self.outcome(shared)? {
                Some(Outcome::Result(result)) => {
                    task.result = Some(to_raw(&result)?);
                }
                Some(Outcome::Error(error)) => {
                    let mut shown = TaskError::new(error.code(), error.message());
                    if let Some(data) = error.data() {
                        shown.data = Some(data.to_owned().into());
                    }
                    task.error = Some(shown);
                }
                None => {}
            },
            TaskState::Working | TaskState::Cancelled => {}
        }
        Ok(task)
    }

    fn task(&self, shared: &Shared) -> Task {
        let mut task = Task::new(
            &*self.head.id,
            status(self.head.state),
            time(self.head.created_at),
            time(self.head.updated_at),
            ttl(&self.head),
        );
        task.poll_interval_ms = Some(millis(shared.times.poll_interval));
        task.status_message.clone_from(&self.detail.message);
        task
    }

    /// The task in the form of 2025-11-25, in which a result with `isError` is a failure. The
    /// status message of a failed task says why, because some clients do not fetch its result.
    ///
    /// # Errors
    /// −32603 if the outcome cannot be read.
    pub(super) fn task_2025(&self, shared: &Shared) -> Result<task_2025::Task, ErrorObject> {
        let mut state = self.head.state;
        let mut reason = None;
        match self.outcome(shared)? {
            Some(Outcome::Result(result)) => {
                if let Some(text) = error_text(result.as_str()) {
                    state = TaskState::Failed;
                    reason = Some(text);
                }
            }
            Some(Outcome::Error(error)) => reason = Some(error.message().to_owned()),
            None => {}
        }
        let mut task = task_2025::Task::new(
            &*self.head.id,
            status(state),
            time(self.head.created_at),
            time(self.head.updated_at),
            ttl(&self.head),
        );
        task.poll_interval = Some(millis(shared.times.poll_interval));
        task.status_message = reason.map(status_text).or_else(|| self.detail.message.clone());
        Ok(task)
    }
}

fn to_raw(result: &JsonBytes) -> Result<RawJson, ErrorObject> {
    result.parse().map_err(|error| crate::error::internal("reading the result of a task", &error))
}

/// Returns the first text of a result with `isError`; `None` for other results.
fn error_text(result: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Failure {
        #[serde(rename = "isError", default)]
        is_error: Option<bool>,
        #[serde(default)]
        content: Vec<Content>,
    }
    let failure: Failure = serde_json::from_str(result).ok()?;
    let text = failure.content.iter().find_map(Content::as_text).unwrap_or("the tool failed");
    (failure.is_error == Some(true)).then(|| text.to_owned())
}

fn status(state: TaskState) -> TaskStatus {
    match state {
        TaskState::Working => TaskStatus::Working,
        TaskState::InputRequired => TaskStatus::InputRequired,
        TaskState::Completed => TaskStatus::Completed,
        TaskState::Failed => TaskStatus::Failed,
        TaskState::Cancelled => TaskStatus::Cancelled,
    }
}

fn ttl(head: &TaskHead) -> Option<u64> {
    head.expires_at.map(|at| at.saturating_sub(head.created_at))
}

/// Returns a time in milliseconds since the Unix epoch as ISO 8601.
fn time(millis: u64) -> String {
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(millis)).to_string()
}
