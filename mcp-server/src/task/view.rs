//! A task as the protocol shows it.

use std::time::{Duration, UNIX_EPOCH};

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{
    CreateTaskResult, DetailedTask, InputRequests, Task, TaskError, TaskStatus, task_2025,
};

use super::manager::{View, outcome, to_raw};
use super::record::Outcome;
use super::runner::millis;
use super::shared::Shared;
use crate::store::{TaskHead, TaskState};

impl View {
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
            TaskState::Completed | TaskState::Failed => match outcome(shared, &self.head)? {
                Some(Outcome::Result(result)) => task.result = Some(to_raw(&result)?),
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

    /// The task in the form of 2025-11-25, in which a result with `isError` is a failure.
    ///
    /// # Errors
    /// −32603 if the outcome cannot be read.
    pub(super) fn task_2025(&self, shared: &Shared) -> Result<task_2025::Task, ErrorObject> {
        let mut state = self.head.state;
        if state == TaskState::Completed
            && let Some(Outcome::Result(result)) = outcome(shared, &self.head)?
            && is_error(result.as_str())
        {
            state = TaskState::Failed;
        }
        let mut task = task_2025::Task::new(
            &*self.head.id,
            status(state),
            time(self.head.created_at),
            time(self.head.updated_at),
            ttl(&self.head),
        );
        task.poll_interval = Some(millis(shared.times.poll_interval));
        task.status_message.clone_from(&self.detail.message);
        Ok(task)
    }
}

/// Whether a result has `isError`.
fn is_error(result: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct IsError {
        #[serde(rename = "isError", default)]
        is_error: Option<bool>,
    }
    serde_json::from_str(result).is_ok_and(|result: IsError| result.is_error == Some(true))
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
