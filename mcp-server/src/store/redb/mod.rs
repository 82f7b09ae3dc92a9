//! A store in a file, with the embedded database redb.

mod batch;
mod builder;
mod codec;
#[cfg(feature = "http")]
mod event_batch;
mod failure;
mod file;
mod reader;
mod schema;
#[cfg(feature = "http")]
mod session_batch;
#[cfg(feature = "http")]
mod shared_stores;
#[cfg(feature = "http")]
mod shared_tables;
mod task_store;
mod writer;

#[cfg(all(test, feature = "test-util"))]
mod tests;

pub use builder::RedbStoreBuilder;
pub use task_store::RedbStore;
