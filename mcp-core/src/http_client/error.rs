//! Why a request has no response.

use std::fmt;

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no HTTP response.
#[derive(Debug)]
pub struct HttpError {
    may_have_left: bool,
    source: BoxError,
}

impl HttpError {
    /// Nothing of the request has left: it is safe to send it again.
    pub fn unsent(source: impl Into<BoxError>) -> Self {
        Self { may_have_left: false, source: source.into() }
    }

    /// The request, or a part of it, may have reached the server.
    pub fn lost(source: impl Into<BoxError>) -> Self {
        Self { may_have_left: true, source: source.into() }
    }

    /// TLS cannot be used.
    pub(super) fn no_certificates(error: &std::io::Error) -> Self {
        Self::unsent(format!("the certificates that the system trusts cannot be read: {error}"))
    }

    /// What failed, such as an error of the operating system.
    #[must_use]
    pub fn into_source(self) -> BoxError {
        self.source
    }

    /// Whether the server may have seen the request.
    #[must_use]
    pub fn may_have_left(&self) -> bool {
        self.may_have_left
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.may_have_left {
            "the connection failed before the response"
        } else {
            "no connection to the server"
        })
    }
}

impl std::error::Error for HttpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
