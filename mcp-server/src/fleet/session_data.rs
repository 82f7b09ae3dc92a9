//! The record of a session in a store.

use std::collections::BTreeSet;

use mcp_core::types::LoggingLevel;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::message::SessionChange;

/// What a session is restored from. It is sealed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SessionData {
    /// The revision that was agreed on.
    pub(crate) revision: String,
    /// Who it belongs to.
    pub(crate) principal: Option<String>,
    pub(crate) client_info: Box<RawValue>,
    pub(crate) capabilities: Box<RawValue>,
    pub(crate) log_level: LoggingLevel,
    /// Whether the client is notified of changes of the lists of tools, prompts and resources.
    pub(crate) lists: [bool; 3],
    /// The resources that it subscribes to.
    pub(crate) uris: BTreeSet<String>,
}

impl SessionData {
    /// Applies a change. Returns false if it would exceed the number of subscriptions.
    pub(super) fn apply(&mut self, change: &SessionChange, max_uris: usize) -> bool {
        match change {
            SessionChange::Level(level) => self.log_level = *level,
            SessionChange::Unsubscribed(uri) => drop(self.uris.remove(uri)),
            SessionChange::Subscribed(uri) => {
                if self.uris.len() >= max_uris && !self.uris.contains(uri) {
                    return false;
                }
                self.uris.insert(uri.clone());
            }
        }
        true
    }
}
