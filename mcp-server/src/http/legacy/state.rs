//! What the sessions of one service share.

use std::sync::{Arc, Weak};

use mcp_core::jsonrpc::RequestId;

use super::kept::{EventCodec, Kept};
use super::session::{Entry, Sessions};
use super::stream::EventStream;
use crate::Limits;
use crate::fleet::{Fleet, SessionReceiver};
use crate::http::options::EventKeeping;
use crate::http::{HttpLimits, HttpOptions};
use crate::seal::{KeyRing, Vault};
use crate::store::{EventStore, MemoryEventStore, StreamKey};

/// What the sessions of one service share.
pub(in crate::http) struct Legacy {
    pub(in crate::http) sessions: Arc<Sessions>,
    pub(in crate::http) limits: HttpLimits,
    codec: Arc<EventCodec>,
}

impl Legacy {
    /// `fleet` is what the server shares with other instances; `keys` seal what leaves the process.
    pub(in crate::http) fn new(
        limits: &Limits,
        options: &HttpOptions,
        fleet: Option<&Arc<Fleet>>,
        keys: &KeyRing,
    ) -> Self {
        let limits = limits.http.clone();
        let shared = fleet.and_then(|fleet| fleet.event_store());
        let store = match &options.events {
            EventKeeping::Default => {
                let memory = || Arc::new(MemoryEventStore::default()) as Arc<dyn EventStore>;
                Some(shared.cloned().unwrap_or_else(memory))
            }
            EventKeeping::In(store) => Some(Arc::clone(store)),
            EventKeeping::Off => None,
        };
        let leaves_process = store.as_ref().is_some_and(|store| store.leaves_process());
        let is_shared = matches!(options.events, EventKeeping::Default) && shared.is_some();
        let codec = EventCodec {
            vault: leaves_process.then(|| Vault::new(Some(keys.clone()))),
            instance: fleet
                .filter(|fleet| is_shared && fleet.keeps_sessions())
                .map(|fleet| fleet.id),
        };
        let sessions = Sessions::new(&limits, store, fleet.cloned());
        if let Some(fleet) = fleet {
            let receiver: Weak<Sessions> = Arc::downgrade(&sessions);
            fleet.register(receiver as Weak<dyn SessionReceiver>);
        }
        Self { sessions, limits, codec: Arc::new(codec) }
    }

    /// A stream of a session, which answers these requests. Its number is random, because an event
    /// id proves that its sender has read the stream.
    pub(super) fn new_stream(&self, entry: &Entry, requests: &[RequestId]) -> Arc<EventStream> {
        EventStream::new(self.new_kept(entry), requests, &self.limits)
    }

    /// The stream of a session for what belongs to no call.
    pub(super) fn new_standalone(&self, entry: &Entry) -> Arc<EventStream> {
        let kept = self.new_kept(entry).map(|kept| kept.standalone(true));
        EventStream::new(kept, &[], &self.limits)
    }

    fn new_kept(&self, entry: &Entry) -> Option<Kept> {
        let stream = entry.is_resumable().then(getrandom::u64)?;
        self.kept(entry, stream.ok()?)
    }

    /// Whether other instances, or the next process, may read the streams.
    pub(super) fn has_marks(&self) -> bool {
        self.codec.instance.is_some()
    }

    /// Where a stream of a session is kept; none where nothing is.
    pub(super) fn kept(&self, entry: &Entry, stream: u64) -> Option<Kept> {
        let store = self.sessions.store.as_ref()?;
        let key = StreamKey::new(entry.id().key(), stream);
        Some(Kept::new(key, store, &self.codec, self.limits.store_timeout))
    }
}
