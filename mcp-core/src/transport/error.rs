//! Why a message did not reach the peer.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::HttpRefusal;

/// The kind of a [`TransportError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The connection was closed by either side.
    Closed,
    /// Reading or writing failed.
    Io,
    /// The peer violated the protocol, so its message or the connection was given up.
    Protocol,
    /// The message exceeds the size limit for outgoing messages.
    TooLong,
    /// Too many requests wait for answers.
    Overloaded,
    /// The message was sent, and no readable answer arrived. Whether it was processed is unknown.
    OutcomeUnknown,
    /// The peer answered with an HTTP error status instead of a message; see
    /// [`TransportError::status`].
    Status,
    /// The peer requires credentials, and none are available.
    Unauthorized,
    /// The transport cannot carry this message.
    Unsendable,
}

/// A failure of the transport, as opposed to an error that the peer answered with.
///
/// It has the size of a pointer and is cheap to clone: all calls that were waiting receive the same
/// error.
///
/// ```
/// use mcp_core::transport::{TransportError, TransportErrorKind};
///
/// let error = TransportError::closed("the peer closed the connection");
/// assert_eq!(error.kind(), TransportErrorKind::Closed);
/// assert_eq!(error.to_string(), "the peer closed the connection");
/// ```
#[derive(Clone)]
pub struct TransportError(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: TransportErrorKind,
    message: String,
    status: Option<u16>,
    refusal: Option<Box<HttpRefusal>>,
    source: Option<Source>,
}

type Source = Arc<dyn std::error::Error + Send + Sync>;

impl TransportError {
    /// Creates an error with its kind and a message.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self::build(kind, message.into(), None, None)
    }

    fn build(
        kind: TransportErrorKind,
        message: String,
        status: Option<u16>,
        source: Option<Source>,
    ) -> Self {
        Self(Arc::new(Inner { kind, message, status, refusal: None, source }))
    }

    /// Creates an error with its kind, a message and the underlying error.
    pub fn with_source(
        kind: TransportErrorKind,
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::build(kind, message.into(), None, Some(Source::from(source.into())))
    }

    /// Creates an error for an HTTP error status that the peer answered with.
    pub fn refused(status: u16, message: impl Into<String>) -> Self {
        Self::build(TransportErrorKind::Status, message.into(), Some(status), None)
    }

    /// Creates an error for a closed connection.
    pub fn closed(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Closed, message)
    }

    /// Creates an error for failed IO. `operation` names the operation, such as `reading from the
    /// peer`.
    pub fn io(operation: &str, source: io::Error) -> Self {
        Self::with_source(TransportErrorKind::Io, format!("{operation} failed"), source)
    }

    /// Returns the same error with an addition to its message, such as the exit status of the
    /// peer's process.
    #[must_use]
    pub fn with_detail(&self, detail: impl fmt::Display) -> Self {
        let message = match &self.0.source {
            Some(source) => format!("{}: {source}; {detail}", self.0.message),
            None => format!("{}; {detail}", self.0.message),
        };
        let mut error = Self::build(self.kind(), message, self.0.status, None);
        Arc::make_mut(&mut error.0).refusal.clone_from(&self.0.refusal);
        error
    }

    /// Returns the same error with the kind [`TransportErrorKind::OutcomeUnknown`]: the message may
    /// have been processed all the same.
    #[must_use]
    pub fn outcome_unknown(mut self) -> Self {
        Arc::make_mut(&mut self.0).kind = TransportErrorKind::OutcomeUnknown;
        self
    }

    /// Returns the same error with the answer of the HTTP server that is the reason.
    #[must_use]
    pub fn with_refusal(mut self, refusal: HttpRefusal) -> Self {
        Arc::make_mut(&mut self.0).refusal = Some(Box::new(refusal));
        self
    }

    /// Returns the answer of an HTTP server that refused the request, if that is the failure.
    pub fn refusal(&self) -> Option<&HttpRefusal> {
        self.0.refusal.as_deref()
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> TransportErrorKind {
        self.0.kind
    }

    /// Returns the HTTP status that the peer answered with, if that is the failure.
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
