//! What an instance does in the background: it reads the bus, sends changes, and announces itself.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::future::{AbortHandle, Abortable};
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _};
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::instances::Fleet;
use super::message::BusMessage;
use crate::store::{BusEvent, MAX_BUS_MESSAGE_BYTES, MessageBus};
use crate::subscription::Change;

/// Pause before a failed attempt is repeated. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Longest pause between two attempts.
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// Maximum number of changes that wait while the bus fails. Fixed: beyond it, the instances learn
/// that anything may have changed.
const MAX_WAITING: usize = 256;

/// Longest URI that certainly fits into a message, with all characters escaped.
const MAX_URI_BYTES: usize = MAX_BUS_MESSAGE_BYTES / 6 - 256;

impl Fleet {
    /// Begins to read the bus, within a Tokio runtime. Does nothing if it has begun.
    pub(crate) fn ensure_started(self: &Arc<Self>) {
        let Some(bus) = self.bus() else { return };
        // A service may be made before there is a runtime. The next connection starts it then.
        if !self.background.lock().is_empty() || Handle::try_current().is_err() {
            return;
        }
        self.began();
        // The bus is code of the user, so nothing is locked meanwhile.
        let tasks = start(self, bus);
        let mut background = self.background.lock();
        let surplus = match background.is_empty() {
            true => std::mem::replace(&mut *background, tasks),
            false => tasks,
        };
        drop(background);
        for task in surplus {
            task.abort();
        }
    }
}

/// Starts the tasks of an instance. They end when it is dropped.
fn start(fleet: &Arc<Fleet>, bus: &Arc<dyn MessageBus>) -> Vec<AbortHandle> {
    let weak = Arc::downgrade(fleet);
    vec![
        // The stream begins now: nothing that is published later is missed.
        spawn(read(weak.clone(), Arc::downgrade(bus), bus.messages())),
        spawn(send(weak.clone())),
        spawn(announce(weak)),
    ]
}

fn spawn(work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
    let (handle, registration) = AbortHandle::new_pair();
    tokio::spawn(Abortable::new(work, registration));
    handle
}

/// Reads the messages of all instances.
async fn read(
    fleet: Weak<Fleet>,
    bus: Weak<dyn MessageBus>,
    mut messages: BoxStream<'static, BusEvent>,
) {
    loop {
        // A stream that is always ready must not keep the thread.
        tokio::task::consume_budget().await;
        let next = AssertUnwindSafe(messages.next()).catch_unwind().await;
        let Some(fleet) = fleet.upgrade() else { return };
        match next {
            Ok(Some(BusEvent::Message(message))) => fleet.take(&message),
            Ok(Some(BusEvent::Missed)) => fleet.missed(),
            // The bus is broken; perhaps a new stream is not.
            Ok(None) | Err(_) => {
                tracing::error!("the stream of messages of other instances ended; it begins again");
                sleep(LAST_PAUSE).await;
                let Some(bus) = bus.upgrade() else { return };
                messages = bus.messages();
                fleet.missed();
            }
        }
    }
}

/// Sends changes to all instances, until the bus has accepted them. While it does not, the clients
/// of this instance are notified at once, and again later.
async fn send(fleet: Weak<Fleet>) {
    loop {
        let Some(pending) = fleet.upgrade().map(|fleet| Arc::clone(&fleet.pending)) else { return };
        let mut waiting = VecDeque::from(pending.take().await);
        let mut pause = FIRST_PAUSE;
        while let Some(change) = waiting.front() {
            let Some(fleet) = fleet.upgrade() else { return };
            let message = BusMessage::from(fitting(change));
            let sent = AssertUnwindSafe(fleet.publish(&message)).catch_unwind().await;
            let error = match sent {
                Ok(Ok(())) => {
                    waiting.pop_front();
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the bus panicked".to_owned(),
            };
            if pause == FIRST_PAUSE {
                tracing::warn!(error, "changes were not sent to other instances; trying again");
                waiting.iter().for_each(|change| fleet.changed(change));
            }
            let more = pending.more();
            more.iter().for_each(|change| fleet.changed(change));
            merge(&mut waiting, more);
            drop(fleet);
            sleep(pause).await;
            pause = LAST_PAUSE.min(pause * 2);
        }
    }
}

/// Adds changes to those that wait, each once and not too many.
fn merge(waiting: &mut VecDeque<Change>, more: Vec<Change>) {
    let new: Vec<_> = more.into_iter().filter(|change| !waiting.contains(change)).collect();
    waiting.extend(new);
    if waiting.len() > MAX_WAITING {
        *waiting = [Change::All].into();
    }
}

/// A change that fits into a message.
fn fitting(change: &Change) -> Change {
    match change {
        Change::Resource(uri) if uri.len() > MAX_URI_BYTES => Change::All,
        change => change.clone(),
    }
}

/// Announces that the instance is alive.
async fn announce(fleet: Weak<Fleet>) {
    loop {
        let interval = {
            let Some(fleet) = fleet.upgrade() else { return };
            let Some(bus) = fleet.bus() else { return };
            let timeout = fleet.limits.http.instance_timeout;
            let id = fleet.id.to_string();
            let announced = AssertUnwindSafe(fleet.within(bus.announce(&id, timeout)));
            match announced.catch_unwind().await {
                Ok(Ok(())) => timeout / 3,
                // Soon: without an announcement, the calls of this instance count as failed.
                Ok(Err(error)) => {
                    tracing::warn!(%error, "this instance was not announced");
                    FIRST_PAUSE
                }
                Err(_) => {
                    tracing::error!("the bus panicked");
                    LAST_PAUSE
                }
            }
        };
        sleep(interval.max(Duration::from_millis(10))).await;
    }
}
