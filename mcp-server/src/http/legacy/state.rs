//! What the sessions of one service share.

use std::sync::Arc;

use super::session::{Entry, Sessions};
use super::stream::{EventStream, Kept};
use crate::Limits;
use crate::http::{HttpLimits, HttpOptions};
use crate::store::StreamKey;

/// What the sessions of one service share.
#[derive(Debug)]
pub(in crate::http) struct Legacy {
    pub(in crate::http) sessions: Arc<Sessions>,
    pub(in crate::http) limits: HttpLimits,
}

impl Legacy {
    pub(in crate::http) fn new(limits: &Limits, options: &HttpOptions) -> Self {
        let limits = limits.http.clone();
        Self { sessions: Sessions::new(&limits, options.event_store.clone()), limits }
    }

    /// A stream of a session. Its number is random, because an event id proves that its sender has
    /// read the stream.
    pub(super) fn new_stream(&self, entry: &Entry) -> Arc<EventStream> {
        let store = self.sessions.store.as_ref().filter(|_| entry.is_resumable());
        let kept = store.and_then(|store| {
            let stream = getrandom::u64().ok()?;
            Some(Kept::new(StreamKey::new(entry.id().key(), stream), store, &self.limits))
        });
        EventStream::new(kept, &self.limits)
    }
}
