//! How the contract tests open a store.

use std::future::Future;

/// Opens stores for the contract tests. The [module](super) has an example.
pub trait StoreFixture: Send + Sync {
    /// The store to check. Each function of the module says which interface it needs.
    type Store: Send + Sync + 'static;

    /// Opens an empty store, which shares nothing with those that were opened before: a new file,
    /// another prefix of keys, another database.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;

    /// Opens the same store a second time, as another server would: with another connection if
    /// several processes may use the store, else with a clone.
    fn open_second(&self, store: &Self::Store) -> impl Future<Output = Self::Store> + Send;

    /// Closes the store, whose only handle is `store`, and opens it again. `None` if what it
    /// keeps ends with the store, which is the default; then nothing is checked about it.
    fn reopen(&self, store: Self::Store) -> impl Future<Output = Option<Self::Store>> + Send {
        async move {
            drop(store);
            None
        }
    }

    /// The number of random histories that [`check_task_store`](super::check_task_store) and
    /// `check_session_store` run. 100 by default; each has 40 operations and opens a store. A store
    /// that is fast enough runs 10,000.
    fn histories(&self) -> u64 {
        100
    }
}
