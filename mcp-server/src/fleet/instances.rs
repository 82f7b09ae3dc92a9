//! One instance among others.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures::future::AbortHandle;
use mcp_core::ConnectionLimits;
use mcp_core::jsonrpc::RequestId;
use mcp_core::sync::Mutex;

use super::message::{BusMessage, SessionMessage};
use super::recent::Recent;
use super::session_data::SessionData;
use crate::instance::InstanceId;
use crate::limits::Limits;
use crate::seal::{KeyRing, Place, Vault, digest};
use crate::store::{
    EventStore, MessageBus, NewSession, SessionKey, SessionQuota, SessionStore, StoreError, Stores,
};
use crate::subscription::{Change, Hub, PendingChanges};

/// Time that an answer waits at the bus for its instance. Fixed: the instance takes it at once, or
/// has ended.
const ANSWER_TTL: Duration = Duration::from_secs(60);

/// What one instance of a server shares with the others.
pub(crate) struct Fleet {
    pub(crate) id: InstanceId,
    pub(super) stores: Stores,
    pub(super) limits: Limits,
    vault: Vault,
    hub: Arc<Hub>,
    pub(super) pending: Arc<PendingChanges>,
    recent: Mutex<Recent>,
    receivers: Mutex<Vec<Weak<dyn SessionReceiver>>>,
    /// What runs in the background. Empty before it begins, and after the instance has ended.
    pub(super) background: Mutex<Vec<AbortHandle>>,
}

/// The sessions of this instance, which receive what other instances say of them.
pub(crate) trait SessionReceiver: Send + Sync {
    /// A message about the session with this id, which may not be here.
    fn receive(self: Arc<Self>, session: &str, message: SessionMessage);

    /// Messages were lost.
    fn missed(self: Arc<Self>);
}

