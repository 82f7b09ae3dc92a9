//! What a client does while it connects.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

/// What a client does while it connects.
///
/// ```
/// use mcp_client::{ConnectPhase, Error, Expired};
///
/// /// What a user can do about a server that did not connect in time.
/// fn advice(error: &Error) -> Option<&'static str> {
///     match error.expired()? {
///         Expired::Startup(ConnectPhase::Authorization) => Some("log in in your browser"),
///         Expired::Startup(_) => Some("see whether the server runs"),
///         _ => None,
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectPhase {
    /// It finds out what the server is (`server/discover`); over HTTP the connection of the network
    /// is opened for that.
    Discovery,
    /// It obtains credentials, or waits for a user who logs in.
    Authorization,
    /// It agrees on a revision with a legacy server (`initialize`).
    Handshake,
    /// It opens the stream of HTTP+SSE, the transport of 2024-11-05.
    OlderTransport,
}

impl fmt::Display for ConnectPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discovery => "the server to say what it is (server/discover)",
            Self::Authorization => "credentials, or a user who logs in",
            Self::Handshake => "the handshake (initialize)",
            Self::OlderTransport => "the stream of HTTP+SSE",
        })
    }
}

/// What a client that connects does at the moment.
#[derive(Debug, Default)]
pub(crate) struct CurrentPhase(AtomicU8);

/// The phases that begin one after the other. Authorization interrupts them.
const STEPS: [ConnectPhase; 3] =
    [ConnectPhase::Discovery, ConnectPhase::Handshake, ConnectPhase::OlderTransport];

impl CurrentPhase {
    /// A phase begins.
    pub(crate) fn begin(&self, phase: ConnectPhase) {
        if let Some(step) = STEPS.iter().position(|step| *step == phase) {
            self.0.store(u8::try_from(step).unwrap_or_default(), Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self) -> ConnectPhase {
        STEPS[usize::from(self.0.load(Ordering::Relaxed)).min(STEPS.len() - 1)]
    }
}
