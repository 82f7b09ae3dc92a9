//! The state of a legacy session. Spec: basic/lifecycle, up to 2025-11-25.

#[cfg(feature = "http")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::revision::Revision;
use mcp_core::types::{ClientCapabilities, Implementation, LoggingLevel};
use serde_json::value::{RawValue, to_raw_value};

use super::{SessionMemory, SessionMemoryFull};
#[cfg(feature = "http")]
use crate::fleet::{SessionChange, SessionData, SharedSession};
#[cfg(feature = "http")]
use crate::subscription::Change;
use crate::subscription::{Listener, Watch};

/// A session that `initialize` opened.
#[derive(Debug)]
pub(crate) struct LegacySession {
    pub(crate) revision: Revision,
    /// `None` for a call on a stateless server.
    client: Option<ClientDescription>,
    /// Receives the changes to notify this client of.
    listener: Listener,
    /// Counts the description of the client and the URIs that it subscribes to.
    memory: SessionMemory,
    /// Index in [`LoggingLevel::ALL`].
    log_level: AtomicU8,
    last_id: AtomicI64,
    /// The part that other instances share.
    #[cfg(feature = "http")]
    shared: OnceLock<Box<SharedSession>>,
}

/// What a client says of itself. Kept as text of just its length: the structs take 950 bytes, and
/// an idle session has to be small.
#[derive(Debug)]
pub(crate) struct ClientDescription {
    info: Box<RawValue>,
    capabilities: Box<RawValue>,
}

impl ClientDescription {
    /// Writes the description, each part with at most `max_bytes` bytes.
    ///
    /// # Errors
    /// −32602 when a part is longer.
    pub(crate) fn new(
        info: &Implementation,
        capabilities: &ClientCapabilities,
        max_bytes: usize,
    ) -> Result<Self, ErrorObject> {
        let too_long = |place: &str, length: usize| {
            ErrorObject::invalid_params(format!(
                "/{place}: {length} bytes; the limit is {max_bytes} (max_client_info_bytes)"
            ))
        };
        let write_error =
            |error| crate::error::internal("writing the client's description", &error);
        let mut written = to_raw_value(info).map_err(write_error)?;
        if written.get().len() > max_bytes && info.icons.is_some() {
            let mut plain = info.clone();
            plain.icons = None;
            written = to_raw_value(&plain).map_err(write_error)?;
        }
        if written.get().len() > max_bytes {
            return Err(too_long("clientInfo", written.get().len()));
        }
        let capabilities = to_raw_value(capabilities).map_err(write_error)?;
        if capabilities.get().len() > max_bytes {
            return Err(too_long("capabilities", capabilities.get().len()));
        }
        Ok(Self { info: written, capabilities })
    }

    /// The description of a client whose session another instance began.
    #[cfg(feature = "http")]
    pub(crate) fn restored(data: &SessionData) -> Self {
        Self { info: data.client_info.clone(), capabilities: data.capabilities.clone() }
    }

    fn len(&self) -> usize {
        self.info.get().len() + self.capabilities.get().len()
    }
}

impl LegacySession {
    /// A session of `client`; of none for a call on a server that keeps no sessions.
    ///
    /// # Errors
    /// When the limits of what sessions remember are reached.
    pub(crate) fn new(
        revision: Revision,
        client: Option<ClientDescription>,
        listener: Listener,
        memory: SessionMemory,
    ) -> Result<Self, SessionMemoryFull> {
        memory.reserve(client.as_ref().map_or(0, ClientDescription::len))?;
        let session = Self {
            revision,
            client,
            listener,
            memory,
            log_level: AtomicU8::new(0),
            last_id: AtomicI64::new(0),
            #[cfg(feature = "http")]
            shared: OnceLock::new(),
        };
        // The default until the client sets one (LG-8).
        session.apply_log_level(LoggingLevel::Info);
        Ok(session)
    }

    /// Returns the receiver of the changes that this client is notified of.
    #[cfg(feature = "http")]
    pub(crate) fn listener(&self) -> &Listener {
        &self.listener
    }

    /// Subscribes to a URI. A session has at most `max` subscriptions.
    ///
    /// # Errors
    /// A limit is reached, or other instances could not be told.
    pub(crate) async fn watch(&self, uri: &str, max: usize) -> Result<(), ErrorObject> {
        let is_new = self.apply_watch(uri, max)?;
        #[cfg(feature = "http")]
        if let Some(shared) = self.shared.get()
            && let Err(error) =
                shared.change(SessionChange::Subscribed(uri.into()), max, || {}).await
        {
            if is_new {
                self.apply_unwatch(uri);
            }
            return Err(error);
        }
        #[cfg(not(feature = "http"))]
        let _ = is_new;
        Ok(())
    }

    /// Removes the subscription to a URI.
    ///
    /// # Errors
    /// Other instances could not be told.
    pub(crate) async fn unwatch(&self, uri: &str) -> Result<(), ErrorObject> {
        #[cfg(feature = "http")]
        if let Some(shared) = self.shared.get() {
            let apply = || self.apply_unwatch(uri);
            return shared.change(SessionChange::Unsubscribed(uri.into()), usize::MAX, apply).await;
        }
        self.apply_unwatch(uri);
        Ok(())
    }

