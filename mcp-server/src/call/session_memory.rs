//! How much legacy sessions remember: a limit for each session, and one for all of a service.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_core::jsonrpc::{ErrorObject, code};

/// The bytes that the sessions of one service may remember.
#[derive(Debug)]
pub(crate) struct SessionBudget {
    used: AtomicUsize,
    /// For all sessions together.
    max: usize,
    max_each: usize,
}

impl SessionBudget {
    pub(crate) const fn new(max: usize, max_each: usize) -> Self {
        Self { used: AtomicUsize::new(0), max, max_each }
    }
}

/// The bytes that one session remembers. Dropping it returns them.
#[derive(Debug)]
pub(crate) struct SessionMemory {
    budget: Arc<SessionBudget>,
    used: AtomicUsize,
}

/// Why a session cannot remember more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionMemoryFull {
    /// The session is at its limit.
    Session,
    /// All sessions together are.
    All,
}

impl SessionMemoryFull {
    /// What to answer.
    pub(crate) fn to_error(self) -> ErrorObject {
        let limit = match self {
            Self::Session => "max_session_bytes",
            Self::All => "max_total_session_bytes",
        };
        ErrorObject::new(
            code::INTERNAL_ERROR,
            format!("the limit of what sessions remember is reached ({limit})"),
        )
        .with_data(&serde_json::json!({ "retryable": self == Self::All }))
    }
}

impl SessionMemory {
    pub(crate) fn max_bytes(&self) -> usize {
        self.budget.max_each
    }

    pub(crate) fn new(budget: &Arc<SessionBudget>) -> Self {
        Self { budget: Arc::clone(budget), used: AtomicUsize::new(0) }
    }

    /// Reserves bytes.
    ///
    /// # Errors
    /// When a limit is reached; then nothing is reserved.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<(), SessionMemoryFull> {
        if !add(&self.used, bytes, self.budget.max_each) {
            return Err(SessionMemoryFull::Session);
        }
        if !add(&self.budget.used, bytes, self.budget.max) {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(SessionMemoryFull::All);
        }
        Ok(())
    }

    /// Returns bytes that were reserved.
    pub(crate) fn release(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
        self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for SessionMemory {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(*self.used.get_mut(), Ordering::Relaxed);
    }
}

fn add(used: &AtomicUsize, bytes: usize, max: usize) -> bool {
    let add = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= max);
    used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_limits_hold_and_every_byte_is_returned() {
        let budget = Arc::new(SessionBudget::new(100, 80));
        let [first, second] = [(); 2].map(|()| SessionMemory::new(&budget));
        assert_eq!(first.reserve(80), Ok(()));
        assert_eq!(first.reserve(1), Err(SessionMemoryFull::Session));
        assert_eq!(second.reserve(21), Err(SessionMemoryFull::All));
        assert_eq!(second.reserve(usize::MAX), Err(SessionMemoryFull::Session));
        assert_eq!(second.reserve(20), Ok(()));
        first.release(30);
        assert_eq!(second.reserve(30), Ok(()));
        drop((first, second));
        assert_eq!(budget.used.load(Ordering::Relaxed), 0);
    }
}
