//! What an instance does in the background: it reads the bus, sends changes, and announces itself.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::future::{AbortHandle, Abortable};
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _};
use tokio::time::sleep;

use super::instances::Fleet;
use super::message::BusMessage;
use crate::store::{BusEvent, MAX_BUS_MESSAGE_BYTES, MessageBus};
use crate::subscription::Change;

/// Pause before a failed attempt is repeated. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Longest pause between two attempts.
const LAST_PAUSE: Duration = Duration::from_secs(2);

impl Fleet {
    /// Begins to read the bus, within a Tokio runtime. Does nothing if it has begun.
    pub(crate) fn ensure_started(self: &Arc<Self>) {
        let Some(bus) = self.bus() else { return };
        if !self.background.lock().is_empty() {
            return;
        }
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

/// Longest URI that certainly fits into a message, with all characters escaped.
const MAX_URI_BYTES: usize = MAX_BUS_MESSAGE_BYTES / 6 - 256;

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

/// Sends changes to all instances, until the bus has accepted them.
async fn send(fleet: Weak<Fleet>) {
    loop {
        let Some(outbox) = fleet.upgrade().map(|fleet| Arc::clone(&fleet.outbox)) else { return };
        for change in outbox.take().await {
            let change = match change {
                // It does not fit into a message.
                Change::Resource(uri) if uri.len() > MAX_URI_BYTES => Change::All,
                change => change,
            };
            let mut pause = FIRST_PAUSE;
            loop {
                let Some(fleet) = fleet.upgrade() else { return };
                let message = BusMessage::from(change.clone());
                let sent = AssertUnwindSafe(fleet.publish(&message)).catch_unwind().await;
                let error = match sent {
                    Ok(Ok(())) => break,
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => "the bus panicked".to_owned(),
                };
                if pause == FIRST_PAUSE {
                    tracing::warn!(error, "a change was not sent to other instances; trying again");
                    // The clients of this instance need not wait. They are notified again later.
                    fleet.changed(change.clone());
                }
                drop(fleet);
                sleep(pause).await;
                pause = LAST_PAUSE.min(pause * 2);
            }
        }
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
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "this instance was not announced"),
                Err(_) => tracing::error!("the bus panicked"),
            }
            timeout / 3
        };
        sleep(interval.max(Duration::from_millis(10))).await;
    }
}
