//! What the client brings into a conversation, and what it knows after its beginning.

use std::time::Duration;

use crate::Limits;
use mcp_core::revision::{Era, Revision};
use mcp_core::types::{Implementation, ServerCapabilities};

use super::known::KnownServer;
use crate::error::{Error, ErrorKind};
use crate::request::Timeouts;

/// What the user chose before connecting.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) client_info: Implementation,
    pub(crate) revision: Option<Revision>,
    pub(crate) known: Option<KnownServer>,
    pub(crate) probe_patience: Duration,
    pub(crate) timeouts: Timeouts,
    pub(crate) limits: Limits,
}

/// What was agreed upon.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) revision: Revision,
    pub(crate) server_info: Option<Implementation>,
    pub(crate) capabilities: ServerCapabilities,
    pub(crate) instructions: Option<String>,
    /// The members of `_meta` that every request carries, as text; empty in the legacy era.
    pub(crate) meta: Vec<u8>,
}

impl Session {
    pub(crate) fn is_modern(&self) -> bool {
        self.revision.era() == Era::Modern
    }
}

/// The newest revision of an era among those that the server names.
pub(super) fn newest(supported: &[String], era: Era) -> Option<Revision> {
    supported
        .iter()
        .filter_map(|name| name.parse::<Revision>().ok())
        .filter(|revision| revision.era() == era)
        .max()
}

/// No revision is spoken by both sides.
pub(super) fn unsupported(settings: &Settings, supported: &[String]) -> Error {
    let ours = match settings.revision {
        Some(revision) => format!("the client is pinned to {revision}"),
        None => format!("the client speaks {}", Revision::ALL.map(Revision::as_str).join(", ")),
    };
    let theirs = match supported {
        [] => "names none".to_owned(),
        names => {
            let names: Vec<String> =
                names.iter().take(16).map(|name| name.chars().take(32).collect()).collect();
            format!("speaks {}", names.join(", "))
        }
    };
    Error::new(
        ErrorKind::UnsupportedVersion,
        format!("no common protocol revision: {ours}, the server {theirs}"),
    )
}
