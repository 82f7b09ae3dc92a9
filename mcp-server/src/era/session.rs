//! What a legacy session remembers. Spec: basic/lifecycle, up to 2025-11-25.

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::RequestId;
use mcp_core::revision::Revision;
use mcp_core::types::{ClientCapabilities, Implementation, LoggingLevel};

use crate::subscription::Listener;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) revision: Revision,
    /// None where nobody introduced himself: a call on a server that keeps no sessions.
    /// As text, like the capabilities: the structs take 950 bytes, and an idle session has to be small.
    client_info: Option<JsonBytes>,
    capabilities: JsonBytes,
    /// Hears of the changes that this client is told of.
    pub(crate) listener: Listener,
    /// Index in [`LoggingLevel::ALL`].
    level: AtomicU8,
    last_id: AtomicI64,
}

impl Session {
    pub(crate) fn new(
        revision: Revision,
        client_info: Option<&Implementation>,
        capabilities: &ClientCapabilities,
        listener: Listener,
    ) -> Self {
        let session = Self {
            revision,
            client_info: client_info.and_then(|info| JsonBytes::new(info).ok()),
            capabilities: JsonBytes::new(capabilities).unwrap_or_else(|_| JsonBytes::empty_object()),
            listener,
            level: AtomicU8::new(0),
            last_id: AtomicI64::new(0),
        };
        session.set_log_level(LoggingLevel::Info); // Until the client chooses (LG-8 leaves it to us).
        session
    }

    pub(crate) fn client_info(&self) -> Option<Implementation> {
        self.client_info.as_ref()?.parse().ok()
    }

    /// Whether somebody introduced himself, and so is there to be asked.
    pub(crate) fn has_client(&self) -> bool {
        self.client_info.is_some()
    }

    pub(crate) fn capabilities(&self) -> ClientCapabilities {
        self.capabilities.parse().unwrap_or_default()
    }

    /// An id for a request of ours.
    pub(crate) fn next_id(&self) -> RequestId {
        RequestId::Number(self.last_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(crate) fn log_level(&self) -> LoggingLevel {
        let index = usize::from(self.level.load(Ordering::Relaxed));
        LoggingLevel::ALL.get(index).copied().unwrap_or(LoggingLevel::Info)
    }

    pub(crate) fn set_log_level(&self, level: LoggingLevel) {
        let index = LoggingLevel::ALL.iter().position(|other| *other == level).unwrap_or_default();
        self.level.store(u8::try_from(index).unwrap_or_default(), Ordering::Relaxed);
    }
}
