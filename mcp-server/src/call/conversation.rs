//! What the calls of one conversation share.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::LegacySession;

/// What the calls of one conversation share.
#[derive(Debug)]
pub(crate) struct ConversationState {
    pub(crate) binding: Binding,
    /// The session that `initialize` opened.
    pub(crate) session: OnceLock<Arc<LegacySession>>,
    /// Open `subscriptions/listen` streams.
    pub(crate) listening: AtomicUsize,
    /// True once no more requests will come, so that subscriptions end.
    draining: Arc<watch::Sender<bool>>,
}

impl ConversationState {
    pub(crate) fn new(binding: Binding) -> Self {
        Self::with(binding, Arc::new(watch::Sender::new(false)))
    }

    /// A conversation that drains together with `other`.
    #[cfg(feature = "http")]
    pub(crate) fn draining_with(binding: Binding, other: &Self) -> Self {
        Self::with(binding, Arc::clone(&other.draining))
    }

    fn with(binding: Binding, draining: Arc<watch::Sender<bool>>) -> Self {
        Self { binding, session: OnceLock::new(), listening: AtomicUsize::new(0), draining }
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
}
