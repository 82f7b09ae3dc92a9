//! The stream of a subscription.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use mcp_core::sync::Mutex;
use mcp_core::types::SubscriptionFilter;

use super::acknowledgement::missing_part;
use super::guard::{Guard, Watch};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::event_queue::EventQueue;

/// The changes that a server reports. Dropping it ends the subscription.
///
/// A change that says the same as one that was not read yet is reported once. If more than
/// `Limits::max_queued_events` wait, the oldest are dropped and [`Event::Lagged`] says how many.
///
/// Over a transport that can reconnect (HTTP) an interrupted subscription is requested again, after
/// random pauses that grow. [`Event::Gap`] then says that it is active again and that changes may
/// have been missed. The stream ends when the server ends the subscription, when the connection is
/// lost for good, or after `Limits::max_reconnects` failed attempts in a row;
/// [`Subscription::error`] says which. One of [`ClientGroup::subscribe`] outlives the connection.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use futures::StreamExt as _;
/// use mcp_client::Event;
/// use mcp_client::types::SubscriptionFilter;
///
/// let filter = SubscriptionFilter::new().resource_subscriptions(vec!["note://1".to_owned()]);
/// let mut changes = client.subscribe(filter).await?;
/// if let Some(Event::ResourceUpdated(updated)) = changes.next().await {
///     let note = client.read_resource(&updated.uri).await?;
/// }
/// # Ok(())
/// # });
/// ```
///
/// [`ClientGroup::subscribe`]: crate::ClientGroup::subscribe
pub struct Subscription {
    queue: Arc<EventQueue<Event>>,
    requested: SubscriptionFilter,
    acknowledged: SubscriptionFilter,
    /// What the server agreed to when the subscription was requested again.
    renewed: Arc<Mutex<Option<SubscriptionFilter>>>,
    guard: Guard,
}

impl Subscription {
    pub(crate) fn new(
        queue: Arc<EventQueue<Event>>,
        requested: SubscriptionFilter,
        acknowledged: SubscriptionFilter,
        renewed: Arc<Mutex<Option<SubscriptionFilter>>>,
        guard: Guard,
    ) -> Self {
        Self { queue, requested, acknowledged, renewed, guard }
    }

    /// Why the stream ended, and whether it may be opened again on this connection or the next one.
    pub(crate) fn failure(&self) -> Option<(Arc<Error>, bool)> {
        let error = Arc::clone(self.queue.error()?);
        let may_pass = self.guard.client().is_some_and(|client| may_pass(&error, client));
        Some((error, may_pass))
    }

    /// Ends the subscription, except that a legacy server continues to watch its resources until
    /// the [`Watch`] is dropped.
    pub(crate) fn into_watch(self) -> Option<Watch> {
        match self.guard {
            Guard::Legacy(watch) => Some(watch),
            Guard::Modern(_) | Guard::Relayed { .. } => None,
        }
    }

    /// The next event with its size; `None` after the last one.
    pub(crate) fn poll_sized(&mut self, cx: &Context<'_>) -> Poll<Option<(Event, usize)>> {
        if let Some(agreed) = self.renewed.lock().take() {
            self.acknowledged = agreed;
        }
        self.queue.poll_sized(cx)
    }

    /// What the server agreed to report, never more than what was requested. It may have changed
    /// after [`Event::Gap`].
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::types::SubscriptionFilter;
    ///
    /// let filter = SubscriptionFilter::new().tools_list_changed(true);
    /// let changes = client.subscribe(filter).await?;
    /// assert_eq!(changes.acknowledged().tools_list_changed, Some(true));
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn acknowledged(&self) -> &SubscriptionFilter {
        &self.acknowledged
    }

    /// What was requested, and what the server did not agree to report. Empty if it agreed
    /// to everything.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::types::SubscriptionFilter;
    ///
    /// let filter = SubscriptionFilter::new().tools_list_changed(true);
    /// let changes = client.subscribe(filter).await?;
    /// if changes.not_acknowledged().tools_list_changed.is_some() {
    ///     println!("list the tools from time to time");
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn not_acknowledged(&self) -> SubscriptionFilter {
        missing_part(&self.requested, &self.acknowledged)
    }

    /// Why the stream ended, unless the server ended it properly.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use futures::StreamExt as _;
    /// use mcp_client::types::SubscriptionFilter;
    ///
    /// let filter = SubscriptionFilter::new().tools_list_changed(true);
    /// let mut changes = client.subscribe(filter).await?;
    /// # client.close().await;
    /// while let Some(event) = changes.next().await {
    ///     println!("{event:?}");
    /// }
    /// match changes.error() {
    ///     Some(error) => println!("the changes are lost: {error}"),
    ///     None => println!("the server reports no more changes"),
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.queue.error().map(|error| &**error)
    }
}

impl Stream for Subscription {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.get_mut().poll_sized(cx).map(|event| event.map(|(event, _)| event))
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("acknowledged", &self.acknowledged)
            .field("error", &self.error())
            .finish_non_exhaustive()
    }
}

/// Whether a subscription that failed may be opened again, on this connection or the next one.
pub(crate) fn may_pass(error: &Error, client: &Client) -> bool {
    let is_lost = error.kind() == ErrorKind::Transport && !client.wire().connection.may_return();
    is_lost || error.is_passing()
}
