//! What a transport asks of the service at its end, beyond calls.

use std::fmt;
use std::sync::Arc;

use super::request::{BoxService, Service};

/// The local end of a conversation: a [`Service`] that a transport runs.
///
/// Layers wrap a [`Service`]; only what a transport is given implements this.
pub trait Conversation: Service {
    /// Whether the peer may send arrays of messages now (2025-03-26 sessions). Default: no.
    fn accepts_batches(&self) -> bool {
        false
    }

    /// No more requests will come: the peer has closed its side, or this side is shutting down. Calls that
    /// wait for changes (subscriptions) should finish now; the others have
    /// [`shutdown_timeout`](crate::ConnectionLimits::shutdown_timeout). May be called more than once.
    fn draining(&self) {}
}

impl<S: Conversation> Conversation for Arc<S> {
    fn accepts_batches(&self) -> bool {
        S::accepts_batches(self)
    }

    fn draining(&self) {
        S::draining(self);
    }
}

/// Any conversation, with its type erased. Clones share it.
#[derive(Clone)]
pub struct BoxConversation {
    service: BoxService,
    end: Arc<dyn ErasedEnd>,
}

/// The part of [`Conversation`] that in-memory transport needs, behind `dyn`.
trait ErasedEnd: Send + Sync {
    fn draining_erased(&self);
}

impl<S: Conversation> ErasedEnd for S {
    fn draining_erased(&self) {
        self.draining();
    }
}

impl BoxConversation {
    /// Erases the type of a conversation.
    pub fn new(conversation: impl Conversation) -> Self {
        let conversation = Arc::new(conversation);
        Self { service: BoxService::shared(Arc::clone(&conversation)), end: conversation }
    }

    /// The service of the conversation.
    pub const fn service(&self) -> &BoxService {
        &self.service
    }

    /// [`Conversation::draining`].
    pub fn draining(&self) {
        self.end.draining_erased();
    }
}

impl fmt::Debug for BoxConversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxConversation")
    }
}
