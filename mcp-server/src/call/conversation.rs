//! The state that the calls of one conversation share.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::{LegacySession, SessionBudget};

/// The state that the calls of one conversation share.
#[derive(Debug)]
pub(crate) struct ConversationState {
    /// Distinguishes the conversations of a process.
    pub(crate) id: u64,
    pub(crate) binding: Binding,
    /// The session that `initialize` opened.
    pub(crate) session: OnceLock<Arc<LegacySession>>,
    /// Number of open `subscriptions/listen` streams.
    pub(crate) listening: AtomicUsize,
    /// The memory limit that the sessions of a service share.
    pub(crate) session_budget: Arc<SessionBudget>,
    /// True when no more requests will arrive. Subscriptions end then.
    draining: Arc<watch::Sender<bool>>,
}

impl ConversationState {
    pub(crate) fn new(binding: Binding, session_budget: SessionBudget) -> Self {
        let draining = Arc::new(watch::Sender::new(false));
        Self::with(binding, Arc::new(session_budget), draining)
    }

    /// Creates a conversation that drains together with `other`, and shares its budget.
    #[cfg(feature = "http")]
    pub(crate) fn sharing(binding: Binding, other: &Self) -> Self {
        Self::with(binding, Arc::clone(&other.session_budget), Arc::clone(&other.draining))
    }

    fn with(
        binding: Binding,
        session_budget: Arc<SessionBudget>,
        draining: Arc<watch::Sender<bool>>,
    ) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let (session, listening) = (OnceLock::new(), AtomicUsize::new(0));
        Self { id, binding, session, listening, session_budget, draining }
    }

    /// Ends the subscriptions of this conversation, and of all that drain with it.
    pub(crate) fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// Waits until no more requests will arrive.
    pub(crate) async fn drained(&self) {
        // `self` keeps the sender alive, so this does not fail.
        drop(self.draining.subscribe().wait_for(|draining| *draining).await);
    }
}

/// How messages are transported, where the server behaves differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// One stream for everything: `notifications/cancelled` announces the end of a subscription
    /// (SUB-8).
    Stream,
    /// Each request has its own response, and the end of the response ends a subscription.
    #[cfg(feature = "http")]
    Http,
    /// A session over HTTP: each call has its own peer, and the stream of the session polls for
    /// changes.
    #[cfg(feature = "http")]
    HttpSession,
    /// A stream of HTTP+SSE (2024-11-05).
    #[cfg(feature = "http-sse")]
    HttpSse,
}

impl Binding {
    /// Whether callers come over HTTP, where each has to prove what it may do.
    pub(crate) fn is_http(self) -> bool {
        self != Self::Stream
    }

    /// Whether a request may name a modern version in `_meta`. In a session over HTTP it may not:
    /// nothing compares it with header fields there (HDR-2).
    pub(crate) fn accepts_modern(self) -> bool {
        match self {
            Self::Stream => true,
            #[cfg(feature = "http")]
            Self::Http => true,
            #[cfg(feature = "http")]
            Self::HttpSession => false,
            #[cfg(feature = "http-sse")]
            Self::HttpSse => false,
        }
    }

    /// Whether the connection itself notifies a legacy client of changes.
    pub(crate) fn notifies_of_changes(self) -> bool {
        match self {
            Self::Stream => true,
            #[cfg(feature = "http")]
            Self::Http | Self::HttpSession => false,
            #[cfg(feature = "http-sse")]
            Self::HttpSse => true,
        }
    }
}
