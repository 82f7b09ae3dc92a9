//! One session.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::AbortHandle;
use mcp_core::jsonrpc::RequestId;
use mcp_core::revision::Revision;
use mcp_core::service::Reply;
use mcp_core::sync::Mutex;
use mcp_core::transport::{TransportError, TransportErrorKind};
#[cfg(feature = "http-sse")]
use tokio::sync::Notify;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::id::SessionId;
use super::in_flight::InFlight;
use super::rare_map::RareMap;
use crate::auth::Principal;
use crate::fleet::{Fleet, SharedSession};
use crate::http::HttpLimits;
use crate::http::admission::Full;
use crate::http::legacy::stream::EventStream;
use crate::server::Connection;
use crate::store::StoreError;

/// A session runs as many calls as it may.
pub(in crate::http) const SESSION_FULL: Full = Full::All("max_in_flight_requests of the session");

/// What an entry stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum EntryKind {
    /// A session of Streamable HTTP.
    Session,
    /// One call, on a server that keeps no sessions.
    Stateless,
    /// A stream of HTTP+SSE, which is the session.
    #[cfg(feature = "http-sse")]
    HttpSse,
}

/// One session, and what goes on in it. Small while nothing does.
pub(in crate::http) struct Entry {
    id: SessionId,
    principal: Option<Principal>,
    pub(in crate::http) connection: Connection,
    kind: EntryKind,
    born: Instant,
    /// When it was last used, in milliseconds after `born`.
    touched: AtomicU64,
    /// Whether the client has come back after `initialize`.
    is_used: AtomicBool,
    /// Calls that run and streams that are read.
    busy: AtomicU32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    in_flight: InFlight,
    /// Requests of ours that wait for the client's answer.
    pending: RareMap<RequestId, oneshot::Sender<Reply>>,
    /// Streams of calls that still run, by their number.
    streams: RareMap<u64, Arc<EventStream>>,
    /// The stream of what belongs to no call.
    standalone: Option<Arc<EventStream>>,
    has_streamed: bool,
    /// Calls whose client has disconnected.
    detached: usize,
    /// Streams of other instances that are resumed here.
    followed: usize,
    ended: bool,
    /// Notified when no call runs any more, where that is waited for.
    #[cfg(feature = "http-sse")]
    idle: Option<Arc<Notify>>,
}

impl Entry {
    /// A session that `initialize` has begun on `connection`.
    pub(in crate::http) fn new(
        id: SessionId,
        principal: Option<Principal>,
        connection: Connection,
    ) -> Arc<Self> {
        Self::of_kind(EntryKind::Session, id, principal, connection)
    }

    /// What stands in for a session where the server keeps none.
    pub(in crate::http) fn stateless(connection: Connection) -> Arc<Self> {
        Self::of_kind(EntryKind::Stateless, SessionId::NONE, None, connection)
    }

