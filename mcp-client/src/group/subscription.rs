//! Subscriptions that outlive the connections of their server: they are opened again on the next
//! one. Spec: basic/transports/stdio; basic/patterns/subscriptions (STDIO-5, SUB-9).

use std::future::poll_fn;
use std::sync::Arc;

use mcp_core::sync::Mutex;
use mcp_core::types::SubscriptionFilter;
use tokio::sync::watch;
use tokio::task::consume_budget;
use tokio::time::{Instant, sleep};

use super::client_group::ClientGroup;
use super::server::not_connected;
use super::server_state::State;
use crate::abort_on_drop::AbortOnDrop;
use crate::backoff::Backoff;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::event_queue::EventQueue;
use crate::subscription::{Guard, Subscription, Watch, may_pass};

/// Subscriptions.
impl ClientGroup {
    /// Subscribes to changes of a server. Completes when the server has agreed; waits while the
    /// group is connecting.
    ///
    /// Unlike one of [`Client::subscribe`], the subscription outlives the connection, in both eras:
    /// it is opened again after the server was restarted, and if the server ends it.
    /// [`Event::Gap`] then says that changes may have been missed. The stream ends when the server
    /// is removed from the group. It ends with an error when the server refuses, when the group
    /// gives up on the server, and when the server ends it at once each time
    /// (`Limits::max_reconnects`).
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let group = mcp_client::ClientGroup::new();
    /// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
    /// use futures::StreamExt as _;
    /// use mcp_client::Event;
    /// use mcp_client::types::SubscriptionFilter;
    ///
    /// let filter = SubscriptionFilter::new().resource_subscriptions(vec!["note://1".to_owned()]);
    /// let mut changes = group.subscribe("notes", filter).await?;
    /// match changes.next().await {
    ///     Some(Event::ResourceUpdated(updated)) => println!("{} changed", updated.uri),
    ///     Some(Event::Gap) => println!("the server was restarted: read everything again"),
    ///     other => println!("{other:?}"),
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When there is no such server, it is not connected, or it refuses. Dropping the future
    /// cancels the subscription.
    pub async fn subscribe(
        &self,
        server: &str,
        filter: SubscriptionFilter,
    ) -> Result<Subscription, Error> {
        let settings = self.settings();
        let server = self.find(server)?;
        let mut states = server.states();
        let client = server.client_from(&mut states, settings.connect_timeout).await?;
        let open = client.subscribe(filter.clone()).await?;
        let acknowledged = open.acknowledged().clone();
        let queue = Arc::new(EventQueue::new(&settings.limits));
        let renewed = Arc::default();
        let relay = Relay {
            server: Arc::clone(&server.name),
            states,
            requested: filter.clone(),
            queue: Arc::clone(&queue),
            renewed: Arc::clone(&renewed),
            backoff: Backoff::new(&settings.limits),
            watch: None,
        };
        let task = AbortOnDrop(tokio::spawn(relay.run(open)).abort_handle());
        let guard = Guard::Relayed { _task: task };
        Ok(Subscription::new(queue, filter, acknowledged, renewed, guard))
    }
}

/// The task behind a subscription. It knows the server only by the states of its connection, which
/// end when the server is removed.
struct Relay {
    server: Arc<str>,
    states: watch::Receiver<State>,
    requested: SubscriptionFilter,
    queue: Arc<EventQueue<Event>>,
    renewed: Arc<Mutex<Option<SubscriptionFilter>>>,
    backoff: Backoff,
    /// What a legacy server watches for the subscription that ended, until the next one is open: an
    /// earlier `resources/unsubscribe` would end the next one on the same connection. If no next
    /// one is opened, dropping this unsubscribes.
    watch: Option<Watch>,
}

impl Relay {
    async fn run(mut self, first: Subscription) {
        match self.relay(first).await {
            Ok(()) => self.queue.close(),
            Err(error) => self.queue.fail(error),
        }
    }

