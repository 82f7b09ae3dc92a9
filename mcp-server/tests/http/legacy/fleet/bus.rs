//! A bus that fails in the ways in which the network does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use mcp_server::store::{BusEvent, MemoryBus, MessageBus, StoreError};

/// The bus as one instance sees it.
#[derive(Clone, Default)]
pub(super) struct FaultyBus {
    pub(super) bus: MemoryBus,
    pub(super) faults: Arc<Faults>,
}

/// What is wrong with the way to the bus.
#[derive(Default)]
pub(super) struct Faults {
    /// The instance is killed: it neither reaches anything, nor says so.
    pub(super) is_killed: AtomicBool,
    /// Messages do not arrive. The first one after them is reported as one that was lost too.
    pub(super) is_cut: AtomicBool,
    /// The next message arrives a second later.
    pub(super) delays_next: AtomicBool,
}

impl FaultyBus {
    /// The same bus as another instance sees it.
    pub(super) fn of_another(&self) -> Self {
        Self { bus: self.bus.clone(), faults: Arc::default() }
    }

    fn check(&self) -> Result<(), StoreError> {
        self.faults.check()
    }
}

impl Faults {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.is_killed.load(Ordering::SeqCst) {
            true => Err(StoreError::unavailable("killed")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl MessageBus for FaultyBus {
    async fn publish(&self, message: Bytes) -> Result<(), StoreError> {
        self.check()?;
        if self.faults.delays_next.swap(false, Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.bus.publish(message).await
    }

    fn messages(&self) -> BoxStream<'static, BusEvent> {
        let (faults, mut has_lost) = (Arc::clone(&self.faults), false);
        let messages = self.bus.messages().filter_map(move |event| {
            let is_lost = faults.is_cut.load(Ordering::SeqCst);
            let was_lost = std::mem::replace(&mut has_lost, is_lost);
            let event = if was_lost { BusEvent::Missed } else { event };
            std::future::ready((!is_lost).then_some(event))
        });
        messages.boxed()
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), StoreError> {
        self.check()?;
        self.bus.put(key, value, ttl).await
    }

    async fn take(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.check()?;
        self.bus.take(key).await
    }

    async fn announce(&self, instance: &str, ttl: Duration) -> Result<(), StoreError> {
        self.check()?;
        self.bus.announce(instance, ttl).await
    }

    async fn is_alive(&self, instance: &str) -> Result<bool, StoreError> {
        self.check()?;
        self.bus.is_alive(instance).await
    }

    fn leaves_process(&self) -> bool {
        false
    }
}
