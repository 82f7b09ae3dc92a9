//! A session that other instances may serve too.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mcp_core::jsonrpc::{ErrorObject, RequestId, code};
use mcp_core::sync::Mutex;
use tokio::time::Instant;

use super::instances::Fleet;
use super::message::{SessionChange, SessionMessage};
use crate::store::{SessionKey, StoreError};

/// Attempts to change a record that other instances change at the same time. Fixed: a client
/// rarely changes its session twice at a time.
const MAX_ATTEMPTS: usize = 16;

/// Longest time between two notes of the use of a session. Fixed: a client that moves to another
/// instance is notified again of changes that are not older.
const MAX_TOUCH_INTERVAL: Duration = Duration::from_secs(30);

/// The part of a session that is shared.
pub(crate) struct SharedSession {
    fleet: Arc<Fleet>,
    /// The id of the session, a secret.
    id: String,
    key: SessionKey,
    born: Instant,
    /// When its use was last noted in the store, in milliseconds after `born`; `u64::MAX` if not.
    touched: AtomicU64,
    /// The version of the record that the session here is known to have reached.
    version: AtomicU64,
    /// The number of a reader of this instance that the bus has not confirmed yet.
    reader: Mutex<Option<u64>>,
}

impl SharedSession {
    pub(crate) fn new(fleet: &Arc<Fleet>, id: String, key: SessionKey) -> Self {
        Self {
            fleet: Arc::clone(fleet),
            id,
            key,
            born: Instant::now(),
            touched: AtomicU64::new(u64::MAX),
            version: AtomicU64::new(1),
            reader: Mutex::new(None),
        }
    }

    /// Stores a change that the client made, applies it here, and tells all instances. What comes
    /// over the bus is newer than what is applied here.
    ///
    /// # Errors
    /// −32602 if a limit is reached; −32603 if the store failed.
    pub(crate) async fn change(
        &self,
        change: SessionChange,
        max_uris: usize,
        apply: impl FnOnce() + Send,
    ) -> Result<(), ErrorObject> {
        let version = self.store(&change, max_uris).await?;
        apply();
        let told = self.fleet.tell(&self.id, SessionMessage::Changed { version, change }).await;
        told.map_err(|error| failed(&error))
    }

    /// Returns the version of the record.
    async fn store(&self, change: &SessionChange, max_uris: usize) -> Result<u64, ErrorObject> {
        for _ in 0..MAX_ATTEMPTS {
            let loaded = self.fleet.load_session(self.key).await;
            let Some((version, mut data, _)) = loaded.map_err(|error| failed(&error))? else {
                return Err(ErrorObject::invalid_request("the session has ended"));
            };
            if !data.apply(change, max_uris) {
                return Err(ErrorObject::invalid_params(format!(
                    "/uri: a session can subscribe to at most {max_uris} resources \
                     (max_subscribed_uris); unsubscribe from one first"
                )));
            }
            let updated = self.fleet.update_session(self.key, version, &data).await;
            if updated.map_err(|error| failed(&error))? {
                return Ok(version + 1);
            }
        }
        Err(failed(&StoreError::unavailable("other instances change the session all the time")))
    }

    /// Ends the session at all instances.
    ///
    /// # Errors
    /// If the store or the bus failed.
    pub(crate) async fn end(&self) -> Result<(), StoreError> {
        self.fleet.end_session(self.key, &self.id).await
    }

    /// Notes that the session here is what a version of the record says.
    pub(crate) fn reached(&self, version: u64) {
        self.version.fetch_max(version, Ordering::Relaxed);
    }

    /// Whether a change that led to this version follows the last one that was applied. Changes
    /// may be reported in another order than that of the record.
    pub(crate) fn follows(&self, version: u64) -> bool {
        let known = version.saturating_sub(1);
        let ordering = Ordering::Relaxed;
        self.version.compare_exchange(known, version, ordering, ordering).is_ok()
    }

