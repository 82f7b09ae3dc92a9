//! What a legacy session remembers. Spec: basic/lifecycle, up to 2025-11-25.

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use mcp_core::jsonrpc::RequestId;
use mcp_core::revision::Revision;
use mcp_core::types::{ClientCapabilities, Implementation, LoggingLevel};
use serde_json::value::{RawValue, to_raw_value};

use crate::subscription::Listener;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) revision: Revision,
    /// None where nobody introduced himself: a call on a server that keeps no sessions.
    /// As text of just its length, like the capabilities: the structs take 950 bytes, and an idle session has to
    /// be small.
    client_info: Option<Box<RawValue>>,
    capabilities: Box<RawValue>,
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
            client_info: client_info.and_then(|info| to_raw_value(info).ok()),
            capabilities: to_raw_value(capabilities).unwrap_or_default(),
            listener,
            level: AtomicU8::new(0),
            last_id: AtomicI64::new(0),
        };
        session.set_log_level(LoggingLevel::Info); // Until the client chooses (LG-8 leaves it to us).
        session
    }

    pub(crate) fn client_info(&self) -> Option<Implementation> {
        serde_json::from_str(self.client_info.as_ref()?.get()).ok()
    }

    /// Whether somebody introduced himself, and so is there to be asked.
    pub(crate) fn has_client(&self) -> bool {
        self.client_info.is_some()
    }

    pub(crate) fn capabilities(&self) -> ClientCapabilities {
        serde_json::from_str(self.capabilities.get()).unwrap_or_default()
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
