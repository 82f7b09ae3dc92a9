//! What the servers of a group tell, as one stream.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use futures::Stream;

use crate::event::Event;
use crate::mailbox::{Letter, Mailbox};

/// What about an event is not in its params, in bytes.
const OVERHEAD: usize = 64;

/// Something that happened in a group.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum GroupEvent {
    /// A server is there. After a loss [`Event::Gap`] follows.
    Connected {
        /// The server.
        server: Arc<str>,
    },
    /// The connection to a server was lost.
    Disconnected {
        /// The server.
        server: Arc<str>,
    },
    /// A server tells something.
    Told {
        /// The server.
        server: Arc<str>,
        /// What it tells.
        event: Event,
    },
    /// So many events were dropped, because the stream was not read fast enough.
    Lagged(u64),
}

impl Letter for GroupEvent {
    fn is_change(&self) -> bool {
        matches!(self, Self::Told { event, .. } if event.is_change())
    }

    fn lagged(dropped: u64) -> Self {
        Self::Lagged(dropped)
    }
}

/// The notifications of all servers of a group, save those about single requests (progress), and the comings and
/// goings of the servers.
///
/// At most 1,024 events and 4 MiB wait to be read; beyond that the oldest are dropped and [`GroupEvent::Lagged`]
/// says how many. Ends with the group.
#[derive(Debug)]
pub struct GroupNotifications {
    mailbox: Arc<Mailbox<GroupEvent>>,
}

impl Stream for GroupNotifications {
    type Item = GroupEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<GroupEvent>> {
        self.mailbox.poll_next(cx)
    }
}

/// Whoever reads the events of a group.
#[derive(Debug, Default)]
pub(super) struct Listeners(Mutex<Vec<Weak<Mailbox<GroupEvent>>>>);

impl Listeners {
    pub(super) fn listen(&self) -> GroupNotifications {
        let mailbox = Arc::new(Mailbox::default());
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(Arc::downgrade(&mailbox));
        GroupNotifications { mailbox }
    }

    /// Tells all of an event with about so many bytes.
    pub(super) fn tell(&self, event: &GroupEvent, size: usize) {
        let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for mailbox in listeners.iter().filter_map(Weak::upgrade) {
            mailbox.push(event.clone(), size + OVERHEAD);
        }
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        let listeners = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for mailbox in listeners.iter().filter_map(Weak::upgrade) {
            mailbox.close();
        }
    }
}
