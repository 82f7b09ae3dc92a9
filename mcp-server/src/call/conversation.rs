//! What the calls of one conversation share.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::{LegacySession, SessionBudget};

/// What the calls of one conversation share.
#[derive(Debug)]
pub(crate) struct ConversationState {
    pub(crate) binding: Binding,
    /// The session that `initialize` opened.
    pub(crate) session: OnceLock<Arc<LegacySession>>,
    /// Open `subscriptions/listen` streams.
    pub(crate) listening: AtomicUsize,
    /// What the sessions that share it may remember.
    pub(crate) session_budget: Arc<SessionBudget>,
    /// True once no more requests will come, so that subscriptions end.
    draining: Arc<watch::Sender<bool>>,
}

impl ConversationState {
    pub(crate) fn new(binding: Binding, session_budget: SessionBudget) -> Self {
        let draining = Arc::new(watch::Sender::new(false));
        Self::with(binding, Arc::new(session_budget), draining)
    }

    /// A conversation that drains together with `other`, and shares its budget.
    #[cfg(feature = "http")]
    pub(crate) fn sharing(binding: Binding, other: &Self) -> Self {
        Self::with(binding, Arc::clone(&other.session_budget), Arc::clone(&other.draining))
    }

    fn with(
        binding: Binding,
        session_budget: Arc<SessionBudget>,
        draining: Arc<watch::Sender<bool>>,
    ) -> Self {
        let (session, listening) = (OnceLock::new(), AtomicUsize::new(0));
        Self { binding, session, listening, session_budget, draining }
    }

    /// Ends the subscriptions of this conversation, and of those that drain with it.
    pub(crate) fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// Done when no more requests will come.
    pub(crate) async fn drained(&self) {
        // The sender is `self`, so there is no error.
        drop(self.draining.subscribe().wait_for(|draining| *draining).await);
    }
}

/// How messages reach the server, where that makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// One stream for everything: `notifications/cancelled` announces the end of a subscription
    /// (SUB-8).
    Stream,
    /// Each request has a response of its own, and the end of the response ends a subscription.
    #[cfg(feature = "http")]
    Http,
    /// A session over HTTP: each call brings its own way back, and the reader of the session's
    /// stream asks for changes itself.
    #[cfg(feature = "http")]
    HttpSession,
    /// A stream of HTTP+SSE (2024-11-05).
    #[cfg(feature = "http-sse")]
    HttpSse,
}

impl Binding {
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
