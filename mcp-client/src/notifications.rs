//! Streams of what a server reports.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::Stream;
use mcp_core::types::LogMessageParams;

use crate::event::Event;
use crate::event_queue::EventQueue;

/// All notifications of the server, except those about single requests (progress).
///
/// If more than `Limits::max_queued_events` or `Limits::max_queued_event_bytes` wait to be read,
/// the oldest are dropped and [`Event::Lagged`] says how many. Ends with the connection.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use futures::StreamExt as _;
/// use mcp_client::Event;
///
/// let mut events = client.notifications();
/// # let filter = mcp_client::types::SubscriptionFilter::new().tools_list_changed(true);
/// # client.subscribe(filter).await?;
/// # client.close().await;
/// while let Some(event) = events.next().await {
///     match event {
///         Event::ToolsListChanged => println!("list the tools again"),
///         Event::Lagged(missed) => println!("{missed} events were missed"),
///         other => println!("{other:?}"),
///     }
/// }
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
pub struct Notifications {
    queue: Arc<EventQueue<Event>>,
}

impl Notifications {
    pub(crate) fn new(queue: Arc<EventQueue<Event>>) -> Self {
        Self { queue }
    }
}

impl Stream for Notifications {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.queue.poll_next(cx)
    }
}

/// The server's log messages.
///
/// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
/// than 2027-07-28.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use futures::StreamExt as _;
/// use mcp_client::types::LoggingLevel;
///
/// let mut messages = client.log_messages();
/// tokio::spawn(async move {
///     while let Some(message) = messages.next().await {
///         if message.level >= LoggingLevel::Error {
///             eprintln!("{}", message.data.get());
///         }
///     }
/// });
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
pub struct LogMessages {
    notifications: Notifications,
}

impl LogMessages {
    pub(crate) fn new(notifications: Notifications) -> Self {
        Self { notifications }
    }
}

impl Stream for LogMessages {
    type Item = LogMessageParams;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<LogMessageParams>> {
        loop {
            match ready!(Pin::new(&mut self.notifications).poll_next(cx)) {
                Some(Event::Log(message)) => return Poll::Ready(Some(message)),
                Some(_) => {}
                None => return Poll::Ready(None),
            }
        }
    }
}
