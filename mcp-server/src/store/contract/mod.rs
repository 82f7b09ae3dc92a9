//! Contract tests: what every store must do, for authors of stores.
//!
//! Implement [`StoreFixture`] for the store, and call the function of its interface from a test. It
//! runs every check, and panics with the names of those that fail.
//!
//! | interface | function |
//! |---|---|
//! | [`TaskStore`](super::TaskStore) | [`check_task_store`] |
//! | `SessionStore` (feature `http`) | `check_session_store` |
//! | `EventStore` (feature `http`) | `check_event_store` |
//! | `NonceStore` (feature `http`) | `check_nonce_store` |
//! | `MessageBus` (feature `http`) | `check_message_bus` |
//!
//! Each check is also a function of its own, in [`checks`], to run it alone; [`replay_history`] and
//! `replay_session_history` repeat one random history.
//!
//! The checks use the real clock: leases and sessions end after fractions of a second, and what
//! must happen soon is polled for 10 s. Run them on a multi-threaded runtime without a paused
//! clock, so that the racing writers race:
//!
//! ```
//! use mcp_server::store::MemoryTaskStore;
//! use mcp_server::store::contract::{StoreFixture, check_task_store};
//!
//! struct InMemory;
//!
//! impl StoreFixture for InMemory {
//!     type Store = MemoryTaskStore;
//!
//!     async fn open(&self) -> MemoryTaskStore {
//!         MemoryTaskStore::new()
//!     }
//!
//!     async fn open_second(&self, store: &MemoryTaskStore) -> MemoryTaskStore {
//!         store.clone()
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap().block_on(async {
//! check_task_store(&InMemory).await;
//! # });
//! ```

pub mod checks;
mod fixture;
mod history;
mod run;
#[cfg(feature = "http")]
mod run_shared;

pub use fixture::StoreFixture;
pub use history::{random_histories, replay_history};
#[cfg(feature = "http")]
pub use history::{random_session_histories, replay_session_history};
pub use run::check_task_store;
#[cfg(feature = "http")]
pub use run_shared::{
    check_event_store, check_message_bus, check_nonce_store, check_session_store,
};
