//! A bus between servers in one process.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use mcp_core::sync::Mutex;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::store::bus::{BusEvent, MAX_BUS_MESSAGE_BYTES, MessageBus};
use crate::store::error::StoreError;

/// Number of messages that a slow reader may be behind before it misses some.
const CAPACITY: usize = 1024;

/// Carries messages between servers in one process, for tests. Clones are the same bus.
#[derive(Clone)]
pub struct MemoryBus {
    messages: broadcast::Sender<Bytes>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    values: HashMap<Box<str>, (Bytes, Option<Instant>)>,
    alive: HashMap<Box<str>, Option<Instant>>,
}

impl MemoryBus {
    /// A bus without readers.
    #[must_use]
    pub fn new() -> Self {
        Self { messages: broadcast::Sender::new(CAPACITY), state: Arc::default() }
    }
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl MessageBus for MemoryBus {
    async fn publish(&self, message: Bytes) -> Result<(), StoreError> {
        if message.len() > MAX_BUS_MESSAGE_BYTES {
            let (length, max) = (message.len(), MAX_BUS_MESSAGE_BYTES);
            return Err(StoreError::unavailable(format_args!(
                "a message of {length} bytes exceeds the limit of {max} bytes \
                 (MAX_BUS_MESSAGE_BYTES)"
            )));
        }
        drop(self.messages.send(message)); // Fails if there is no reader.
        Ok(())
    }

    fn messages(&self) -> BoxStream<'static, BusEvent> {
        let messages = stream::unfold(self.messages.subscribe(), |mut receiver| async move {
            use broadcast::error::RecvError;
            match receiver.recv().await {
                Ok(message) => Some((BusEvent::Message(message), receiver)),
                Err(RecvError::Lagged(_)) => Some((BusEvent::Missed, receiver)),
                // The bus was dropped, so nothing is sent any more.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        });
        messages.boxed()
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), StoreError> {
        let now = Instant::now();
        let values = &mut self.state.lock().values;
        values.retain(|_, (_, expires)| expires.is_none_or(|expires| expires > now));
        values.insert(key.into(), (value, now.checked_add(ttl)));
        Ok(())
    }

    async fn take(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let now = Instant::now();
        let taken = self.state.lock().values.remove(key);
        let valid = taken.filter(|(_, expires)| expires.is_none_or(|expires| expires > now));
        Ok(valid.map(|(value, _)| value))
    }

    async fn announce(&self, instance: &str, ttl: Duration) -> Result<(), StoreError> {
        let expires = Instant::now().checked_add(ttl);
        self.state.lock().alive.insert(instance.into(), expires);
        Ok(())
    }

    async fn is_alive(&self, instance: &str) -> Result<bool, StoreError> {
        let now = Instant::now();
        let alive = self.state.lock().alive.get(instance).copied();
        Ok(alive.is_some_and(|expires| expires.is_none_or(|expires| expires > now)))
    }

    fn leaves_process(&self) -> bool {
        false
    }
}

impl fmt::Debug for MemoryBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBus")
            .field("readers", &self.messages.receiver_count())
            .finish_non_exhaustive()
    }
}
