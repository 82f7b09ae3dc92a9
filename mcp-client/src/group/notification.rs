//! What the servers of a group report, as one stream.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use futures::Stream;
use mcp_core::sync::Mutex;

use crate::Limits;
use crate::event::Event;
use crate::event_queue::{EventQueue, QueuedEvent};

/// Bytes of an event that are not in its params, roughly. Fixed: it only has to be more than none.
const OVERHEAD: usize = 64;

/// Something that happened in a group.
///
/// ```
/// use mcp_client::Event;
/// use mcp_client::group::GroupEvent;
///
/// /// The server whose tools have to be listed again.
/// fn changed(event: &GroupEvent) -> Option<&str> {
///     match event {
///         GroupEvent::Connected { server }
///         | GroupEvent::Event { server, event: Event::ToolsListChanged } => Some(server),
///         _ => None,
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum GroupEvent {
    /// A server is connected. After a loss [`Event::Gap`] follows.
    Connected {
        /// The server.
        server: Arc<str>,
    },
    /// The connection to a server was lost.
    Disconnected {
        /// The server.
        server: Arc<str>,
    },
    /// A server reports something.
    Event {
        /// The server.
        server: Arc<str>,
        /// What it reports.
        event: Event,
    },
    /// This many events were dropped, because the stream was not read fast enough.
    Lagged(u64),
}

impl QueuedEvent for GroupEvent {
    fn is_change(&self) -> bool {
        matches!(self, Self::Event { event, .. } if event.is_change())
    }

    fn lagged(dropped: u64) -> Self {
        Self::Lagged(dropped)
    }
}

/// The notifications of all servers of a group, except those about single requests (progress), and
/// which servers connect and disconnect.
///
/// If more than `Limits::max_queued_events` or `Limits::max_queued_event_bytes` wait to be read,
/// the oldest are dropped and [`GroupEvent::Lagged`] says how many. Ends with the group.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let group = mcp_client::ClientGroup::new();
/// # group.add("notes", mcp_client::Client::connect(reader, writer).await?)?;
/// use futures::StreamExt as _;
/// use mcp_client::group::GroupEvent;
///
/// let mut events = group.notifications();
/// # group.remove("notes");
/// # drop(group);
/// while let Some(event) = events.next().await {
///     if let GroupEvent::Connected { server } = event {
///         println!("{server} is there"); // Also after a restart.
///     }
/// }
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
pub struct GroupNotifications {
    queue: Arc<EventQueue<GroupEvent>>,
}

impl Stream for GroupNotifications {
    type Item = GroupEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<GroupEvent>> {
        self.queue.poll_next(cx)
    }
}

/// The readers of the events of a group.
#[derive(Debug)]
pub(super) struct Listeners {
    limits: Limits,
    queues: Mutex<Vec<Weak<EventQueue<GroupEvent>>>>,
}

impl Listeners {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), queues: Mutex::default() }
    }

    pub(super) fn listen(&self) -> GroupNotifications {
        let queue = Arc::new(EventQueue::new(&self.limits));
        let mut queues = self.queues.lock();
        queues.retain(|queue| queue.strong_count() > 0);
        queues.push(Arc::downgrade(&queue));
        GroupNotifications { queue }
    }

    /// Passes on an event of about `size` bytes.
    pub(super) fn publish(&self, event: &GroupEvent, size: usize) {
        for queue in self.queues() {
            queue.push(event.clone(), size + OVERHEAD);
        }
    }

    /// Wakers run user code, so no reader is woken under the lock.
    fn queues(&self) -> Vec<Arc<EventQueue<GroupEvent>>> {
        self.queues.lock().iter().filter_map(Weak::upgrade).collect()
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for queue in self.queues.get_mut().iter().filter_map(Weak::upgrade) {
            queue.close();
        }
    }
}
