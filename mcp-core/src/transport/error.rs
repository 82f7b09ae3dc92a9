//! Why a message did not reach the other side.

use std::fmt;
use std::io;
use std::sync::Arc;

/// What kind of trouble a [`TransportError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The connection is closed, by either side.
    Closed,
    /// Reading or writing failed.
    Io,
    /// The peer broke the framing rules often enough to be given up.
    Protocol,
    /// The message is longer than is sent.
    TooLong,
    /// Too many requests are waiting for answers.
    Overloaded,
    /// The message left, and no answer came that could be read: whether it was carried out is not known.
    OutcomeUnknown,
    /// The peer answered with an HTTP status that says no, and not with a message: [`TransportError::status`].
    Status,
    /// The peer wants credentials that there are not.
    Unauthorized,
    /// The transport cannot carry this message.
    Unsendable,
}

/// A failure of the transport, never an answer of the peer.
///
/// One word, cheap to clone: every call that was waiting gets the same one.
#[derive(Clone)]
pub struct TransportError(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: TransportErrorKind,
    message: String,
    status: Option<u16>,
    source: Option<Source>,
}

type Source = Box<dyn std::error::Error + Send + Sync>;

impl TransportError {
    /// A failure with its reason.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self::build(kind, message.into(), None, None)
    }

    fn build(
        kind: TransportErrorKind,
        message: String,
        status: Option<u16>,
        source: Option<Source>,
    ) -> Self {
        Self(Arc::new(Inner { kind, message, status, source }))
    }

    /// A failure with what lies below it.
    pub fn because(
        kind: TransportErrorKind,
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::build(kind, message.into(), None, Some(source.into()))
    }

    /// The peer said no with an HTTP status.
    pub fn refused(status: u16, message: impl Into<String>) -> Self {
        Self::build(TransportErrorKind::Status, message.into(), Some(status), None)
    }

    /// The connection is closed.
    pub fn closed(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Closed, message)
    }

    /// Reading or writing failed: `doing` says which.
    pub fn io(doing: &str, source: io::Error) -> Self {
        Self::because(TransportErrorKind::Io, format!("{doing} failed"), source)
    }

    /// The same failure with more to its reason, such as the exit status of the peer's process.
    #[must_use]
    pub fn with_detail(&self, detail: impl fmt::Display) -> Self {
        let message = match &self.0.source {
            Some(source) => format!("{}: {source}; {detail}", self.0.message),
            None => format!("{}; {detail}", self.0.message),
        };
        Self::build(self.kind(), message, self.0.status, None)
    }

    /// The same failure of a message that may have been carried out all the same.
    #[must_use]
    pub fn outcome_unknown(mut self) -> Self {
        let kind = TransportErrorKind::OutcomeUnknown;
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.kind = kind;
            return self;
        }
        Self::build(kind, self.0.message.clone(), self.0.status, Some(Box::new(self)))
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> TransportErrorKind {
        self.0.kind
    }

    /// The HTTP status that the peer answered with, where that is the failure.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish()
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
