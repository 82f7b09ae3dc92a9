//! Why there are no credentials.

use std::fmt;
use std::sync::Arc;

use mcp_core::text::{PeerText, write_sources};

use crate::http::BoxError;

/// What kind of failure an [`Error`] is.
///
/// ```
/// use mcp_client::oauth::ErrorKind;
///
/// /// What a user can do.
/// fn advice(kind: ErrorKind) -> &'static str {
///     match kind {
///         ErrorKind::Unreachable => "try again later",
///         ErrorKind::LoginRequired => "log in",
///         ErrorKind::Configuration => "ask the administrator for a client id",
///         _ => "see the log",
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An authorization server could not be reached, or gave no usable answer. Trying again may
    /// help.
    Unreachable,
    /// A URL that a server gave must not be used.
    ForbiddenUrl,
    /// A document breaks the specification in a way that is not safe to ignore.
    InvalidMetadata,
    /// The authorization server answered with an OAuth error: [`Error::code`].
    Refused,
    /// The user, or the application, declined.
    Denied,
    /// The user did not come back in time.
    TimedOut,
    /// The user has to log in, and the application takes them there itself:
    /// [`OAuth::begin_login`](super::OAuth::begin_login).
    LoginRequired,
    /// The answer of the authorization endpoint does not belong to this request: somebody may be
    /// interfering.
    Forged,
    /// The server wants scopes which the authorization server does not grant.
    InsufficientScope,
    /// The application has not set something that is needed, such as a client id.
    Configuration,
    /// The credentials could not be read or saved.
    Store,
}

/// A failed authorization. It shows no secrets.
///
/// Clones are cheap: all calls that waited for one authorization get the same error.
///
/// ```no_run
/// # async fn example(client: mcp_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use std::error::Error as _;
/// use mcp_client::oauth;
///
/// // Why a call was not authorized is below the error of the call.
/// let error = client.list_tools().await.expect_err("not logged in");
/// let mut cause = error.source();
/// while let Some(below) = cause {
///     if let Some(reason) = below.downcast_ref::<oauth::Error>() {
///         eprintln!("{:?}: {reason}", reason.kind());
///     }
///     cause = below.source();
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Arc<ErrorData>);

struct ErrorData {
    kind: ErrorKind,
    message: String,
    code: Option<String>,
    scope: Option<String>,
    source: Option<BoxError>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let (message, code, scope, source) = (message.into(), None, None, None);
        Self(Arc::new(ErrorData { kind, message, code, scope, source }))
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        if let Some(data) = Arc::get_mut(&mut self.0) {
            data.source = Some(source.into());
        }
        self
    }

    pub(crate) fn with_code(mut self, code: &str) -> Self {
        if let Some(data) = Arc::get_mut(&mut self.0) {
            data.code = Some(PeerText::new(code).to_string());
        }
        self
    }

    pub(crate) fn with_scope(mut self, scope: Option<&str>) -> Self {
        if let Some(data) = Arc::get_mut(&mut self.0) {
            data.scope = scope.map(str::to_owned);
        }
        self
    }

    /// What kind of failure it is.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::oauth::ErrorKind;
    ///
    /// match oauth.begin_login().await {
    ///     Err(error) if error.kind() == ErrorKind::Unreachable => eprintln!("try again: {error}"),
    ///     other => drop(other?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The code of the authorization server's error, such as `invalid_client`.
    ///
    /// ```
    /// use mcp_client::oauth::Error;
    ///
    /// /// Whether the client has to be registered again.
    /// fn is_unknown(error: &Error) -> bool {
    ///     error.code() == Some("invalid_client")
    /// }
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The scopes that the user has to grant, separated by spaces, where the kind is
    /// [`ErrorKind::LoginRequired`] and the server named some.
    ///
    /// ```
    /// use mcp_client::oauth::{Error, ErrorKind};
    ///
    /// /// The text of the button after a refused call.
    /// fn button(error: &Error) -> Option<String> {
    ///     let scope = error.scope().unwrap_or("more rights");
    ///     (error.kind() == ErrorKind::LoginRequired).then(|| format!("Log in, for {scope}"))
    /// }
    /// ```
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.0.scope.as_deref()
    }

    /// Whether the authorization server does not accept the client any more.
    pub(crate) fn is_unknown_client(&self) -> bool {
        matches!(self.code(), Some("invalid_client" | "unauthorized_client"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.kind, self.0.message)?;
        write_sources(f, self)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
