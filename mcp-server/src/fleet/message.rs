//! The messages between instances.

use mcp_core::jsonrpc::RequestId;
use mcp_core::types::LoggingLevel;
use serde::{Deserialize, Serialize};

use crate::subscription::Change;

/// A message between instances, as JSON. It is sealed: the id of a session is a secret.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BusMessage {
    /// The list of tools changed.
    Tools,
    /// The list of prompts changed.
    Prompts,
    /// The list of resources changed.
    Resources,
    /// A resource was updated.
    Updated { uri: String },
    /// Anything may have changed.
    All,
    /// Something concerns a session.
    Session { id: String, message: SessionMessage },
}

/// A message that concerns a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionMessage {
    /// The client changed its session, whose record has this version since.
    Changed { version: u64, change: SessionChange },
    /// The client ended its session.
    Ended,
    /// The client cancelled a request that its instance does not run.
    Cancelled { id: RequestId },
    /// The client answered a request of another instance. The answer is at the bus under this key.
    Answered { id: RequestId, key: String },
    /// A client begins to read the stream of notifications. The number is random.
    Reading { reader: u64 },
}

/// A change that a client makes to its session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionChange {
    /// The least severe level of log messages that the client wants.
    Level(LoggingLevel),
    /// A subscription to a URI.
    Subscribed(String),
    /// The end of a subscription to a URI.
    Unsubscribed(String),
}

impl From<Change> for BusMessage {
    fn from(change: Change) -> Self {
        match change {
            Change::Tools => Self::Tools,
            Change::Prompts => Self::Prompts,
            Change::Resources => Self::Resources,
            Change::Resource(uri) => Self::Updated { uri: uri.as_ref().to_owned() },
            Change::All => Self::All,
        }
    }
}
