//! The state of one task, as the client knows it.

use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::MethodName;
use mcp_core::types::DetailedTask;
use tokio::sync::{Notify, watch};

use super::snapshot;
use crate::client::Client;
use crate::error::Error;

/// What the parts that use one task share: its handle, and what polls it.
pub(super) struct Shared {
    pub(super) client: Client,
    /// The method of the call.
    pub(super) method: MethodName,
    pub(super) id: Box<str>,
    states: watch::Sender<State>,
    /// Asks for a poll now.
    pub(super) poll_now: Notify,
}

/// The last known state.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) task: Arc<DetailedTask>,
    /// Why the client does not follow the task any more, if it does not have a final state.
    failure: Option<Arc<Error>>,
    /// Whether the state is one of the task: the result that creates a task has no details.
    is_detailed: bool,
}

impl State {
    /// Whether nothing changes any more.
    pub(super) fn is_over(&self) -> bool {
        self.is_final() || self.failure.is_some()
    }

    /// Whether the client does not follow the task any more, without a final state.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Whether the task has a final state with its details.
    fn is_final(&self) -> bool {
        self.is_detailed && self.task.status.is_terminal()
    }
}

impl Shared {
    /// A task that was just created, with the result that creates it.
    pub(super) fn created(
        client: &Client,
        method: &MethodName,
        result: &JsonBytes,
    ) -> Result<Arc<Self>, Error> {
        Ok(Self::new(client, method, snapshot::created(method, result)?, false))
    }

    /// A task that exists, with its state.
    pub(super) fn resumed(client: &Client, method: &MethodName, task: DetailedTask) -> Arc<Self> {
        Self::new(client, method, task, true)
    }

    fn new(
        client: &Client,
        method: &MethodName,
        task: DetailedTask,
        is_detailed: bool,
    ) -> Arc<Self> {
        let id = task.task_id.clone().into_boxed_str();
        let (states, _) =
            watch::channel(State { task: Arc::new(task), failure: None, is_detailed });
        let poll_now = Notify::new();
        Arc::new(Self { client: client.clone(), method: method.clone(), id, states, poll_now })
    }

    pub(super) fn state(&self) -> State {
        self.states.borrow().clone()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<State> {
        self.states.subscribe()
    }

    pub(super) fn is_over(&self) -> bool {
        self.states.borrow().is_over()
    }

    pub(super) fn is_final(&self) -> bool {
        self.states.borrow().is_final()
    }

    /// Takes a new state of the task, unless the task has a final one already. Returns the state
    /// that is valid.
    pub(super) fn publish(&self, task: DetailedTask) -> Arc<DetailedTask> {
        self.states.send_if_modified(|state| {
            if state.is_final() {
                return false;
            }
            let is_changed = !state.is_detailed || *state.task != task;
            state.task = Arc::new(task);
            state.is_detailed = true;
            is_changed
        });
        Arc::clone(&self.states.borrow().task)
    }

    /// The client does not follow the task any more.
    pub(super) fn fail(&self, error: Error) {
        self.states.send_if_modified(|state| {
            if state.is_over() {
                return false;
            }
            state.failure = Some(Arc::new(error));
            true
        });
    }

    /// The outcome of a task that is over.
    pub(super) fn outcome(&self) -> Result<JsonBytes, Error> {
        let state = self.state();
        match state.failure {
            Some(failure) => Err(failure.duplicate()),
            None => snapshot::outcome(&self.client, &self.method, &state.task),
        }
    }
}
