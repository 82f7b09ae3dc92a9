//! A bus between servers in one process.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use mcp_core::sync::Mutex;
use tokio::time::Instant;

use crate::store::bus::{BusEvent, MessageBus, check_length};
use crate::store::error::StoreError;
use crate::store::feed::Feed;

/// Carries messages between servers in one process, for tests. Clones are the same bus.
#[derive(Clone)]
pub struct MemoryBus {
    messages: Feed<BusEvent>,
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
        Self { messages: Feed::new(), state: Arc::default() }
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
        check_length(&message)?;
        self.messages.report(|| BusEvent::Message(message));
        Ok(())
    }

    fn messages(&self) -> BoxStream<'static, BusEvent> {
        self.messages.items()
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
        f.debug_struct("MemoryBus").finish_non_exhaustive()
    }
}
