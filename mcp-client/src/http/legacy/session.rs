//! What the client and a server agreed on.

use std::sync::Arc;

use http::header::{HeaderMap, HeaderValue};
use mcp_core::http::names;
use mcp_core::json::JsonBytes;

/// What the client and a server agreed on.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    /// The id that the server gave the session, if it has sessions.
    pub(super) id: Option<HeaderValue>,
    /// The revision that was agreed on.
    pub(super) version: Option<HeaderValue>,
    /// The params of the handshake, for the next one.
    pub(super) offer: Option<JsonBytes>,
    /// The header fields of a POST in the session.
    pub(super) post_headers: Option<Arc<HeaderMap>>,
    /// Grows with each session.
    pub(super) generation: u64,
}

impl Session {
    /// Whether the server has given it an id.
    pub(super) fn has_id(&self) -> bool {
        self.id.is_some()
    }

    /// Adds the header fields of a request in the session.
    pub(super) fn write_headers(&self, headers: &mut HeaderMap) {
        if let Some(id) = &self.id {
            headers.insert(names::SESSION_ID, id.clone());
        }
        if let Some(version) = &self.version {
            headers.insert(names::PROTOCOL_VERSION, version.clone());
        }
    }
}