    /// Whether the caller should note the use of the session in the store: now and then, one of
    /// several.
    pub(crate) fn claim_touch(&self, now: Instant) -> bool {
        let interval = MAX_TOUCH_INTERVAL.min(self.fleet.limits.http.session_idle_timeout / 4);
        let interval = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        let age = now.saturating_duration_since(self.born).as_millis();
        let age = u64::try_from(age).unwrap_or(u64::MAX - 1);
        let touched = self.touched.load(Ordering::Relaxed);
        if touched != u64::MAX && age.saturating_sub(touched) < interval {
            return false;
        }
        // Of several requests at a time, one notes it.
        self.touched.compare_exchange(touched, age, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Notes the use of the session in the store. Returns false if it has ended.
    pub(crate) async fn touch(&self, is_read: bool) -> bool {
        match self.fleet.touch_session(self.key, is_read).await {
            Ok(exists) => exists,
            Err(error) => {
                tracing::warn!(%error, "the use of a session was not noted");
                self.touched.store(u64::MAX, Ordering::Relaxed);
                true
            }
        }
    }

    // ---- requests of the server ----

    /// The id of the next request in this session. No other process has used it: an answer to a
    /// question that was asked before a restart must not answer another one.
    pub(crate) fn request_id(&self, number: i64) -> Option<RequestId> {
        self.fleet.keeps_sessions().then(|| self.fleet.request_id(self.key, number)).flatten()
    }

    /// Whether another instance sent the request with this id.
    pub(crate) fn is_of_another(&self, id: &RequestId) -> bool {
        self.fleet.has_others() && self.fleet.is_of_another(self.key, id)
    }

    /// Forwards the answer to a request of another instance: a message of JSON-RPC.
    ///
    /// # Errors
    /// If the bus failed.
    pub(crate) async fn forward_answer(
        &self,
        id: RequestId,
        answer: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.fleet.forward_answer(&self.id, id, answer).await
    }

    /// Tells the other instances that the client cancelled a request.
    pub(crate) async fn forward_cancellation(&self, id: RequestId) {
        if !self.fleet.has_others() {
            return;
        }
        if let Err(error) = self.fleet.tell(&self.id, SessionMessage::Cancelled { id }).await {
            tracing::warn!(%error, "a cancellation was not forwarded to other instances");
        }
    }

    // ---- the stream of notifications ----

    /// Tells the other instances that a client reads the stream here now.
    pub(crate) async fn begin_reading(&self) {
        if !self.fleet.has_others() {
            return;
        }
        let Ok(reader) = getrandom::u64() else { return };
        *self.reader.lock() = Some(reader);
        if let Err(error) = self.fleet.tell(&self.id, SessionMessage::Reading { reader }).await {
            tracing::warn!(%error, "other instances were not told that a stream is read here");
            *self.reader.lock() = None;
        }
    }

    /// Whether a client has begun to read at another instance, after it did so here.
    pub(crate) fn reads_elsewhere_now(&self, reader: u64) -> bool {
        let mut own = self.reader.lock();
        match *own {
            // Until then, what the bus says happened before.
            Some(number) if number == reader => *own = None,
            Some(_) => {}
            None => return true,
        }
        false
    }

    /// The bus has lost messages, perhaps the one that would confirm a reader of this instance.
    pub(crate) fn forget_reader(&self) {
        *self.reader.lock() = None;
    }

    pub(crate) fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    pub(crate) fn key(&self) -> SessionKey {
        self.key
    }
}

fn failed(error: &StoreError) -> ErrorObject {
    tracing::warn!(%error, "a change of a session was not stored");
    ErrorObject::new(code::INTERNAL_ERROR, "the session could not be stored; try again later")
        .with_data(&serde_json::json!({ "retryable": true }))
}

/// Does not show the id.
impl fmt::Debug for SharedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSession").field("key", &self.key).finish_non_exhaustive()
    }
}
