//! Why something was not fetched.

use std::fmt;

use crate::http_client::BoxError;
use crate::http_client::url::ShownUrl;

/// What kind of failure a [`FetchError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchErrorKind {
    /// The URL, or where it leads, must not be used.
    Forbidden,
    /// The server could not be reached, or its answer cannot be used. Trying again may help.
    Unreachable,
    /// The answer is longer than the limit.
    TooLarge,
    /// There was no answer in time.
    TimedOut,
}

/// Something was not fetched. It shows no query of a URL, and nothing of an answer.
#[derive(Debug)]
pub struct FetchError {
    kind: FetchErrorKind,
    message: String,
    source: Option<BoxError>,
}

impl FetchError {
    pub(super) fn new(kind: FetchErrorKind, message: String) -> Self {
        Self { kind, message, source: None }
    }

    /// An error whose message begins with the URL.
    pub(super) fn at(kind: FetchErrorKind, url: &str, what: impl fmt::Display) -> Self {
        Self::new(kind, format!("{} {what}", ShownUrl(url)))
    }

    pub(super) fn with_source(mut self, source: BoxError) -> Self {
        self.source = Some(source);
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> FetchErrorKind {
        self.kind
    }

    /// What caused it, for an error of another type.
    #[must_use]
    pub fn into_source(self) -> Option<BoxError> {
        self.source
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FetchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
