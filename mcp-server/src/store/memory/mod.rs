//! Stores in the memory of one process.

#[cfg(feature = "http")]
mod bus;
#[cfg(feature = "http")]
mod event_store;
#[cfg(feature = "http")]
mod nonce_store;
#[cfg(feature = "http")]
mod session_store;
#[cfg(feature = "tasks")]
mod table;
#[cfg(feature = "tasks")]
mod task_store;

#[cfg(feature = "http")]
pub use bus::MemoryBus;
#[cfg(feature = "http")]
pub use event_store::MemoryEventStore;
#[cfg(feature = "http")]
pub use nonce_store::MemoryNonceStore;
#[cfg(feature = "http")]
pub use session_store::MemorySessionStore;
#[cfg(feature = "tasks")]
pub use table::MemoryCounts;
#[cfg(feature = "tasks")]
pub use task_store::MemoryTaskStore;
