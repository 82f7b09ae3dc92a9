//! The requests about one task.

use mcp_core::json::JsonBytes;
use mcp_core::method::{Method as _, TasksCancel, TasksGet, TasksUpdate};
use mcp_core::types::{DetailedTask, InputResponses};
use tokio::time::Instant;

use super::snapshot;
use crate::call::Options;
use crate::client::Client;
use crate::deadline::Timeouts;
use crate::era::input_required::{Driven, drive};
use crate::error::{Error, ErrorKind};
use crate::params::Params;

/// How long a request about a task may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    pub(super) timeouts: Timeouts,
    /// The deadline of the call that waits for the task.
    pub(super) total_at: Option<Instant>,
}

impl Timing {
    /// For a request that no call waits for.
    pub(super) fn of(client: &Client) -> Self {
        Self { timeouts: client.timeouts(), total_at: None }
    }
}

/// Gets the state of a task.
pub(super) async fn get(client: &Client, id: &str, timing: Timing) -> Result<DetailedTask, Error> {
    const METHOD: &str = TasksGet::NAME;
    let answer = send(client, METHOD, Params::new().with("taskId", id)?, timing).await?;
    let task: DetailedTask =
        answer.parse().map_err(|error| Error::decode(METHOD, error, answer.as_bytes()))?;
    match snapshot::check(id, &task) {
        Ok(()) => Ok(task),
        Err(reason) => Err(Error::invalid_answer(METHOD, reason, answer.as_bytes())),
    }
}

/// Answers questions of a task.
pub(super) async fn update(
    client: &Client,
    id: &str,
    responses: &InputResponses,
    timing: Timing,
) -> Result<(), Error> {
    let params = Params::new().with("taskId", id)?.with("inputResponses", responses)?;
    send(client, TasksUpdate::NAME, params, timing).await.map(drop)
}

/// Asks the server to cancel a task.
pub(super) async fn cancel(client: &Client, id: &str, timing: Timing) -> Result<(), Error> {
    send(client, TasksCancel::NAME, Params::new().with("taskId", id)?, timing).await.map(drop)
}

async fn send(
    client: &Client,
    method: &'static str,
    params: Params,
    timing: Timing,
) -> Result<JsonBytes, Error> {
    let mut options = Options::new(timing.timeouts);
    options.total_at = timing.total_at;
    match drive(client, &method.into(), params, &mut options).await? {
        Driven::Complete { result, .. } => Ok(result),
        Driven::Task { .. } => {
            let message = format!("the server answered {method} with a task");
            Err(Error::new(ErrorKind::Decode, message).during(method))
        }
    }
}
