//! The table of sessions.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::StreamExt as _;
use mcp_core::sync::Mutex;
use tokio::time::Instant;

use super::entry::Entry;
use super::id::SessionId;
use crate::auth::Principal;
use crate::fleet::Fleet;
use crate::http::HttpLimits;
use crate::http::admission::Full;
use crate::shrink::shrink;
use crate::store::EventStore;

/// There are as many sessions as there may be.
pub(in crate::http) const SESSIONS_FULL: Full = Full::All("max_sessions");

/// There are as many sessions of a principal as there may be.
pub(in crate::http) const SESSIONS_OF_PRINCIPAL_FULL: Full =
    Full::Principal("max_sessions_per_principal");

/// All sessions of one service.
pub(in crate::http) struct Sessions {
    state: Mutex<State>,
    limits: HttpLimits,
    pub(in crate::http) store: Option<Arc<dyn EventStore>>,
    /// What the server shares with other instances.
    pub(super) fleet: Option<Arc<Fleet>>,
}

#[derive(Default)]
struct State {
    entries: HashMap<SessionId, Arc<Entry>>,
    by_principal: HashMap<Principal, usize>,
    is_swept: bool,
}

impl Sessions {
    pub(in crate::http) fn new(
        limits: &HttpLimits,
        store: Option<Arc<dyn EventStore>>,
        fleet: Option<Arc<Fleet>>,
    ) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), limits: limits.clone(), store, fleet })
    }

    /// Whether sessions have records, from which they can be restored.
    fn has_records(&self) -> bool {
        self.fleet.as_ref().is_some_and(|fleet| fleet.keeps_sessions())
    }

    /// Inserts a session that has begun.
    pub(in crate::http) fn insert(self: &Arc<Self>, entry: Arc<Entry>) -> Result<(), Full> {
        let mut dead = Vec::new();
        let inserted = {
            let mut state = self.state.lock();
            if state.entries.len() >= self.limits.max_sessions {
                state.take_expired(&self.limits, &mut dead);
                if self.has_records() {
                    state.take_idle(&self.limits, &mut dead);
                }
            }
            // The store counts the sessions of a principal, if it has them all.
            let by_principal = !self.has_records() || !entry.is_resumable();
            let inserted = state.insert(entry, &self.limits, by_principal);
            if inserted.is_ok() && !std::mem::replace(&mut state.is_swept, true) {
                tokio::spawn(sweep(Arc::downgrade(self), self.interval()));
            }
            inserted
        };
        self.bury(dead);
        inserted
    }

    /// Inserts a session that was restored from its record. Returns the one that is here if it was
    /// restored twice at the same time; `None` if there is no room.
    pub(in crate::http) fn adopt(self: &Arc<Self>, entry: Arc<Entry>) -> Option<Arc<Entry>> {
        if let Some(first) = self.get(entry.id()) {
            return Some(first);
        }
        match self.insert(Arc::clone(&entry)) {
            Ok(()) => Some(entry),
            // Another request may have restored it meanwhile.
            Err(_) => self.get(entry.id()),
        }
    }

    /// The session with this id. This is not a use of it.
    pub(super) fn get(&self, id: SessionId) -> Option<Arc<Entry>> {
        self.state.lock().entries.get(&id).cloned()
    }

    /// All sessions.
    pub(super) fn all(&self) -> Vec<Arc<Entry>> {
        self.state.lock().entries.values().cloned().collect()
    }

    /// The session with this id, if it is this principal's. Finding it counts as use.
    pub(in crate::http) fn find(
        &self,
        id: SessionId,
        principal: Option<&Principal>,
    ) -> Option<Arc<Entry>> {
        let mut state = self.state.lock();
        let entry = state.entries.get(&id)?;
        if entry.principal() != principal {
            return None;
        }
        let now = Instant::now();
        if entry.is_expired(now, &self.limits) {
            let dead = state.remove(id);
            drop(state);
            self.bury(dead);
            return None;
        }
        let entry = Arc::clone(entry);
        entry.touch(now);
        Some(entry)
    }

    /// Ends a session. False when there is none with this id.
    pub(in crate::http) fn remove(&self, id: SessionId) -> bool {
        let dead = self.state.lock().remove(id);
        let found = dead.is_some();
        self.bury(dead);
        found
    }

    /// Ends all of them.
    pub(in crate::http) fn clear(&self) {
        let dead = {
            let mut state = self.state.lock();
            state.by_principal = HashMap::new();
            std::mem::take(&mut state.entries)
        };
        self.bury(dead.into_values());
    }

    /// Ends what goes on in sessions, while the table is not locked.
    fn bury(&self, dead: impl IntoIterator<Item = Arc<Entry>>) {
        let mut ids = Vec::new();
        for entry in dead {
            entry.end();
            if entry.has_streamed() {
                ids.push(entry.id().key());
            }
        }
        // What is shared outlasts the session here: other instances may serve it.
        let shared = self.fleet.as_ref().and_then(|fleet| fleet.event_store());
        let is_own = |store: &&Arc<dyn EventStore>| {
            let is_shared = shared.is_some_and(|shared| Arc::ptr_eq(shared, store));
            let outlasts = is_shared && self.has_records();
            !outlasts && !ids.is_empty()
        };
        if let Some(store) = self.store.as_ref().filter(is_own) {
            let store = Arc::clone(store);
            let forget = async move {
                for id in ids {
                    store.forget(id).await;
                }
            };
            // Without a runtime the process is ending, and the store with it.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(forget);
            }
        }
    }

    /// Notes in the store that sessions are used in which something goes on, without requests.
    async fn keep_alive(self: &Arc<Self>) {
        /// Sessions that are noted at the same time. Fixed: a store answers them in one round trip.
        const CONCURRENCY: usize = 64;
        let Some(fleet) = self.fleet.as_ref().filter(|fleet| fleet.keeps_sessions()) else {
            return;
        };
        let now = Instant::now();
        let is_due = |entry: &Arc<Entry>| {
            entry.is_busy() && entry.shared().is_some_and(|part| part.claim_touch(now))
        };
        let due = self.all().into_iter().filter(is_due);
        let touches = futures::stream::iter(due).for_each_concurrent(CONCURRENCY, async |entry| {
            let Some(part) = entry.shared() else { return };
            if !part.touch(entry.is_read_up()).await {
                self.remove(entry.id());
            }
            for stream in entry.written_streams() {
                stream.keep().await;
            }
        });
        touches.await;
        fleet.sweep_sessions().await;
    }

    fn interval(&self) -> Duration {
        let shorter = self.limits.session_init_timeout.min(self.limits.session_idle_timeout);
        (shorter / 2).clamp(Duration::from_millis(10), Duration::from_secs(60))
    }

    /// Sessions, principals with sessions, the capacity for both, and whether a sweeper runs.
    #[cfg(test)]
    pub(in crate::http) fn size(&self) -> (usize, usize, usize, bool) {
        let state = self.state.lock();
        let room = state.entries.capacity() + state.by_principal.capacity();
        (state.entries.len(), state.by_principal.len(), room, state.is_swept)
    }
}

