//! The connections that an authorizer serves.

use mcp_core::revision::Revision;
use mcp_core::sync::Mutex;

use crate::http::{Binding, Endpoint};

/// Most connections of one authorizer. Fixed: a host has one to a server, and another one while it
/// replaces that; the oldest is forgotten first, so that its cache keeps results until they expire.
const MAX_BINDINGS: usize = 64;

/// The connections that an authorizer serves: all to one server.
pub(crate) struct Bindings {
    endpoint: Endpoint,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// The oldest first, each with its number.
    bindings: Vec<(u64, Binding)>,
    /// How many there were so far.
    added: u64,
}

impl Bindings {
    /// No connection yet to a server.
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, open: Mutex::default() }
    }

    /// The server.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Serves another connection.
    pub(crate) fn add(&self, binding: &Binding) {
        // Whether one is open is code of the client, and so is what is dropped with it.
        let before = self.open.lock().bindings.clone();
        let ended: Vec<u64> =
            before.iter().filter(|(_, it)| !it.is_open()).map(|(number, _)| *number).collect();
        let mut open = self.open.lock();
        open.bindings.retain(|(number, _)| !ended.contains(number));
        let excess = (open.bindings.len() + 1).saturating_sub(MAX_BINDINGS);
        let forgotten: Vec<_> = open.bindings.drain(..excess).collect();
        let number = open.added;
        open.added += 1;
        open.bindings.push((number, binding.clone()));
        drop(open);
        drop((before, forgotten));
    }

    /// The revision that the newest connection speaks, once that is known.
    pub(crate) fn revision(&self) -> Option<Revision> {
        self.all().iter().rev().find_map(Binding::revision)
    }

    /// Reports to all connections that the server may take the client for another user.
    pub(crate) fn identity_changed(&self) {
        for binding in self.all() {
            binding.identity_changed();
        }
    }

    /// Reports to all connections that the user has logged out.
    pub(crate) fn logged_out(&self) {
        for binding in self.all() {
            binding.identity_changed();
            binding.logged_out();
        }
    }

    /// What they call is code of the client, which does not run under the lock.
    fn all(&self) -> Vec<Binding> {
        self.open.lock().bindings.iter().map(|(_, binding)| binding.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn connections_that_have_ended_and_those_beyond_the_limit_are_forgotten() {
        let endpoint = Endpoint::parse("https://mcp.example").unwrap();
        let bindings = Arc::new(Bindings::new(endpoint.clone()));
        let (changes, open) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
        let binding = |is_open: bool| {
            let changes = Arc::clone(&changes);
            let open = if is_open { Arc::downgrade(&open) } else { std::sync::Weak::new() };
            Binding::new(endpoint.clone())
                .on_identity_change(move || {
                    changes.fetch_add(1, Ordering::Relaxed);
                })
                .open_while({
                    let bindings = Arc::downgrade(&bindings);
                    move || {
                        // It may ask for the others, which needs the lock.
                        if let Some(bindings) = bindings.upgrade() {
                            bindings.revision();
                        }
                        open.strong_count() > 0
                    }
                })
        };
        bindings.add(&binding(false));
        for _ in 0..MAX_BINDINGS + 3 {
            bindings.add(&binding(true));
        }
        bindings.identity_changed();
        assert_eq!(changes.load(Ordering::Relaxed), MAX_BINDINGS);
    }
}
