//! The task that keeps the connection to a server: one attempt to connect at a time, random pauses
//! that grow, and a limit of attempts.

use std::future::{Future, pending, poll_fn};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use mcp_core::service::BoxFuture;
use mcp_core::types::SubscriptionFilter;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use super::notification::{GroupEvent, Listeners};
use super::server_state::State;
use crate::Limits;
use crate::backoff::Backoff;
use crate::cache::Change;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::subscription::may_pass;

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
    Made {
        factory: Factory,
        /// Whether an attempt ends by itself, and not after `connect_timeout`.
        ends: bool,
    },
}

/// The task behind a server.
pub(super) struct Keeper {
    pub(super) name: Arc<str>,
    pub(super) state: Arc<watch::Sender<State>>,
    pub(super) retry: Arc<Notify>,
    pub(super) listeners: Arc<Listeners>,
    pub(super) limits: Limits,
    pub(super) connect_timeout: Duration,
    pub(super) watches_lists: bool,
}

impl Keeper {
    pub(super) async fn keep(self, origin: Origin) {
        let mut backoff = Backoff::new(&self.limits);
        let limit = match &origin {
            Origin::Made { ends: true, .. } => None,
            _ => Some(self.connect_timeout),
        };
        let (mut client, factory) = match origin {
            Origin::Given(client) => (client, None),
            Origin::Made { factory, .. } => {
                (self.connect(&factory, limit, &mut backoff).await, Some(factory))
            }
        };
        let mut is_first = true;
        loop {
            let since = Instant::now();
            let was_asked = tokio::select! {
                () = self.follow(&client, is_first, factory.is_some()) => false,
                () = self.retry.notified(), if factory.is_some() => true,
            };
            is_first = false;
            // Not known if the host asked for another connection.
            let closed = client.closed().now_or_never();
            let reason =
                closed.map_or_else(|| "the connection ended".to_owned(), |it| it.to_string());
            let reason: Arc<str> = reason.into();
            drop(client);
            let retries = factory.is_some();
            self.state.send_replace(State::Lost { reason: Arc::clone(&reason), retries });
            self.publish(GroupEvent::Disconnected { server: Arc::clone(&self.name) }, 0);
            let Some(factory) = &factory else { return };
            backoff.lasted(since.elapsed());
            if !was_asked {
                self.wait(reason, &mut backoff).await;
            }
            client = self.connect(factory, limit, &mut backoff).await;
        }
    }

    fn publish(&self, event: GroupEvent, size: usize) {
        self.listeners.publish(&event, size);
    }

    /// Tries until a connection is made. Each attempt may take as long as the limit.
    async fn connect(
        &self,
        factory: &Factory,
        limit: Option<Duration>,
        backoff: &mut Backoff,
    ) -> Client {
        loop {
            self.state.send_replace(State::Connecting);
            // A panic of the factory is a failed attempt; what it leaves behind is not used again.
            let attempt = AssertUnwindSafe(async { factory().await }).catch_unwind();
            let attempt = match limit {
                Some(limit) => timeout(limit, attempt).await.map_err(|_| limit),
                None => Ok(attempt.await),
            };
            let reason = match attempt {
                Ok(Ok(Ok(client))) => {
                    backoff.worked();
                    return client;
                }
                Ok(Ok(Err(error))) => format!("{error:?}"),
                Ok(Err(_)) => "the connect function panicked".to_owned(),
                Err(limit) => format!("no connection after {limit:?}"),
            };
            tracing::warn!(
                server = &*self.name,
                reason,
                "a server of the group could not be connected to"
            );
            self.wait(reason.into(), backoff).await;
        }
    }

    /// Waits for the next attempt; after the last one, for `ClientGroup::reconnect`.
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

    /// Passes on what the server reports, until the connection ends.
    async fn follow(&self, client: &Client, is_first: bool, is_made: bool) {
        client.wire().inbound.server.joined(&self.name);
        let queue = client.wire().inbound.hub.listen(None);
        if client.wire().connection.is_over() {
            queue.close(); // It ended before we listened.
        }
        if !is_first {
            // Another process of the server may have other lists. A shared cache outlives both.
            client.wire().inbound.cache.invalidate(Change::Any);
        }
        self.state.send_if_modified(|state| {
            // A connection that was given has this state from the start. Setting it again would
            // make subscriptions take it for another connection.
            let is_new = !matches!(state, State::Connected(_));
            if is_new {
                *state = State::Connected(client.clone());
            }
            is_new
        });
        self.publish(GroupEvent::Connected { server: Arc::clone(&self.name) }, 0);
        if !is_first {
            self.publish(
                GroupEvent::Event { server: Arc::clone(&self.name), event: Event::Gap },
                0,
            );
        }
        let pass_on = async {
            while let Some((event, size)) = poll_fn(|cx| queue.poll_sized(cx)).await {
                self.publish(GroupEvent::Event { server: Arc::clone(&self.name), event }, size);
            }
        };
        tokio::select! {
            biased; // The gap is reported before the events after it.
            () = self.watch_lists(client, is_made) => {}
            () = pass_on => {}
        }
    }

    /// Subscribes to changes of the lists of a modern server, as long as this is polled. Completes
    /// when a connection that can be made again turns out to be lost.
    async fn watch_lists(&self, client: &Client, is_made: bool) {
        let filter = lists_that_change(client)
            .filter(|_| self.watches_lists && client.session().is_modern());
        let Some(filter) = filter else { return pending().await };
        let mut backoff = Backoff::new(&self.limits);
        let mut is_first = true;
        loop {
            let since = Instant::now();
            let failure = match client.subscribe(filter.clone()).await {
                Ok(mut changes) => {
                    if !is_first {
                        client.wire().inbound.invalidate_watched(&filter);
                        self.publish(
                            GroupEvent::Event { server: Arc::clone(&self.name), event: Event::Gap },
                            0,
                        );
                    }
                    is_first = false;
                    while changes.next().await.is_some() {}
                    if backoff.lasted(since.elapsed()) {
                        backoff.worked();
                    }
                    // `None` if the server ended it, as before a restart.
                    let failure = changes.failure();
                    let is_lost = failure
                        .as_ref()
                        .is_some_and(|(error, _)| error.kind() == ErrorKind::Transport);
                    if is_made && is_lost {
                        return;
                    }
                    failure
                }
                Err(error) => {
                    let may_pass = may_pass(&error, client);
                    Some((Arc::new(error), may_pass))
                }
            };
            if let Some((error, false)) = &failure {
                tracing::warn!(server = &*self.name, %error, "the server does not report changes of its lists");
                return pending().await;
            }
            let Some(pause) = backoff.pause() else {
                tracing::warn!(
                    server = &*self.name,
                    error = failure.map(|(error, _)| error.to_string()),
                    "gave up subscribing to changes of the server's lists"
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
