//! The names of operations, by which a script recognizes one that was sent twice.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::task::StoreError;

/// Names the operations of a store. No two operations of any process have the same name.
#[derive(Debug)]
pub(super) struct Operations {
    instance: u64,
    count: AtomicU64,
}

impl Operations {
    pub(super) fn new() -> Result<Self, StoreError> {
        let instance = getrandom::u64().map_err(|error| {
            StoreError::unavailable(format_args!("the system has no random numbers: {error}"))
        })?;
        Ok(Self { instance, count: AtomicU64::new(0) })
    }

    pub(super) fn next(&self) -> String {
        format!("{:016x}-{:x}", self.instance, self.count.fetch_add(1, Ordering::Relaxed))
    }
}