impl State {
    fn insert(
        &mut self,
        entry: Arc<Entry>,
        limits: &HttpLimits,
        by_principal: bool,
    ) -> Result<(), Full> {
        if self.entries.len() >= limits.max_sessions {
            return Err(SESSIONS_FULL);
        }
        if self.entries.contains_key(&entry.id()) {
            return Err(SESSIONS_FULL); // It was restored twice.
        }
        if let Some(principal) = entry.principal() {
            let count = self.by_principal.entry(principal.clone()).or_insert(0);
            if by_principal && *count >= limits.max_sessions_per_principal {
                return Err(SESSIONS_OF_PRINCIPAL_FULL);
            }
            *count += 1;
        }
        self.entries.insert(entry.id(), entry);
        Ok(())
    }

    /// Takes a part of the sessions in which nothing goes on, those first that were not used for
    /// the longest time. They are restored from their records when they are used again.
    fn take_idle(&mut self, limits: &HttpLimits, dead: &mut Vec<Arc<Entry>>) {
        let excess = (self.entries.len() + 1).saturating_sub(limits.max_sessions);
        if excess == 0 {
            return;
        }
        // A request that has found its session holds it.
        let is_idle = |entry: &&Arc<Entry>| !entry.is_busy() && Arc::strong_count(entry) == 1;
        let mut idle: Vec<_> = self.entries.values().filter(is_idle).collect();
        idle.sort_by_key(|entry| entry.last_use());
        // Several at a time, so that not every new session looks at all of them.
        let ids: Vec<_> =
            idle.iter().map(|entry| entry.id()).take(excess.max(idle.len() / 16)).collect();
        dead.extend(ids.into_iter().filter_map(|id| self.remove(id)));
    }

