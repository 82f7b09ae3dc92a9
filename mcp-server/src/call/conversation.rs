//! The state that the calls of one conversation share.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::LegacySession;

/// The state that the calls of one conversation share.
#[derive(Debug)]
pub(crate) struct ConversationState {
    pub(crate) binding: Binding,
    /// The session that `initialize` opened.
    pub(crate) session: OnceLock<Arc<LegacySession>>,
    /// Number of open `subscriptions/listen` streams.
    pub(crate) listening: AtomicUsize,
    /// True when no more requests will arrive. Subscriptions end then.
    draining: Arc<watch::Sender<bool>>,
}

impl ConversationState {
    pub(crate) fn new(binding: Binding) -> Self {
        Self::with(binding, Arc::new(watch::Sender::new(false)))
    }

    /// Creates a conversation that drains together with `other`.
    #[cfg(feature = "http")]
    pub(crate) fn draining_with(binding: Binding, other: &Self) -> Self {
        Self::with(binding, Arc::clone(&other.draining))
    }

    fn with(binding: Binding, draining: Arc<watch::Sender<bool>>) -> Self {
        Self { binding, session: OnceLock::new(), listening: AtomicUsize::new(0), draining }
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
}
