//! Why there are no credentials.

use std::fmt;
use std::sync::Arc;

use crate::http::BoxError;

/// What kind of failure an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A server of the authorization could not be reached, or gave no usable answer. Trying again may help.
    Unreachable,
    /// A URL that a server gave must not be used.
    ForbiddenUrl,
    /// A document breaks the specification in a way that is not safe to overlook.
    InvalidMetadata,
    /// The authorization server answered with an OAuth error: [`Error::code`].
    Refused,
    /// The user, or the host, said no.
    Denied,
    /// The user did not come back in time.
    TimedOut,
    /// The answer of the authorization endpoint is not the one that was asked for: someone may be meddling.
    Forged,
    /// The server wants scopes which the authorization server does not give.
    InsufficientScope,
    /// The host has not said something that is needed, such as a client id.
    Configuration,
    /// The credentials could not be kept or read.
    Store,
}

/// A failure of the authorization. Shows no secrets.
///
/// Clones are cheap: all the calls that waited for one authorization get the same error.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    code: Option<String>,
    source: Option<BoxError>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), code: None, source: None }))
    }

    pub(crate) fn because(mut self, source: impl Into<BoxError>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.source = Some(source.into());
        }
        self
    }

    pub(crate) fn with_code(mut self, code: &str) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.code = Some(printable(code));
        }
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The code of the authorization server's error, such as `invalid_client`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }
}

/// Text of a server, fit for a log or a screen: short, and without control characters.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(256).collect()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.kind, self.0.message)?;
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