    /// Besides [`Sessions::clear`], nothing else removes sessions.
    fn remove(&mut self, id: SessionId) -> Option<Arc<Entry>> {
        let entry = self.entries.remove(&id)?;
        if let Some(principal) = entry.principal()
            && let Some(count) = self.by_principal.get_mut(principal)
        {
            *count -= 1;
            if *count == 0 {
                self.by_principal.remove(principal);
                shrink(&mut self.by_principal);
            }
        }
        shrink(&mut self.entries);
        Some(entry)
    }

    fn take_expired(&mut self, limits: &HttpLimits, dead: &mut Vec<Arc<Entry>>) {
        let now = Instant::now();
        let expired = self.entries.values().filter(|entry| entry.is_expired(now, limits));
        let ids: Vec<_> = expired.map(|entry| entry.id()).collect();
        dead.extend(ids.into_iter().filter_map(|id| self.remove(id)));
    }
}

/// Ends idle sessions, as long as there are sessions at all.
async fn sweep(sessions: Weak<Sessions>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let Some(sessions) = sessions.upgrade() else { return };
        let mut dead = Vec::new();
        let is_last = {
            let mut state = sessions.state.lock();
            state.take_expired(&sessions.limits, &mut dead);
            // The next session starts another sweeper.
            state.is_swept = !state.entries.is_empty();
            !state.is_swept
        };
        if !dead.is_empty() {
            tracing::debug!(sessions = dead.len(), "ended idle sessions");
        }
        sessions.bury(dead);
        if let Some(store) = &sessions.store {
            store.sweep().await;
        }
        sessions.keep_alive().await;
        if is_last {
            return;
        }
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        self.clear();
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions")
            .field("sessions", &self.state.lock().entries.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Binding;
    use crate::server::Connection;
    use crate::server::Server;
    use mcp_core::json::JsonBytes;
    use mcp_core::service::{Peer, Request, Service as _};

    async fn entry(modern: &Connection, principal: Option<Principal>) -> Arc<Entry> {
        let connection = Connection::session_of(modern);
        let params = r#"{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"clientInfo":{"name":"churn","version":"1"}}"#;
        let params = JsonBytes::from_trusted(params);
        connection.call(Request::new(1.into(), "initialize", params)).await.unwrap();
        Entry::new(SessionId::random().unwrap(), principal, connection)
    }

    fn modern() -> Connection {
        let server = Server::builder("churn", "1").build().unwrap();
        Connection::new(server, Peer::none(), Binding::Http)
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_thousand_abandoned_sessions_leave_nothing() {
        let modern = modern();
        let sessions = Sessions::new(&HttpLimits::new(), None, None);
        let mut kept = Vec::new();
        for number in 0_u32..100_000 {
            let principal =
                (number % 3 == 0).then(|| Principal::new(format!("user {}", number % 1_000)));
            let entry = entry(&modern, principal).await;
            if number % 1_000 == 0 {
                kept.push(Arc::downgrade(&entry));
            }
            sessions.insert(entry).unwrap();
            if number % 1_000 == 999 {
                assert!(sessions.size().0 <= 10_000);
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
        tokio::time::sleep(Duration::from_secs(20)).await;
        let (entries, principals, room, is_swept) = sessions.size();
        assert_eq!((entries, principals, is_swept), (0, 0, false));
        assert!(room < 64, "{room}");
        assert!(kept.iter().all(|entry| entry.strong_count() == 0));
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_holds_a_session_gives_it_back() {
        let modern = modern();
        let sessions = Sessions::new(&HttpLimits::new(), None, None);
        let entry = entry(&modern, None).await;
        let weak = Arc::downgrade(&entry);
        sessions.insert(Arc::clone(&entry)).unwrap();
        let (handle, registration) = futures::future::AbortHandle::new_pair();
        let permit = Entry::start(&entry, 1.into(), handle, 1).unwrap();
        let (other, _) = futures::future::AbortHandle::new_pair();
        assert!(
            Entry::start(&entry, 1.into(), other.clone(), 1).is_none(),
            "one at a time is allowed"
        );
        tokio::time::sleep(Duration::from_secs(1_000)).await;
        assert_eq!(sessions.size().0, 1, "it is busy");
        assert!(sessions.remove(entry.id()));
        let call = futures::future::Abortable::new(std::future::pending::<()>(), registration);
        assert!(call.await.is_err());
        assert!(entry.expect(1.into(), 10).is_err());
        assert!(Entry::start(&entry, 1.into(), other, 1).is_none());
        drop((permit, entry));
        assert_eq!(weak.strong_count(), 0);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(!sessions.size().3);
    }
}
