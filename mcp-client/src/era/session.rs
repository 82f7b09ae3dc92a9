//! What the client brings into a conversation, and what it knows after its beginning.

use std::sync::Arc;
use std::time::Duration;

use mcp_core::method::Methods;
use mcp_core::revision::{Era, Revision};
use mcp_core::telemetry::Telemetry;
use mcp_core::text::PeerText;
use mcp_core::types::{Implementation, ServerCapabilities};
use serde_json::value::RawValue;

use super::known::KnownServer;
use crate::Limits;
use crate::deadline::Timeouts;
use crate::error::{Error, ErrorKind};
#[cfg(feature = "policy")]
use crate::policy::ClientPolicy;

/// What the user chose before connecting.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) client_info: Implementation,
    pub(crate) revision: Option<Revision>,
    pub(crate) known: Option<KnownServer>,
    /// What the host calls the server, such as its URL.
    pub(crate) server_name: Option<String>,
    pub(crate) probe_timeout: Duration,
    /// How long connecting may take in all; `None` if each step has its own time only.
    pub(crate) startup_timeout: Option<Duration>,
    pub(crate) timeouts: Timeouts,
    pub(crate) limits: Limits,
    /// The methods of the protocol and of the extensions.
    pub(crate) methods: Methods,
    pub(crate) telemetry: Option<Arc<dyn Telemetry>>,
    #[cfg(feature = "policy")]
    pub(crate) policy: Option<ClientPolicy>,
}

/// What was agreed upon.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) revision: Revision,
    pub(crate) server_info: Option<Implementation>,
    pub(crate) capabilities: ServerCapabilities,
    pub(crate) instructions: Option<String>,
    /// The members of `_meta` that every request carries, as text; empty in the legacy era.
    pub(crate) meta: String,
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

/// The revisions that the data of an error names.
pub(super) fn supported_in(data: &RawValue) -> Option<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Data {
        supported: Vec<String>,
    }
    serde_json::from_str(data.get()).ok().map(|Data { supported }| supported)
}

/// No revision is spoken by both sides.
pub(super) fn unsupported(settings: &Settings, supported: &[String]) -> Error {
    let ours = match settings.revision {
        Some(revision) => format!("the client was built for {revision} only"),
        None => format!("the client speaks {}", Revision::ALL.map(Revision::as_str).join(", ")),
    };
    let theirs = theirs(supported);
    let message = format!("no common protocol revision: {ours}, the server {theirs}");
    Error::new(ErrorKind::UnsupportedVersion, message)
}

/// The server does not speak the revision of the conversation any more.
pub(super) fn no_longer_supported(ours: Revision, supported: &[String]) -> Error {
    let message = format!(
        "the server does not speak {ours} any more, and {}; connect to it again",
        theirs(supported)
    );
    Error::new(ErrorKind::UnsupportedVersion, message)
}

fn theirs(supported: &[String]) -> String {
    /// Fixed: an excerpt is enough to see what the server is.
    const MAX_NAMES: usize = 16;
    if supported.is_empty() {
        return "names no revision".to_owned();
    }
    let names =
        supported.iter().take(MAX_NAMES).map(|name| PeerText::with_max(name, 32).to_string());
    format!("speaks {}", names.collect::<Vec<_>>().join(", "))
}
