//! What a transport needs from the service at its end, in addition to calls.

use std::fmt;
use std::sync::Arc;

use super::request::{BoxService, Service};
use crate::jsonrpc::{ErrorObject, Params};

/// The local end of a conversation: a [`Service`] that a transport runs.
///
/// Layers wrap a [`Service`]. Only the service that is handed to a transport implements this trait.
pub trait Conversation: Service {
    /// Whether the peer may send arrays of messages now, as in sessions of 2025-03-26. Default: no.
    fn accepts_batches(&self) -> bool {
        false
    }

    /// Checks the parameters of a request or notification that came in an array. Default: accepts
    /// them.
    ///
    /// # Errors
    /// The answer to a request that must not be part of an array. A notification is dropped.
    fn check_batch_entry(&self, params: &Params) -> Result<(), ErrorObject> {
        let _ = params;
        Ok(())
    }

    /// Returns an error of the transport, such as one for a message that is too long, in the form
    /// that the revision of the conversation has for it. Default: unchanged.
    fn fit_error(&self, error: ErrorObject) -> ErrorObject {
        error
    }

    /// Called when no more requests will arrive, because the peer has closed its side or this side
    /// is shutting down.
    ///
    /// Calls that wait for changes (subscriptions) should finish now. Other calls have
    /// [`shutdown_timeout`](crate::ConnectionLimits::shutdown_timeout). May be called more than
    /// once.
    fn draining(&self) {}

    /// Called when the peer has written something that is not a message, with the text of the line.
    fn unreadable(&self, line: &[u8]) {
        let _ = line;
    }
}

impl<S: Conversation> Conversation for Arc<S> {
    fn accepts_batches(&self) -> bool {
        S::accepts_batches(self)
    }

    fn check_batch_entry(&self, params: &Params) -> Result<(), ErrorObject> {
        S::check_batch_entry(self, params)
    }

    fn fit_error(&self, error: ErrorObject) -> ErrorObject {
        S::fit_error(self, error)
    }

    fn draining(&self) {
        S::draining(self);
    }

    fn unreadable(&self, line: &[u8]) {
        S::unreadable(self, line);
    }
}

/// A conversation whose type is erased. Clones share it.
#[derive(Clone)]
pub struct BoxConversation {
    service: BoxService,
    drain: Arc<dyn Drain>,
}

/// The part of [`Conversation`] that the in-memory transport needs, usable behind `dyn`.
trait Drain: Send + Sync {
    fn draining_boxed(&self);
}

impl<S: Conversation> Drain for S {
    fn draining_boxed(&self) {
        self.draining();
    }
}

impl BoxConversation {
    /// Erases the type of a conversation.
    pub fn new(conversation: impl Conversation) -> Self {
        let conversation = Arc::new(conversation);
        Self { service: BoxService::shared(Arc::clone(&conversation)), drain: conversation }
    }

    /// Returns the service of the conversation.
    pub const fn service(&self) -> &BoxService {
        &self.service
    }

    /// Calls [`Conversation::draining`].
    pub fn draining(&self) {
        self.drain.draining_boxed();
    }
}

impl fmt::Debug for BoxConversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxConversation")
    }
}
