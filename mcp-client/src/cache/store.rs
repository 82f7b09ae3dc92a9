//! The results of all clients that share a cache, and who may see which.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::MethodName;
use mcp_core::sync::Mutex;
use tokio::time::Instant;

use super::freshness::Freshness;
use super::limits::CacheLimits;

/// What a result answers: the method, and the params without `_meta`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) method: MethodName,
    pub(crate) params: Vec<u8>,
}

/// A key with those who may see the result: one principal of the server, or all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ScopedKey {
    pub(super) server: Arc<str>,
    pub(super) principal: Option<Arc<str>>,
    pub(super) key: Key,
}

/// How often results were invalidated. A result that was requested before an invalidation is not
/// kept after it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Invalidations {
    /// By any client of the server: public results are outdated.
    pub(super) of_server: u64,
    /// By a client of the same principal: its private results are outdated too.
    pub(super) of_principal: u64,
}

/// The counters of a server and a principal. They live as long as a client uses them.
#[derive(Debug, Default)]
pub(super) struct Scope(Mutex<Invalidations>);

impl Scope {
    pub(super) fn get(&self) -> Invalidations {
        *self.0.lock()
    }
}

#[derive(Debug)]
pub(super) struct Store {
    limits: CacheLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<ScopedKey, Entry>,
    bytes: usize,
    scopes: Vec<(Arc<str>, Arc<str>, Weak<Scope>)>,
}

#[derive(Debug)]
struct Entry {
    result: JsonBytes,
    stale_at: Instant,
    size: usize,
}

impl Store {
    pub(super) fn new(limits: CacheLimits) -> Arc<Self> {
        Arc::new(Self { limits, state: Mutex::default() })
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().entries.len()
    }

    /// The counters of a server and a principal, shared by the clients that have both in common.
    pub(super) fn scope(&self, server: &Arc<str>, principal: &Arc<str>) -> Arc<Scope> {
        let scopes = &mut self.state.lock().scopes;
        scopes.retain(|(_, _, scope)| scope.strong_count() > 0);
        let known = scopes.iter().find(|(of, by, _)| of == server && by == principal);
        if let Some(scope) = known.and_then(|(_, _, scope)| scope.upgrade()) {
            return scope;
        }
        let scope = Arc::default();
        scopes.push((Arc::clone(server), Arc::clone(principal), Arc::downgrade(&scope)));
        scope
    }

    /// The result, if it is kept and fresh.
    pub(super) fn get(&self, key: &ScopedKey) -> Option<JsonBytes> {
        let mut state = self.state.lock();
        let entry = state.entries.get(key)?;
        if Instant::now() < entry.stale_at {
            return Some(entry.result.clone());
        }
        state.remove(key);
        None
    }

    /// Keeps a result, unless its scope was invalidated after `asked`.
    pub(super) fn put(
        &self,
        scope: &Scope,
        asked: Invalidations,
        keys: [ScopedKey; 2],
        result: &JsonBytes,
    ) {
        let [private, public] = keys;
        let size = result.as_bytes().len() + private.key.params.len();
        if size > self.limits.max_entry_bytes || size > self.limits.max_bytes {
            return;
        }
        let Freshness { fresh_for, is_public } = Freshness::of(result, self.limits.max_ttl);
        let now = Instant::now();
        let Some(stale_at) = now.checked_add(fresh_for).filter(|stale_at| *stale_at > now) else {
            return;
        };
        let mut state = self.state.lock();
        let seen = scope.get();
        let is_outdated = if is_public {
            seen.of_server != asked.of_server
        } else {
            seen.of_principal != asked.of_principal
        };
        if is_outdated {
            return;
        }
        // The server may have changed the scope of the result.
        state.remove(&private);
        state.remove(&public);
        state.make_room(&self.limits, size, now);
        state.bytes += size;
        // A copy: the result is a slice that would keep its whole read buffer alive.
        let result = JsonBytes::from_trusted(result.as_str());
        let key = if is_public { public } else { private };
        state.entries.insert(key, Entry { result, stale_at, size });
    }

    /// Drops the results that a client of this scope sees and that `is_stale` names.
    pub(super) fn invalidate(
        &self,
        server: &str,
        principal: &str,
        is_stale: impl Fn(&Key) -> bool,
    ) {
        let mut state = self.state.lock();
        for (of, by, scope) in &state.scopes {
            let Some(scope) = scope.upgrade().filter(|_| &**of == server) else { continue };
            let mut invalidations = scope.0.lock();
            invalidations.of_server += 1;
            if &**by == principal {
                invalidations.of_principal += 1;
            }
        }
        state.drop_where(|key, _| {
            &*key.server == server
                && key.principal.as_deref().is_none_or(|of| of == principal)
                && is_stale(&key.key)
        });
    }

    /// Drops the private results of a principal.
    pub(super) fn forget_principal(&self, server: &str, principal: &str) {
        let mut state = self.state.lock();
        for (of, by, scope) in &state.scopes {
            if &**of == server
                && &**by == principal
                && let Some(scope) = scope.upgrade()
            {
                scope.0.lock().of_principal += 1;
            }
        }
        state.drop_where(|key, _| {
            &*key.server == server && key.principal.as_deref() == Some(principal)
        });
    }
}

impl State {
    fn remove(&mut self, key: &ScopedKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.size;
        }
    }

    fn drop_where(&mut self, is_stale: impl Fn(&ScopedKey, &Entry) -> bool) {
        let Self { entries, bytes, .. } = self;
        entries.retain(|key, entry| {
            let keep = !is_stale(key, entry);
            if !keep {
                *bytes -= entry.size;
            }
            keep
        });
    }

    /// Drops stale results, and then those that become stale first, until `size` bytes fit.
    fn make_room(&mut self, limits: &CacheLimits, size: usize, now: Instant) {
        let is_full = |state: &Self| {
            state.entries.len() >= limits.max_entries || state.bytes + size > limits.max_bytes
        };
        if !is_full(self) {
            return;
        }
        self.drop_where(|_, entry| entry.stale_at <= now);
        while is_full(self) {
            let soonest = self.entries.iter().min_by_key(|(_, entry)| entry.stale_at);
            let Some(key) = soonest.map(|(key, _)| key.clone()) else { return };
            self.remove(&key);
        }
    }
}
