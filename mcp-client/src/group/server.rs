//! One server of a group: a task that keeps the connection to it. There is one attempt to connect at a time, with
//! random pauses that grow, and an end to it.

use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Limits;
use futures::{FutureExt as _, StreamExt as _};
use mcp_core::service::BoxFuture;
use mcp_core::types::SubscriptionFilter;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};

use super::builder::ClientGroupBuilder;
use super::name::Names;
use super::notification::{GroupEvent, Listeners};
use crate::backoff::Backoff;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::event::Event;

/// Makes a connection to a server.
pub(super) type Factory = Box<dyn Fn() -> BoxFuture<'static, Result<Client, Error>> + Send + Sync>;

/// Boxes what makes connections.
pub(super) fn factory<F, A>(connect: F) -> Factory
where
    F: Fn() -> A + Send + Sync + 'static,
    A: Future<Output = Result<Client, Error>> + Send + 'static,
{
    Box::new(move || Box::pin(connect()))
}

/// Where the connection of a group to a server comes from.
pub(super) enum Origin {
    /// It was given, and is not made again.
    Given(Client),
    /// It is made, again and again.
    Made(Factory),
}

/// A server of a group, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupServer {
    /// The name that the host gave it.
    pub name: Arc<str>,
    /// How it stands.
    pub state: ServerState,
}

/// How a server of a group stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerState {
    /// It is being connected to.
    Connecting,
    /// It is there.
    Connected,
    /// It is not there.
    Lost {
        /// What went wrong last.
        reason: Arc<str>,
        /// Whether another attempt will be made by itself.
        retries: bool,
    },
}

#[derive(Clone)]
enum State {
    Connecting,
    Connected(Client),
    Lost { reason: Arc<str>, retries: bool },
}

pub(super) struct Server {
    pub(super) name: Arc<str>,
    state: Arc<watch::Sender<State>>,
    /// Asks for an attempt now.
    retry: Arc<Notify>,
    is_made: bool,
    tools: Mutex<Names>,
    prompts: Mutex<Names>,
    task: AbortHandle,
}

impl Server {
    /// Begins to keep a connection.
    pub(super) fn start(
        name: Arc<str>,
        origin: Origin,
        settings: &ClientGroupBuilder,
        listeners: &Arc<Listeners>,
        runtime: &Handle,
    ) -> Self {
        let (state, _) = watch::channel(match &origin {
            Origin::Given(client) => State::Connected(client.clone()),
            Origin::Made(_) => State::Connecting,
        });
        let state = Arc::new(state);
        let retry = Arc::new(Notify::new());
        let is_made = matches!(origin, Origin::Made(_));
        let keeper = Keeper {
            name: Arc::clone(&name),
            state: Arc::clone(&state),
            retry: Arc::clone(&retry),
            listeners: Arc::clone(listeners),
            limits: settings.limits.clone(),
            patience: settings.connect_timeout,
            watches_lists: settings.watches_lists,
        };
        let task = runtime.spawn(keeper.keep(origin)).abort_handle();
        Self {
            name,
            state,
            retry,
            is_made,
            tools: Mutex::default(),
            prompts: Mutex::default(),
            task,
        }
    }

    pub(super) fn tools(&self) -> MutexGuard<'_, Names> {
        self.tools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn prompts(&self) -> MutexGuard<'_, Names> {
        self.prompts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, which is waited for while it is being made.
    pub(super) async fn client(&self, patience: Duration) -> Result<Client, Error> {
        let mut states = self.state.subscribe();
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
            State::Lost { reason, retries } => {
                let next = if retries {
                    "it will be tried again"
                } else {
                    "it is not tried again by itself"
                };
                let message =
                    format!("the server {} is not connected: {reason}; {next}", self.name);
                Err(Error::new(ErrorKind::Transport, message))
            }
        }
    }

    /// The connection, if it is there.
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

    /// Connects now, also if there is a connection. False when the group does not make the connection.
    pub(super) fn reconnect(&self) -> bool {
        self.retry.notify_waiters();
        self.is_made
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe().fmt(f)
    }
}

/// The task behind a server.
struct Keeper {
    name: Arc<str>,
    state: Arc<watch::Sender<State>>,
    retry: Arc<Notify>,
    listeners: Arc<Listeners>,
    limits: Limits,
    patience: Duration,
    watches_lists: bool,
}

impl Keeper {
    async fn keep(self, origin: Origin) {
        let mut backoff = Backoff::new(&self.limits);
        let (mut client, factory) = match origin {
            Origin::Given(client) => (client, None),
            Origin::Made(factory) => (self.connect(&factory, &mut backoff).await, Some(factory)),
        };
        let mut is_first = true;
        loop {
            let since = Instant::now();
            let was_asked = tokio::select! {
                () = self.follow(&client, is_first, factory.is_some()) => false,
                () = self.retry.notified(), if factory.is_some() => true,
            };
            is_first = false;
            drop(client);
            let reason: Arc<str> = "the connection ended".into();
            let retries = factory.is_some();
            self.state.send_replace(State::Lost { reason: Arc::clone(&reason), retries });
            self.tell(GroupEvent::Disconnected { server: Arc::clone(&self.name) }, 0);
            let Some(factory) = &factory else { return };
            backoff.lasted(since.elapsed());
            if !was_asked {
                self.wait(reason, &mut backoff).await;
            }
            client = self.connect(factory, &mut backoff).await;
        }
    }

