//! A store in a file, with the embedded database redb.

mod batch;
mod builder;
mod codec;
mod failure;
mod file;
mod reader;
mod schema;
mod task_store;
mod writer;

#[cfg(all(test, feature = "test-util"))]
mod tests;

pub use builder::RedbStoreBuilder;
pub use task_store::RedbStore;