    /// Passes events on until the server is removed.
    async fn relay(&mut self, mut open: Subscription) -> Result<(), Arc<Error>> {
        loop {
            let since = Instant::now();
            let (ended, changed) = tokio::select! {
                biased; // Events that have arrived are passed on first.
                () = pass_on(&mut open, &self.queue, &self.renewed) => (true, Ok(())),
                changed = self.states.changed() => (false, changed),
            };
            if changed.is_err() {
                return Ok(());
            }
            let failure = open.failure();
            self.watch = open.into_watch();
            if !ended {
                self.leave_connection();
            }
            if self.backoff.lasted(since.elapsed()) {
                self.backoff.worked();
            }
            match failure {
                Some((error, false)) => return Err(error),
                Some((error, true)) if !self.pause().await => return Err(error),
                // A server ends its subscriptions before it exits.
                None if ended && !self.pause().await => return Err(ended_too_often().into()),
                _ => {}
            }
            let Some(again) = self.open_again().await? else { return Ok(()) };
            self.watch = None;
            *self.renewed.lock() = Some(again.acknowledged().clone());
            self.queue.push(Event::Gap, 0);
            open = again;
        }
    }

    /// Opens the subscription on this connection or the next one; `None` if the server was removed.
    async fn open_again(&mut self) -> Result<Option<Subscription>, Error> {
        loop {
            let Some(client) = self.client().await? else { return Ok(None) };
            let opened = tokio::select! {
                opened = client.subscribe(self.requested.clone()) => opened,
                changed = self.states.changed() => match changed {
                    Ok(()) => {
                        self.leave_connection();
                        continue;
                    }
                    Err(_) => return Ok(None),
                },
            };
            let error = match opened {
                Ok(open) => {
                    client.wire().inbound.invalidate_watched(&self.requested);
                    return Ok(Some(open));
                }
                Err(error) => error,
            };
            let may_pass = may_pass(&error, &client);
            drop(client); // A connection that is given up ends with its last handle.
            if !may_pass || !self.pause().await {
                return Err(error);
            }
        }
    }

    /// The connection. Waits as long as the group tries to connect; `None` if the server was
    /// removed.
    async fn client(&mut self) -> Result<Option<Client>, Error> {
        loop {
            match self.states.has_changed() {
                Ok(true) => self.leave_connection(),
                Ok(false) => {}
                Err(_) => return Ok(None),
            }
            match &*self.states.borrow_and_update() {
                State::Connected(client) if !client.wire().connection.is_over() => {
                    return Ok(Some(client.clone()));
                }
                State::Lost { reason, retries: false } => {
                    return Err(not_connected(&self.server, reason, false));
                }
                State::Connected(_) | State::Connecting | State::Lost { .. } => {}
            }
            if self.states.changed().await.is_err() {
                return Ok(None);
            }
            self.leave_connection();
        }
    }

    /// The connection was lost or replaced.
    fn leave_connection(&mut self) {
        if let Some(watch) = self.watch.take() {
            watch.abandon();
        }
    }

    /// Waits before the next attempt, or until the connection changes. False after the last one.
    async fn pause(&mut self) -> bool {
        let before = self.backoff.clone();
        let Some(pause) = self.backoff.pause() else { return false };
        tokio::select! {
            () = sleep(pause) => {}
            changed = self.states.changed() => {
                // The attempts to restore the connection are counted elsewhere.
                self.backoff = before;
                if changed.is_ok() {
                    self.leave_connection();
                }
            }
        }
        true
    }
}

fn ended_too_often() -> Error {
    let message = "the server ends the subscription each time (Limits::max_reconnects)";
    Error::new(ErrorKind::Limit, message)
}

/// Passes events on until the subscription ends.
async fn pass_on(
    open: &mut Subscription,
    queue: &EventQueue<Event>,
    renewed: &Mutex<Option<SubscriptionFilter>>,
) {
    while let Some((event, size)) = poll_fn(|cx| open.poll_sized(cx)).await {
        consume_budget().await;
        if event == Event::Gap {
            *renewed.lock() = Some(open.acknowledged().clone());
        }
        queue.push(event, size);
    }
}
