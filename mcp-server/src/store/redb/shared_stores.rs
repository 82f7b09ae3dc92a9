//! Sessions, their events, and used values in a file.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::event_batch::{self, Events};
use super::session_batch;
use super::task_store::RedbStore;
use crate::clock::now;
use crate::store::error::StoreError;
use crate::store::event::{EventStore, ReplayError, StoredEvent, StreamKey};
use crate::store::nonce::{NonceQuota, NonceStore};
use crate::store::session::{NewSession, SessionKey, SessionQuota, SessionRecord, SessionStore};
use crate::store::stores::Stores;

/// Streams that one transaction of a sweep deletes. Fixed: others wait meanwhile.
const SWEPT_STREAMS: usize = 256;

/// Returns a time in milliseconds, at least that long.
fn millis(time: Duration) -> u64 {
    let time = time.saturating_add(Duration::from_nanos(999_999));
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The time after `ttl`, in milliseconds since 1970. Never too early: a part of the present
/// millisecond has passed.
fn after(ttl: Duration) -> u64 {
    now().saturating_add(millis(ttl)).saturating_add(u64::from(!ttl.is_zero()))
}

#[async_trait]
impl SessionStore for RedbStore {
    async fn create(
        &self,
        key: SessionKey,
        session: NewSession,
        quota: SessionQuota,
    ) -> Result<(), StoreError> {
        let (expires, now) = (after(session.ttl), now());
        let bytes = session.data.len();
        self.write(bytes, move |batch| batch.create_session(key, session, expires, quota, now))
            .await
    }

    async fn load(&self, key: SessionKey) -> Result<Option<SessionRecord>, StoreError> {
        let now = now();
        self.read(move |database| session_batch::load(database, key, now)).await
    }

    async fn update(&self, key: SessionKey, version: u64, data: Bytes) -> Result<bool, StoreError> {
        let now = now();
        self.write(data.len(), move |batch| batch.update_session(key, version, &data, now)).await
    }

    async fn touch(
        &self,
        key: SessionKey,
        ttl: Duration,
        is_read: bool,
    ) -> Result<bool, StoreError> {
        let (expires, now) = (after(ttl), now());
        self.write(0, move |batch| batch.touch_session(key, expires, is_read, now)).await
    }

    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError> {
        let now = now();
        self.write(0, move |batch| batch.remove_session(key, now)).await
    }

    async fn sweep(&self, max: usize) -> Result<usize, StoreError> {
        let now = now();
        self.write(0, move |batch| batch.sweep_sessions(now, max)).await
    }
}

#[async_trait]
impl NonceStore for RedbStore {
    async fn redeem(
        &self,
        nonce: &[u8],
        owner: Option<&str>,
        ttl: Duration,
        quota: NonceQuota,
    ) -> Result<bool, StoreError> {
        let (nonce, owner) = (nonce.to_vec(), owner.map(str::to_owned));
        let (expires, now) = (after(ttl), now());
        self.write(nonce.len(), move |batch| {
            batch.redeem(&nonce, owner.as_deref(), expires, quota, now)
        })
        .await
    }
}

#[async_trait]
impl EventStore for RedbStore {
    async fn append(&self, stream: StreamKey, event: StoredEvent) -> Result<(), ReplayError> {
        let (limits, now) = (self.event_limits().clone(), now());
        let bytes = event.data.len();
        let appended =
            self.write(bytes, move |batch| batch.append_event(stream, &event, &limits, now));
        appended.await.map_err(replay_error)
    }

    async fn after(
        &self,
        stream: StreamKey,
        sequence: u64,
    ) -> Result<Vec<StoredEvent>, ReplayError> {
        let oldest = now().saturating_sub(millis(self.event_limits().max_age));
        let read =
            self.read(move |database| event_batch::after(database, stream, sequence, oldest));
        match read.await.map_err(replay_error)? {
            Events::Kept(events) => Ok(events),
            Events::Unknown => Err(ReplayError::Unknown),
            Events::Gap => Err(ReplayError::Gap),
        }
    }

    async fn keep(&self, stream: StreamKey) {
        let now = now();
        if let Err(error) = self.write(0, move |batch| batch.touch_stream(stream, now)).await {
            tracing::warn!(%error, "a stream may be dropped, although it is still written");
        }
    }

    async fn forget(&self, session: SessionKey) {
        if let Err(error) = self.write(0, move |batch| batch.forget_streams(session)).await {
            // They expire.
            tracing::debug!(%error, "the streams of a session could not be deleted");
        }
    }

    async fn sweep(&self) {
        let oldest = now().saturating_sub(millis(self.event_limits().max_age));
        loop {
            let swept = self.write(0, move |batch| batch.sweep_streams(oldest, SWEPT_STREAMS));
            match swept.await {
                Ok(SWEPT_STREAMS) => {}
                Ok(_) => return,
                Err(error) => return tracing::warn!(%error, "old streams were not deleted"),
            }
        }
    }
}

fn replay_error(error: StoreError) -> ReplayError {
    ReplayError::Store(match error {
        StoreError::Unavailable(reason) | StoreError::Invalid(reason) => reason,
        error => error.to_string(),
    })
}

/// Uses the store for sessions, their events, and single-use values.
impl From<RedbStore> for Stores {
    fn from(store: RedbStore) -> Self {
        Self::new().sessions(store.clone()).events(store.clone()).nonces(store)
    }
}
