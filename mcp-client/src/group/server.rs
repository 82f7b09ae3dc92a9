//! One server of a group.

use std::fmt;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use mcp_core::sync::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::keeper::{Keeper, Origin};
use super::last_list::LastList;
use super::name::Names;
use super::notification::Listeners;
use super::server_state::{GroupServer, ServerState, State};
use super::settings::GroupSettings;
use crate::abort_on_drop::AbortOnDrop;
use crate::client::Client;
use crate::error::{Error, ErrorKind};

pub(super) struct Server {
    pub(super) name: Arc<str>,
    state: Arc<watch::Sender<State>>,
    /// Asks for an attempt now.
    retry: Arc<Notify>,
    is_made: bool,
    tools: Mutex<Names>,
    prompts: Mutex<Names>,
    last_tools: Mutex<Option<LastList>>,
    _task: AbortOnDrop,
}

impl Server {
    /// Starts the task that keeps the connection.
    pub(super) fn start(
        name: Arc<str>,
        origin: Origin,
        settings: &GroupSettings,
        listeners: &Arc<Listeners>,
        runtime: &Handle,
    ) -> Self {
        let (state, _) = watch::channel(match &origin {
            Origin::Given(client) => {
                client.wire().inbound.server.joined(&name);
                State::Connected(client.clone())
            }
            Origin::Made { .. } => State::Connecting,
        });
        let state = Arc::new(state);
        let retry = Arc::new(Notify::new());
        let is_made = matches!(origin, Origin::Made { .. });
        let keeper = Keeper {
            name: Arc::clone(&name),
            state: Arc::clone(&state),
            retry: Arc::clone(&retry),
            listeners: Arc::clone(listeners),
            limits: settings.limits.clone(),
            connect_timeout: settings.connect_timeout,
            watches_lists: settings.watches_lists,
        };
        let task = AbortOnDrop(runtime.spawn(keeper.keep(origin)).abort_handle());
        Self {
            name,
            state,
            retry,
            is_made,
            tools: Mutex::default(),
            prompts: Mutex::default(),
            last_tools: Mutex::default(),
            _task: task,
        }
    }

    pub(super) fn tools(&self) -> MutexGuard<'_, Names> {
        self.tools.lock()
    }

    pub(super) fn prompts(&self) -> MutexGuard<'_, Names> {
        self.prompts.lock()
    }

    /// The last list of its tools.
    pub(super) fn last_tools(&self) -> MutexGuard<'_, Option<LastList>> {
        self.last_tools.lock()
    }

    /// The states of the connection. They end when the server is removed.
    pub(super) fn states(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// The connection. Waits while it is being made.
    pub(super) async fn client(&self, patience: Duration) -> Result<Client, Error> {
        self.client_from(&mut self.states(), patience).await
    }

    /// As [`Server::client`]. Marks the state in `states` as seen: the next change is the loss of
    /// this connection.
    pub(super) async fn client_from(
        &self,
        states: &mut watch::Receiver<State>,
        patience: Duration,
    ) -> Result<Client, Error> {
        let made =
            timeout(patience, states.wait_for(|state| !matches!(state, State::Connecting))).await;
        let state = match made {
            Ok(Ok(state)) => state.clone(),
            Ok(Err(_)) | Err(_) => State::Connecting,
        };
        match state {
            State::Connected(client) => Ok(client),
            State::Connecting => {
                let message = format!(
                    "the server {} is still being connected to after {patience:?}",
                    self.name
                );
                Err(Error::new(ErrorKind::Timeout, message))
            }
            State::Lost { reason, retries } => Err(not_connected(&self.name, &reason, retries)),
        }
    }

    /// The connection, if there is one now.
    pub(super) fn connected(&self) -> Option<Client> {
        match &*self.state.borrow() {
            State::Connected(client) => Some(client.clone()),
            _ => None,
        }
    }

    pub(super) fn describe(&self) -> GroupServer {
        let state = match &*self.state.borrow() {
            State::Connecting => ServerState::Connecting,
            State::Connected(_) => ServerState::Connected,
            State::Lost { reason, retries } => {
                ServerState::Lost { reason: Arc::clone(reason), retries: *retries }
            }
        };
        GroupServer { name: Arc::clone(&self.name), state }
    }

    /// Whether the group makes the connection, again and again.
    pub(super) fn is_made(&self) -> bool {
        self.is_made
    }

    /// Connects now, even if it is connected. False if the connection was given to the group.
    pub(super) fn reconnect(&self) -> bool {
        self.retry.notify_waiters();
        self.is_made
    }
}

/// The error of a server without a connection.
pub(super) fn not_connected(name: &str, reason: &str, retries: bool) -> Error {
    let next = if retries { "it will be tried again" } else { "it is not tried again by itself" };
    let message = format!("the server {name} is not connected: {reason}; {next}");
    Error::new(ErrorKind::Transport, message)
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe().fmt(f)
    }
}
