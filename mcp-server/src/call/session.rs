//! What a legacy session remembers. Spec: basic/lifecycle, up to 2025-11-25.

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use mcp_core::jsonrpc::RequestId;
use mcp_core::revision::Revision;
use mcp_core::types::{ClientCapabilities, Implementation, LoggingLevel};
use serde_json::value::{RawValue, to_raw_value};

use crate::subscription::Listener;

/// A session that `initialize` opened.
#[derive(Debug)]
pub(crate) struct LegacySession {
    pub(crate) revision: Revision,
    /// `None` for a call on a server that keeps no sessions. Kept as text of just its length, like
    /// the capabilities: the structs take 950 bytes, and an idle session has to be small.
    client_info: Option<Box<RawValue>>,
    capabilities: Box<RawValue>,
    /// Receives the changes that this client is notified of.
    pub(crate) listener: Listener,
    /// Index in [`LoggingLevel::ALL`].
    log_level: AtomicU8,
    last_id: AtomicI64,
}

impl LegacySession {
    pub(crate) fn new(
        revision: Revision,
        client_info: Option<&Implementation>,
        capabilities: &ClientCapabilities,
        listener: Listener,
    ) -> Self {
        let session = Self {
            revision,
            client_info: client_info.and_then(|info| to_raw_value(info).ok()),
            capabilities: to_raw_value(capabilities).unwrap_or_default(),
            listener,
            log_level: AtomicU8::new(0),
            last_id: AtomicI64::new(0),
        };
        session.set_log_level(LoggingLevel::Info); // Until the client sets one (LG-8).
        session
    }

    pub(crate) fn client_info(&self) -> Option<Implementation> {
        serde_json::from_str(self.client_info.as_ref()?.get()).ok()
    }

    /// Whether there is a client that can be asked.
    pub(crate) fn has_client(&self) -> bool {
        self.client_info.is_some()
    }

    pub(crate) fn capabilities(&self) -> ClientCapabilities {
        serde_json::from_str(self.capabilities.get()).unwrap_or_default()
    }

    /// The id of the next request that the server sends in this session.
    pub(crate) fn next_id(&self) -> RequestId {
        RequestId::Number(self.last_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(crate) fn log_level(&self) -> LoggingLevel {
        let index = usize::from(self.log_level.load(Ordering::Relaxed));
        LoggingLevel::ALL.get(index).copied().unwrap_or(LoggingLevel::Info)
    }

    pub(crate) fn set_log_level(&self, level: LoggingLevel) {
        let index = LoggingLevel::ALL.iter().position(|other| *other == level).unwrap_or_default();
        self.log_level.store(u8::try_from(index).unwrap_or_default(), Ordering::Relaxed);
    }
}
