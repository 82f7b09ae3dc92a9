//! Contract tests: what every [`TaskStore`](super::TaskStore) must do, for authors of stores.
//!
//! Implement [`StoreFixture`] for the store, and call [`check_task_store`] from a test. It runs
//! every check, and panics with the names of those that fail. Each check is also a function of its
//! own, in [`checks`], to run it alone; [`replay_history`] repeats one random history.
//!
//! The checks use the real clock: leases end after fractions of a second, and what must happen
//! soon is polled for 10 s. Run them on a multi-threaded runtime without a paused clock, so that
//! the racing writers race:
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

pub use fixture::StoreFixture;
pub use history::{random_histories, replay_history};
pub use run::check_task_store;