    /// Subscribes to a URI here. Returns whether the subscription is new.
    fn apply_watch(&self, uri: &str, max: usize) -> Result<bool, ErrorObject> {
        let bytes = uri.len();
        self.memory.reserve(bytes).map_err(|full| self.full(full))?;
        match self.listener.watch(uri.to_owned(), max) {
            Watch::Added => Ok(true),
            Watch::Present => {
                self.memory.release(bytes);
                Ok(false)
            }
            Watch::Full => {
                self.memory.release(bytes);
                Err(ErrorObject::invalid_params(format!(
                    "/uri: a session can subscribe to at most {max} resources \
                     (max_subscribed_uris); unsubscribe from one first"
                )))
            }
        }
    }

    fn apply_unwatch(&self, uri: &str) {
        if self.listener.unwatch(uri) {
            self.memory.release(uri.len());
        }
    }

    fn full(&self, full: SessionMemoryFull) -> ErrorObject {
        match full {
            SessionMemoryFull::Session => {
                let max = self.memory.max_bytes();
                ErrorObject::invalid_params(format!(
                    "/uri: a session remembers at most {max} bytes (max_session_bytes)"
                ))
            }
            SessionMemoryFull::All => full.to_error(),
        }
    }

    pub(crate) fn client_info(&self) -> Option<Implementation> {
        serde_json::from_str(self.client.as_ref()?.info.get()).ok()
    }

    /// Whether the client is known, so that it can be sent requests.
    pub(crate) fn has_client(&self) -> bool {
        self.client.is_some()
    }

    pub(crate) fn capabilities(&self) -> ClientCapabilities {
        let client = self.client.as_ref();
        client
            .and_then(|client| serde_json::from_str(client.capabilities.get()).ok())
            .unwrap_or_default()
    }

    /// Returns the id for the next request of the server in this session.
    pub(crate) fn next_id(&self) -> RequestId {
        let number = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        #[cfg(feature = "http")]
        if let Some(id) = self.shared.get().and_then(|shared| shared.request_id(number)) {
            return id;
        }
        RequestId::Number(number)
    }

    pub(crate) fn log_level(&self) -> LoggingLevel {
        let index = usize::from(self.log_level.load(Ordering::Relaxed));
        LoggingLevel::ALL.get(index).copied().unwrap_or(LoggingLevel::Info)
    }

    /// Sets the least severe level of log messages that the client receives.
    ///
    /// # Errors
    /// Other instances could not be told.
    pub(crate) async fn set_log_level(&self, level: LoggingLevel) -> Result<(), ErrorObject> {
        #[cfg(feature = "http")]
        if let Some(shared) = self.shared.get() {
            let apply = || self.apply_log_level(level);
            return shared.change(SessionChange::Level(level), usize::MAX, apply).await;
        }
        self.apply_log_level(level);
        Ok(())
    }

    fn apply_log_level(&self, level: LoggingLevel) {
        let index = LoggingLevel::ALL.iter().position(|other| *other == level).unwrap_or_default();
        self.log_level.store(u8::try_from(index).unwrap_or_default(), Ordering::Relaxed);
    }
}

/// Sessions that other instances serve too.
#[cfg(feature = "http")]
impl LegacySession {
    /// Shares the session from now on. Called once, before the client knows the session.
    pub(crate) fn set_shared(&self, shared: SharedSession) {
        drop(self.shared.set(Box::new(shared)));
    }

    pub(crate) fn shared(&self) -> Option<&SharedSession> {
        self.shared.get().map(|shared| &**shared)
    }

    /// The record that another instance restores the session from.
    pub(crate) fn to_data(&self, principal: Option<&str>) -> Option<SessionData> {
        let client = self.client.as_ref()?;
        let (lists, uris) = self.listener.filter();
        Some(SessionData {
            revision: self.revision.as_str().to_owned(),
            principal: principal.map(str::to_owned),
            client_info: client.info.clone(),
            capabilities: client.capabilities.clone(),
            log_level: self.log_level(),
            lists,
            uris,
        })
    }

    /// Applies a change that was made at another instance.
    pub(crate) fn apply(&self, change: SessionChange, max_uris: usize) {
        match change {
            SessionChange::Level(level) => self.apply_log_level(level),
            SessionChange::Unsubscribed(uri) => self.apply_unwatch(&uri),
            SessionChange::Subscribed(uri) => {
                if let Err(error) = self.apply_watch(&uri, max_uris) {
                    tracing::warn!(%error, "a subscription of another instance has no place here");
                }
            }
        }
    }

    /// Becomes what the record says. A resource that is subscribed to since may have changed since.
    pub(crate) fn restore(&self, data: &SessionData, max_uris: usize) {
        self.apply_log_level(data.log_level);
        let (_, uris) = self.listener.filter();
        for uri in uris.difference(&data.uris) {
            self.apply_unwatch(uri);
        }
        for uri in data.uris.difference(&uris) {
            self.apply(SessionChange::Subscribed(uri.clone()), max_uris);
            self.listener.record(&Change::Resource(uri.as_str().into()));
        }
    }
}