    pub(in crate::http) fn of_kind(
        kind: EntryKind,
        id: SessionId,
        principal: Option<Principal>,
        connection: Connection,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            principal,
            connection,
            kind,
            born: Instant::now(),
            touched: AtomicU64::new(0),
            is_used: AtomicBool::new(false),
            busy: AtomicU32::new(0),
            state: Mutex::default(),
        })
    }

    pub(in crate::http) fn id(&self) -> SessionId {
        self.id
    }

    pub(in crate::http) fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }

    pub(in crate::http) fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Whether there is a client that can be asked.
    pub(in crate::http) fn has_client(&self) -> bool {
        self.kind != EntryKind::Stateless
    }

    /// Whether its streams may be resumed, where there is a store.
    pub(in crate::http) fn is_resumable(&self) -> bool {
        self.kind == EntryKind::Session
    }

    /// The revision that was agreed on.
    pub(in crate::http) fn revision(&self) -> Revision {
        self.connection.session().map_or(Revision::LATEST_LEGACY, |session| session.revision)
    }

    /// The part that other instances share, if any.
    pub(in crate::http) fn shared(&self) -> Option<&SharedSession> {
        self.connection.session()?.shared()
    }

    /// Becomes what the record of the session says, unless that has the version `known`. Returns
    /// false if there is no record.
    ///
    /// A change that another instance has reported meanwhile may be newer than the record that was
    /// read, so this is repeated until the record has not changed.
    ///
    /// # Errors
    /// The store failed.
    pub(in crate::http) async fn refresh(
        &self,
        fleet: &Fleet,
        known: Option<u64>,
    ) -> Result<bool, StoreError> {
        let mut known = known;
        loop {
            let Some((version, data, _)) = fleet.load_session(self.id.key()).await? else {
                return Ok(false);
            };
            if known == Some(version) {
                return Ok(true);
            }
            if let Some(session) = self.connection.session() {
                session.restore(&data, fleet.max_subscribed_uris());
                session.shared().into_iter().for_each(|part| part.reached(version));
            }
            known = Some(version);
        }
    }

    // ---- how long it lasts
    // ---------------------------------------------------------------------------

    /// Notes that the client was here.
    pub(in crate::http) fn touch(&self, now: Instant) {
        self.is_used.store(true, Ordering::Relaxed);
        self.note_time(now);
    }

    fn note_time(&self, now: Instant) {
        let age = now.saturating_duration_since(self.born).as_millis();
        let age = u64::try_from(age).unwrap_or(u64::MAX);
        self.touched.store(age, Ordering::Relaxed);
    }

    /// Keeps the session from being idle until the guard is dropped.
    pub(in crate::http) fn busy(entry: &Arc<Self>) -> Busy {
        entry.busy.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(entry))
    }

    pub(super) fn is_expired(&self, now: Instant, limits: &HttpLimits) -> bool {
        let patience = match self.is_used.load(Ordering::Relaxed) {
            true => limits.session_idle_timeout,
            false => limits.session_init_timeout,
        };
        let age = now.saturating_duration_since(self.born).as_millis();
        let idle = age.saturating_sub(u128::from(self.touched.load(Ordering::Relaxed)));
        self.busy.load(Ordering::Relaxed) == 0 && idle >= patience.as_millis()
    }

    /// Whether calls run, or a stream is read.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) > 0
    }

    /// Time since it began, or was restored.
    pub(in crate::http) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    /// When it was last used.
    pub(super) fn last_use(&self) -> Instant {
        let age = self.touched.load(Ordering::Relaxed);
        self.born.checked_add(Duration::from_millis(age)).unwrap_or(self.born)
    }

    /// Ends everything that goes on in the session.
    pub(super) fn end(&self) {
        let (pending, streams, standalone) = {
            let mut state = self.state.lock();
            state.ended = true;
            state.in_flight.abort_all();
            let streams = std::mem::take(&mut state.streams);
            (std::mem::take(&mut state.pending), streams, state.standalone.take())
        };
        for stream in streams.into_values().chain(standalone) {
            stream.end();
        }
        drop(pending); // The requests fail.
    }

    // ---- calls of the client
    // -------------------------------------------------------------------------

    /// Adds a call that runs; `None` when `max` do already, or the session has ended.
    pub(in crate::http) fn start(
        entry: &Arc<Self>,
        id: RequestId,
        handle: AbortHandle,
        max: usize,
    ) -> Option<Permit> {
        let mut state = entry.state.lock();
        if state.ended || state.in_flight.len() >= max {
            return None;
        }
        let key = state.in_flight.add(id, handle);
        drop(state);
        Some(Permit { busy: Self::busy(entry), key })
    }

    /// Done when no call runs. Cancel safe.
    #[cfg(feature = "http-sse")]
    pub(in crate::http) async fn calls_done(&self) {
        loop {
            let idle = {
                let mut state = self.state.lock();
                if state.in_flight.len() == 0 {
                    return;
                }
                // While the calls are locked, so that none ends before.
                Arc::clone(state.idle.get_or_insert_default()).notified_owned()
            };
            idle.await;
        }
    }

    /// Counts a call whose client has disconnected; `None` when there are `max` already.
    pub(in crate::http) fn detach(entry: &Arc<Self>, max: usize) -> Option<Detached> {
        let mut state = entry.state.lock();
        if state.detached >= max {
            return None;
        }
        state.detached += 1;
        Some(Detached(Arc::clone(entry)))
    }

    /// Counts a stream of another instance that is resumed here; `None` when there are `max`
    /// already.
    pub(in crate::http) fn follow(entry: &Arc<Self>, max: usize) -> Option<Following> {
        let mut state = entry.state.lock();
        if state.followed >= max {
            return None;
        }
        state.followed += 1;
        Some(Following(Arc::clone(entry)))
    }

    /// Cancels a call. Nothing happens where several calls have this id. Returns false if there is
    /// none.
    pub(in crate::http) fn cancel(&self, id: &RequestId) -> bool {
        let state = self.state.lock();
        match state.in_flight.find(id) {
            Some(handle) => handle.abort(),
            None => tracing::debug!(%id, "no unique in-flight call with this id"),
        }
        state.in_flight.contains(id)
    }

    // ---- requests to the client
    // ----------------------------------------------------------------------

    /// Notes a request that is about to leave.
    pub(in crate::http) fn expect(
        &self,
        id: RequestId,
        max: usize,
    ) -> Result<oneshot::Receiver<Reply>, TransportError> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state.lock();
        if state.ended {
            return Err(TransportError::closed("the session has ended"));
        }
        if state.pending.len() >= max {
            let message = format!("{max} requests wait for answers already (max_pending_requests)");
            return Err(TransportError::new(TransportErrorKind::Overloaded, message));
        }
        state.pending.insert(id, sender);
        Ok(receiver)
    }

    /// Delivers an answer of the client.
    ///
    /// # Errors
    /// The answer, if no request with this id waits here.
    pub(in crate::http) fn answer(&self, id: &RequestId, reply: Reply) -> Result<(), Reply> {
        match self.take_pending(id) {
            Some(waiting) => {
                drop(waiting.send(reply)); // The call may just have ended.
                Ok(())
            }
            None => Err(reply),
        }
    }

    /// Whether a request with this id waits for an answer.
    pub(super) fn is_waiting_for(&self, id: &RequestId) -> bool {
        self.state.lock().pending.get(id).is_some()
    }

    /// Removes a request that is withdrawn. False when its answer has come.
    pub(in crate::http) fn forget(&self, id: &RequestId) -> bool {
        self.take_pending(id).is_some()
    }

    fn take_pending(&self, id: &RequestId) -> Option<oneshot::Sender<Reply>> {
        self.state.lock().pending.remove(id)
    }

    // ---- streams
    // -------------------------------------------------------------------------------------

    /// Notes the stream of a call, so that it can be resumed while the call runs. False when the
    /// session has ended.
    pub(in crate::http) fn open(&self, stream: &Arc<EventStream>) -> bool {
        let Some(id) = stream.id() else { return true };
        let mut state = self.state.lock();
        if !state.ended {
            state.has_streamed = true;
            state.streams.insert(id, Arc::clone(stream));
        }
        !state.ended
    }

    /// The call of a stream is over: the rest of the stream is in the store.
    pub(in crate::http) fn close(&self, stream: &EventStream) {
        let Some(id) = stream.id() else { return };
        let removed = self.state.lock().streams.remove(&id);
        drop(removed); // Not while the session is locked.
    }

    #[cfg(test)]
    pub(in crate::http) fn open_streams(&self) -> usize {
        self.state.lock().streams.len()
    }

    /// The stream of a call that still runs, or the standalone one.
    pub(in crate::http) fn stream(&self, id: u64) -> Option<Arc<EventStream>> {
        let state = self.state.lock();
        let standalone = state.standalone.as_ref().filter(|stream| stream.id() == Some(id));
        state.streams.get(&id).or(standalone).cloned()
    }

    /// The standalone stream, where there is one.
    pub(in crate::http) fn standalone(&self) -> Option<Arc<EventStream>> {
        self.state.lock().standalone.clone()
    }

    /// The standalone stream, which is opened if it has not been; none when the session has ended.
    pub(in crate::http) fn open_standalone(
        &self,
        open: impl FnOnce() -> Arc<EventStream>,
    ) -> Option<Arc<EventStream>> {
        let mut state = self.state.lock();
        if state.ended {
            return None;
        }
        state.has_streamed = true;
        Some(Arc::clone(state.standalone.get_or_insert_with(open)))
    }

    /// Whether a client reads the standalone stream.
    pub(in crate::http) fn is_being_read(&self) -> bool {
        self.standalone().is_some_and(|stream| stream.is_read())
    }

    /// Whether a client reads the standalone stream and has received everything.
    pub(in crate::http) fn is_read_up(&self) -> bool {
        let is_idle = self.connection.session().is_some_and(|it| it.listener().is_idle());
        is_idle && self.standalone().is_some_and(|stream| stream.is_read_up())
    }

    /// The streams that are being written.
    pub(super) fn written_streams(&self) -> Vec<Arc<EventStream>> {
        let state = self.state.lock();
        state.streams.values().chain(&state.standalone).cloned().collect()
    }

    /// Ends the standalone stream, which a client reads at another instance now. The next reader
    /// opens another one.
    pub(super) fn close_standalone(&self) {
        let stream = self.state.lock().standalone.take();
        if let Some(stream) = stream {
            stream.end();
        }
    }

    /// Whether an event store may hold something of this session.
    pub(super) fn has_streamed(&self) -> bool {
        self.state.lock().has_streamed
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Something goes on in a session: while one of these exists it is not idle.
#[derive(Debug)]
pub(in crate::http) struct Busy(Arc<Entry>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.note_time(Instant::now());
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The permit of a running call. Dropping it returns it.
#[derive(Debug)]
pub(in crate::http) struct Permit {
    busy: Busy,
    key: u64,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.busy.0.state.lock();
        state.in_flight.remove(self.key);
        #[cfg(feature = "http-sse")]
        let idle = (state.in_flight.len() == 0).then(|| state.idle.take()).flatten();
        drop(state); // Waiters are woken without the lock.
        #[cfg(feature = "http-sse")]
        if let Some(idle) = idle {
            idle.notify_waiters();
        }
    }
}

/// A stream of another instance that is resumed. Dropping it takes it out of the count.
#[derive(Debug)]
pub(in crate::http) struct Following(Arc<Entry>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.state.lock().followed -= 1;
    }
}

/// A call whose client has disconnected. Dropping it takes it out of the count.
#[derive(Debug)]
pub(in crate::http) struct Detached(Arc<Entry>);

impl Drop for Detached {
    fn drop(&mut self) {
        self.0.state.lock().detached -= 1;
    }
}