    fn tell(&self, event: GroupEvent, size: usize) {
        self.listeners.tell(&event, size);
    }

    /// Tries until there is a connection.
    async fn connect(&self, factory: &Factory, backoff: &mut Backoff) -> Client {
        loop {
            self.state.send_replace(State::Connecting);
            // A panic of the factory is a failed attempt; what it leaves behind is not used again.
            let attempt = AssertUnwindSafe(async { factory().await }).catch_unwind();
            let reason = match timeout(self.patience, attempt).await {
                Ok(Ok(Ok(client))) => {
                    backoff.worked();
                    return client;
                }
                Ok(Ok(Err(error))) => format!("{error:?}"),
                Ok(Err(_)) => "what makes the connection panicked".to_owned(),
                Err(_) => format!("no connection after {:?}", self.patience),
            };
            tracing::warn!(
                server = &*self.name,
                reason,
                "a server of the group could not be connected to"
            );
            self.wait(reason.into(), backoff).await;
        }
    }

    /// Waits for the next attempt; after the last one, until somebody asks for another.
    async fn wait(&self, reason: Arc<str>, backoff: &mut Backoff) {
        let asked = self.retry.notified();
        let pause = backoff.pause();
        self.state.send_replace(State::Lost { reason, retries: pause.is_some() });
        match pause {
            Some(pause) => tokio::select! {
                () = asked => {}
                () = sleep(pause) => {}
            },
            None => {
                asked.await;
                *backoff = Backoff::new(&self.limits);
            }
        }
    }

    /// Hands on what the server tells, until the connection ends.
    async fn follow(&self, client: &Client, is_first: bool, is_made: bool) {
        let mailbox = client.wire().inbound.listen(None);
        if client.wire().connection.is_over() {
            mailbox.close(); // It ended before we listened.
        }
        self.state.send_replace(State::Connected(client.clone()));
        self.tell(GroupEvent::Connected { server: Arc::clone(&self.name) }, 0);
        if !is_first {
            self.tell(GroupEvent::Told { server: Arc::clone(&self.name), event: Event::Gap }, 0);
        }
        let hand_on = async {
            while let Some((event, size)) = poll_fn(|cx| mailbox.poll_sized(cx)).await {
                self.tell(GroupEvent::Told { server: Arc::clone(&self.name), event }, size);
            }
        };
        tokio::select! {
            biased; // It tells of a gap, and then come the events after it.
            () = self.watch_lists(client, is_made) => {}
            () = hand_on => {}
        }
    }

    /// Asks a modern server to tell of changes of its lists, as long as this is polled; they come to the mailbox. Done
    /// when it shows that a connection which can be made again is lost.
    async fn watch_lists(&self, client: &Client, is_made: bool) {
        let filter = lists_that_change(client)
            .filter(|_| self.watches_lists && client.session().is_modern());
        let Some(filter) = filter else { return pending().await };
        let mut backoff = Backoff::new(&self.limits);
        let mut is_first = true;
        loop {
            let since = Instant::now();
            let error = match client.subscribe(filter.clone()).await {
                Ok(mut changes) => {
                    backoff.worked();
                    if !is_first {
                        self.tell(
                            GroupEvent::Told { server: Arc::clone(&self.name), event: Event::Gap },
                            0,
                        );
                    }
                    is_first = false;
                    while changes.next().await.is_some() {}
                    // Without an error the server ended it, as one does that is about to be restarted.
                    let error = changes.error();
                    if is_made && error.is_some_and(|error| error.kind() == ErrorKind::Transport) {
                        return;
                    }
                    error.map(ToString::to_string).unwrap_or_default()
                }
                Err(error) if error.kind() == ErrorKind::Transport => error.to_string(),
                Err(error) => {
                    tracing::warn!(server = &*self.name, %error, "the server does not tell of changes of its lists");
                    return pending().await;
                }
            };
            backoff.lasted(since.elapsed());
            let Some(pause) = backoff.pause() else {
                tracing::warn!(
                    server = &*self.name,
                    error,
                    "gave up asking for changes of the server's lists"
                );
                return pending().await;
            };
            sleep(pause).await;
        }
    }
}

fn lists_that_change(client: &Client) -> Option<SubscriptionFilter> {
    let declared = client.server_capabilities();
    let mut filter = SubscriptionFilter::new();
    filter.tools_list_changed = declared.tools.as_ref().and_then(|tools| tools.list_changed);
    filter.prompts_list_changed =
        declared.prompts.as_ref().and_then(|prompts| prompts.list_changed);
    filter.resources_list_changed =
        declared.resources.as_ref().and_then(|resources| resources.list_changed);
    let lists =
        [filter.tools_list_changed, filter.prompts_list_changed, filter.resources_list_changed];
    lists.contains(&Some(true)).then_some(filter)
}