impl Fleet {
    /// What a server shares through `stores`. `keys` seal what leaves the process; `None` if
    /// nothing does.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub(crate) fn new(
        stores: Stores,
        keys: Option<KeyRing>,
        limits: Limits,
        hub: Arc<Hub>,
    ) -> Result<Arc<Self>, getrandom::Error> {
        let pending = Arc::<PendingChanges>::default();
        if stores.bus.is_some() {
            hub.share(Arc::clone(&pending));
        }
        Ok(Arc::new(Self {
            id: InstanceId::random()?,
            stores,
            limits,
            vault: Vault::new(keys),
            hub,
            pending,
            recent: Mutex::new(Recent::new()),
            receivers: Mutex::default(),
            background: Mutex::default(),
        }))
    }

    /// Adds sessions that receive messages.
    pub(crate) fn register(&self, receiver: Weak<dyn SessionReceiver>) {
        let mut receivers = self.receivers.lock();
        receivers.retain(|receiver| receiver.strong_count() > 0);
        receivers.push(receiver);
    }

    /// Announces that this instance ends, so that its clients need not wait for the timeout, and
    /// stops what runs in the background.
    pub(crate) async fn leave(&self) {
        let Some(bus) = &self.stores.bus else { return };
        if self.receivers().len() > 1 {
            return; // Another service of the same server goes on.
        }
        let timeout = self.limits.http.store_timeout;
        if tokio::time::timeout(timeout, self.pending.sent()).await.is_err() {
            tracing::warn!("the last changes were not sent to other instances");
        }
        self.stop();
        let id = self.id.to_string();
        if let Err(error) = self.within(bus.announce(&id, Duration::ZERO)).await {
            tracing::debug!(%error, "the end of this instance was not announced");
        }
    }

    fn stop(&self) {
        let tasks = std::mem::take(&mut *self.background.lock());
        for task in tasks {
            task.abort();
        }
    }

    pub(crate) fn event_store(&self) -> Option<&Arc<dyn EventStore>> {
        self.stores.events.as_ref()
    }

    pub(crate) fn connection_limits(&self) -> &ConnectionLimits {
        &self.limits.connection
    }

    pub(crate) fn max_subscribed_uris(&self) -> usize {
        self.limits.max_subscribed_uris
    }

    /// Whether other instances may serve the same sessions.
    pub(crate) fn has_others(&self) -> bool {
        self.stores.bus.is_some()
    }

    /// Whether sessions are kept in a store.
    pub(crate) fn keeps_sessions(&self) -> bool {
        self.stores.sessions.is_some()
    }

    /// Waits for a store, at most `store_timeout`.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let timeout = self.limits.http.store_timeout;
        tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| {
            let seconds = timeout.as_secs_f32();
            Err(StoreError::unavailable(format_args!("no answer in {seconds} s (store_timeout)")))
        })
    }

    // ---- sessions ----

    /// Keeps a session that begins.
    pub(crate) async fn create_session(
        &self,
        key: SessionKey,
        data: &SessionData,
    ) -> Result<(), StoreError> {
        let Some(store) = &self.stores.sessions else { return Ok(()) };
        let limits = &self.limits.http;
        let owner = data.principal.as_deref().map(|principal| {
            let digest = digest(&[b"mcp session owner 1\0", principal.as_bytes()]);
            URL_SAFE_NO_PAD.encode(digest).into()
        });
        let quota = SessionQuota {
            max_sessions: limits.max_sessions as u64,
            max_sessions_per_owner: limits.max_sessions_per_principal as u64,
        };
        let data = self.seal_session(store.as_ref(), key, data)?;
        let session = NewSession { owner, data, ttl: limits.session_init_timeout };
        self.within(store.create(key, session, quota)).await
    }

    /// Reads the record of a session: its version, its contents, and how long no client has read
    /// its stream.
    pub(crate) async fn load_session(
        &self,
        key: SessionKey,
    ) -> Result<Option<(u64, SessionData, Duration)>, StoreError> {
        let Some(store) = &self.stores.sessions else { return Ok(None) };
        let Some(record) = self.within(store.load(key)).await? else { return Ok(None) };
        let place = key.to_string();
        let place = Place::of("session", &place);
        let data = match store.leaves_process() {
            true => self.vault.open(&place, &record.data).map_err(StoreError::invalid)?,
            false => record.data,
        };
        let data = serde_json::from_slice(&data).map_err(StoreError::invalid)?;
        Ok(Some((record.version, data, record.unread)))
    }

    /// Replaces the record of a session that has this version.
    pub(super) async fn update_session(
        &self,
        key: SessionKey,
        version: u64,
        data: &SessionData,
    ) -> Result<bool, StoreError> {
        let Some(store) = &self.stores.sessions else { return Ok(true) };
        let data = self.seal_session(store.as_ref(), key, data)?;
        self.within(store.update(key, version, data)).await
    }

    fn seal_session(
        &self,
        store: &dyn SessionStore,
        key: SessionKey,
        data: &SessionData,
    ) -> Result<Bytes, StoreError> {
        let text = serde_json::to_vec(data).map_err(StoreError::invalid)?;
        if !store.leaves_process() {
            return Ok(text.into());
        }
        let place = key.to_string();
        let place = Place::of("session", &place);
        self.vault.seal(&place, &text.into()).map_err(StoreError::unavailable)
    }

    /// Notes the use of a session. False when it does not exist any more.
    pub(crate) async fn touch_session(
        &self,
        key: SessionKey,
        is_read: bool,
    ) -> Result<bool, StoreError> {
        let Some(store) = &self.stores.sessions else { return Ok(true) };
        // Uses are noted now and then, so the record has to outlast the session.
        let ttl = self.limits.http.session_idle_timeout;
        let ttl = ttl.saturating_add(ttl / 2);
        self.within(store.touch(key, ttl, is_read)).await
    }

    /// Deletes a session, and tells the other instances.
    pub(crate) async fn end_session(
        &self,
        key: SessionKey,
        session: &str,
    ) -> Result<(), StoreError> {
        if let Some(store) = &self.stores.sessions {
            self.within(store.remove(key)).await?;
        }
        if let Some(events) = &self.stores.events {
            // They expire, if the store does not answer.
            drop(tokio::time::timeout(self.limits.http.store_timeout, events.forget(key)).await);
        }
        self.tell(session, SessionMessage::Ended).await
    }

    /// Deletes expired sessions, where the store does not do it by itself.
    pub(crate) async fn sweep_sessions(&self) {
        /// Sessions that one call deletes.
        const BATCH: usize = 1_000;
        let Some(store) = &self.stores.sessions else { return };
        loop {
            match self.within(store.sweep(BATCH)).await {
                Ok(count) if count < BATCH => return,
                Ok(_) => {}
                Err(error) => return tracing::warn!(%error, "expired sessions were not deleted"),
            }
        }
    }

    // ---- messages ----

    /// Tells all instances something about a session.
    pub(crate) async fn tell(
        &self,
        session: &str,
        message: SessionMessage,
    ) -> Result<(), StoreError> {
        self.publish(&BusMessage::Session { id: session.to_owned(), message }).await
    }

    pub(super) async fn publish(&self, message: &BusMessage) -> Result<(), StoreError> {
        let Some(bus) = &self.stores.bus else { return Ok(()) };
        let text = serde_json::to_vec(message).map_err(StoreError::invalid)?;
        let sealed = self.vault.seal(&BUS, &text.into()).map_err(StoreError::unavailable)?;
        self.within(bus.publish(sealed)).await
    }

    /// Handles a message of an instance, this one included.
    pub(super) fn take(&self, sealed: &Bytes) {
        let message = match self.vault.open(&BUS, sealed) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match message {
            Err(error) => tracing::warn!(error, "a message of another instance was not read"),
            Ok(BusMessage::Session { id, message }) => self.pass_on(&id, &message),
            Ok(BusMessage::Tools) => self.changed(&Change::Tools),
            Ok(BusMessage::Prompts) => self.changed(&Change::Prompts),
            Ok(BusMessage::Resources) => self.changed(&Change::Resources),
            Ok(BusMessage::Updated { uri }) => self.changed(&Change::Resource(uri.into())),
            Ok(BusMessage::All) => self.changed(&Change::All),
        }
    }

    /// Messages were lost: clients are notified of all that they may have missed.
    pub(super) fn missed(&self) {
        tracing::warn!("messages of other instances were lost");
        self.recent.lock().restart();
        self.hub.deliver(&Change::All);
        for receiver in self.receivers() {
            receiver.missed();
        }
    }

    /// Delivers a change. It is recent before it is delivered, so that a listener which begins
    /// meanwhile finds it in one place at least.
    pub(super) fn changed(&self, change: &Change) {
        self.recent.lock().add(change.clone());
        self.hub.deliver(change);
    }

    /// The instance begins to receive messages.
    pub(super) fn began(&self) {
        self.recent.lock().restart();
    }

    fn pass_on(&self, session: &str, message: &SessionMessage) {
        for receiver in self.receivers() {
            receiver.receive(session, message.clone());
        }
    }

    fn receivers(&self) -> Vec<Arc<dyn SessionReceiver>> {
        self.receivers.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// The changes of the last `age`; `None` if this instance has not received them all.
    pub(crate) fn recent_changes(&self, age: Duration) -> Option<Vec<Change>> {
        // Without a bus, changes go to the listeners only.
        self.has_others().then(|| self.recent.lock().within(age)).flatten()
    }

    // ---- requests of the server ----

    /// The id of a request of this instance in a session. It names the instance, and only
    /// instances can make one.
    pub(super) fn request_id(&self, session: SessionKey, number: i64) -> Option<RequestId> {
        let session = session.to_string();
        let place = Place::of("request", &session);
        let sealed = self.vault.seal(&place, &format!("{}-{number}", self.id).into()).ok()?;
        Some(RequestId::String(URL_SAFE_NO_PAD.encode(sealed).into()))
    }

    /// Whether another instance sent the request with this id in a session.
    pub(super) fn is_of_another(&self, session: SessionKey, id: &RequestId) -> bool {
        let RequestId::String(text) = id else { return false };
        let Ok(sealed) = URL_SAFE_NO_PAD.decode(text.as_bytes()) else { return false };
        let session = session.to_string();
        let place = Place::of("request", &session);
        let Ok(opened) = self.vault.open(&place, &sealed.into()) else { return false };
        let instance = opened.split(|byte| *byte == b'-').next().unwrap_or_default();
        let instance = std::str::from_utf8(instance).ok().and_then(InstanceId::parse);
        instance.is_some_and(|instance| instance != self.id)
    }

    /// Leaves an answer for its instance, and tells it.
    pub(super) async fn forward_answer(
        &self,
        session: &str,
        id: RequestId,
        answer: Vec<u8>,
    ) -> Result<(), StoreError> {
        let Some(bus) = &self.stores.bus else { return Ok(()) };
        let name = serde_json::to_vec(&id).map_err(StoreError::invalid)?;
        let name = digest(&[b"mcp answer 1\0", session.as_bytes(), b"\0", &name]);
        let key = URL_SAFE_NO_PAD.encode(name);
        let place = Place::of("answer", &key);
        let sealed = self.vault.seal(&place, &answer.into()).map_err(StoreError::unavailable)?;
        self.within(bus.put(&key, sealed, ANSWER_TTL)).await?;
        self.tell(session, SessionMessage::Answered { id, key }).await
    }

    /// Takes an answer that was left for this instance.
    pub(crate) async fn take_answer(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let Some(bus) = &self.stores.bus else { return Ok(None) };
        let Some(sealed) = self.within(bus.take(key)).await? else { return Ok(None) };
        let opened = self.vault.open(&Place::of("answer", key), &sealed);
        opened.map(Some).map_err(StoreError::invalid)
    }

    /// Whether an instance is alive, as far as is known.
    pub(crate) async fn is_alive(&self, instance: InstanceId) -> bool {
        let Some(bus) = &self.stores.bus else { return instance == self.id };
        // If the bus fails, nothing is known, and nothing is given up.
        self.within(bus.is_alive(&instance.to_string())).await.unwrap_or(true)
    }

    pub(super) fn bus(&self) -> Option<&Arc<dyn MessageBus>> {
        self.stores.bus.as_ref()
    }
}

/// The place of messages.
const BUS: Place<'static> = Place::of("message", "");

impl Drop for Fleet {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet")
            .field("id", &self.id)
            .field("stores", &self.stores)
            .finish_non_exhaustive()
    }
}
