//! The interface through which the instances of a server send each other messages.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use super::error::StoreError;

/// Maximum length of a message on a [`MessageBus`], in bytes. Longer values are left at the bus
/// with [`MessageBus::put`], and the message names their key.
pub const MAX_BUS_MESSAGE_BYTES: usize = 64 << 10;

/// Carries messages between the instances of a server.
///
/// All readers receive the messages in the same order. A message whose [`publish`](Self::publish)
/// completed comes before one whose `publish` began afterwards. A message may arrive twice.
///
/// Cancel safety: a future that is dropped may have had its effect, all of it or none.
#[async_trait]
pub trait MessageBus: Send + Sync + 'static {
    /// Sends a message of at most [`MAX_BUS_MESSAGE_BYTES`] to all instances, this one included.
    ///
    /// # Errors
    /// If the message is too long. If the bus failed; then it may have been sent.
    async fn publish(&self, message: Bytes) -> Result<(), StoreError>;

    /// Returns the messages from now on. Some that were sent earlier may come before them. The
    /// stream never ends by itself. It reconnects, and a reader that is too slow, or was
    /// disconnected for too long, receives [`BusEvent::Missed`].
    fn messages(&self) -> BoxStream<'static, BusEvent>;

    /// Leaves a value at the bus, for one instance to take. It is deleted after `ttl`.
    ///
    /// # Errors
    /// If the bus failed.
    async fn put(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), StoreError>;

    /// Takes a value: returns and deletes it. `None` if there is none, or another instance took it.
    ///
    /// # Errors
    /// If the bus failed. The value may be lost.
    async fn take(&self, key: &str) -> Result<Option<Bytes>, StoreError>;

    /// Announces that an instance is alive. It counts as alive until `ttl` has passed.
    ///
    /// # Errors
    /// If the bus failed.
    async fn announce(&self, instance: &str, ttl: Duration) -> Result<(), StoreError>;

    /// Whether an instance is alive. An instance that stops announces `Duration::ZERO`.
    ///
    /// # Errors
    /// If the bus failed.
    async fn is_alive(&self, instance: &str) -> Result<bool, StoreError>;

    /// Whether messages leave the memory of this process. They are sealed then.
    fn leaves_process(&self) -> bool {
        true
    }
}

/// What a reader of a [`MessageBus`] receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusEvent {
    /// A message.
    Message(Bytes),
    /// Messages were lost. The reader must assume that anything has changed.
    Missed,
}

/// Fails if a message is longer than [`MAX_BUS_MESSAGE_BYTES`].
pub(super) fn check_length(message: &[u8]) -> Result<(), StoreError> {
    let (length, max) = (message.len(), MAX_BUS_MESSAGE_BYTES);
    if length <= max {
        return Ok(());
    }
    Err(StoreError::unavailable(format_args!(
        "a message of {length} bytes exceeds the limit of {max} bytes (MAX_BUS_MESSAGE_BYTES); leave \
         its contents at the bus, and send the key"
    )))
}
