//! What ends a subscription when its stream is dropped.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::abort_on_drop::AbortOnDrop;
use crate::client::Client;
use crate::event::Event;
use crate::event_queue::EventQueue;

/// Ends a subscription when it is dropped.
pub(crate) enum Guard {
    Modern(Listen),
    Legacy(Watch),
    /// Events of one subscription after the other, which a task passes on.
    Relayed {
        _task: AbortOnDrop,
    },
}

impl Guard {
    /// The connection of the subscription; `None` if it outlives its connections.
    pub(super) fn client(&self) -> Option<&Client> {
        match self {
            Self::Modern(listen) => Some(&listen.client),
            Self::Legacy(watch) => Some(&watch.client),
            Self::Relayed { .. } => None,
        }
    }
}

/// A request that stays open on a modern server.
pub(crate) struct Listen {
    client: Client,
    queue: Arc<EventQueue<Event>>,
    /// Ending it drops the request, and so cancels it.
    _task: Option<AbortOnDrop>,
}

impl Listen {
    pub(super) fn new(client: Client, queue: Arc<EventQueue<Event>>) -> Self {
        Self { client, queue, _task: None }
    }

    /// The task that keeps the request open.
    pub(super) fn set_task(&mut self, task: AbortHandle) {
        self._task = Some(AbortOnDrop(task));
    }
}

impl Drop for Listen {
    fn drop(&mut self) {
        self.client.wire().inbound.subscriptions.release(&self.queue);
    }
}

/// The resources that a subscription watches on a legacy server. When this is dropped, those that
/// no other subscription watches are unsubscribed.
pub(crate) struct Watch {
    client: Client,
    uris: Vec<String>,
    runtime: Handle,
}

impl Watch {
    /// # Panics
    /// Outside a runtime.
    pub(super) fn new(client: Client) -> Self {
        Self { client, uris: Vec::new(), runtime: Handle::current() }
    }

    /// The server has agreed to watch a resource.
    pub(super) fn add(&mut self, uri: &str) {
        self.client.watched().add(uri);
        self.uris.push(uri.to_owned());
    }

    /// Sends no `resources/unsubscribe`. For a connection that is given up: it ends with its last
    /// handle, and a request would keep it.
    pub(crate) fn abandon(mut self) {
        self.client.watched().remove(std::mem::take(&mut self.uris));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let unwatched = self.client.watched().remove(std::mem::take(&mut self.uris));
        if unwatched.is_empty() {
            return;
        }
        let client = self.client.clone();
        self.runtime.spawn(async move {
            for uri in unwatched {
                if let Err(error) = client.unsubscribe_resource(&uri).await {
                    tracing::debug!(%error, "a resource could not be unsubscribed");
                }
            }
        });
    }
}
