//! Stores in the memory of one process.

mod table;
mod task_store;

pub use table::MemoryCounts;
pub use task_store::MemoryTaskStore;
