//! A task as the protocol shows it.

use std::time::{Duration, UNIX_EPOCH};

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{
    CreateTaskResult, DetailedTask, InputRequests, Task, TaskError, TaskStatus, task_2025,
};

use super::manager::View;
use super::record::{Detail, Outcome};
use super::runner::millis;
use super::shared::{Shared, to_error};
use crate::store::{TaskHead, TaskState};

impl View {
    /// Returns how the task ended; `None` if it has neither a result nor an error.
    ///
    /// # Errors
    /// −32603 if the outcome cannot be read.
    pub(super) fn outcome(&self, shared: &Shared) -> Result<Option<Outcome>, ErrorObject> {
        let Some(outcome) = &self.head.outcome else { return Ok(None) };
        let decoded = shared.records.decode_outcome(&self.head, outcome);
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
    pub(super) fn task_2025(&self, shared: &Shared) -> task_2025::Task {
        let state = match self.head.state {
            TaskState::Completed if self.detail.failure.is_some() => TaskState::Failed,
            state => state,
        };
        let mut task = task_2025::Task::new(
            &*self.head.id,
            status(state),
            time(self.head.created_at),
            time(self.head.updated_at),
            ttl(&self.head),
        );
        task.poll_interval = Some(millis(shared.times.poll_interval));
        let Detail { failure, message, .. } = &self.detail;
        task.status_message = failure.clone().or_else(|| message.clone());
        task
    }
}

fn to_raw(result: &JsonBytes) -> Result<RawJson, ErrorObject> {
    result.parse().map_err(|error| crate::error::internal("reading the result of a task", &error))
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
