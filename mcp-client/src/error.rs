//! The error of a call: its kind, and where it comes from.

use std::fmt;
use std::io;
use std::time::Duration;

use mcp_core::jsonrpc::{ErrorObject, MethodName, code};
use mcp_core::service::CallError;
use mcp_core::text::{PeerText, write_sources};
use mcp_core::transport::{HttpRefusal, TransportError, TransportErrorKind};

use crate::connect_phase::ConnectPhase;
pub use crate::error_kind::{ErrorKind, Expired};

/// How much of the server's JSON an error keeps, in bytes. Fixed: an excerpt shows what is wrong.
const MAX_JSON_BYTES: usize = 16 << 10;

/// A failed call or connection.
///
/// `Display` prints one level; what lies below is in [`source`](std::error::Error::source). `Debug` prints
/// all of it on one line, so that `unwrap` and `main` show the reason.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// let error = client.call_tool("no-such-tool", &()).await.expect_err("there is none");
/// assert_eq!(
///     error.to_string(),
///     "the server answered tools/call with an error: there is no tool no-such-tool (-32602)"
/// );
/// # Ok(())
/// # });
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    method: Option<MethodName>,
    expired: Option<Expired>,
    json: Option<Box<str>>,
    cause: Cause,
}

enum Cause {
    None,
    Peer(ErrorObject),
    Transport(TransportError),
    Json(serde_json::Error),
    Io(io::Error),
}

impl Error {
    fn build(kind: ErrorKind, message: String, cause: Cause) -> Self {
        Self(Box::new(Inner { kind, message, method: None, expired: None, json: None, cause }))
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self::build(kind, message.into(), Cause::None)
    }

    pub(crate) fn from_call(method: impl Into<MethodName>, error: CallError) -> Self {
        let method = method.into();
        match error {
            CallError::Peer(error) => Self::from_peer(method, error),
            CallError::Transport(error) => {
                let (kind, message) = match error.kind() {
                    TransportErrorKind::OutcomeUnknown => (
                        ErrorKind::OutcomeUnknown,
                        format!(
                            "{method} was sent and got no result: it may have been carried out or not"
                        ),
                    ),
                    TransportErrorKind::Unauthorized => (
                        ErrorKind::Unauthorized,
                        format!("{method} was refused: it needs authorization"),
                    ),
                    TransportErrorKind::Unsendable => (
                        ErrorKind::InvalidArgument,
                        format!("{method} cannot be sent over this transport"),
                    ),
                    _ => (ErrorKind::Transport, format!("{method} got no answer")),
                };
                Self::build(kind, message, Cause::Transport(error)).during(method)
            }
            other => {
                Self::new(ErrorKind::Transport, format!("{method} failed: {other}")).during(method)
            }
        }
    }

    /// The authorizer does not serve the server.
    #[cfg(feature = "http")]
    pub(crate) fn unauthorized(error: crate::http::BoxError) -> Self {
        let message = "the authorizer refuses the server";
        let cause = TransportError::with_source(TransportErrorKind::Unauthorized, message, error);
        Self::build(ErrorKind::Unauthorized, message.to_owned(), Cause::Transport(cause))
    }

    /// No further changes arrive in a legacy session.
    #[cfg(feature = "http")]
    pub(crate) fn stream_lost(error: TransportError) -> Self {
        let kind = match error.kind() {
            TransportErrorKind::Unauthorized => ErrorKind::Unauthorized,
            _ => ErrorKind::Transport,
        };
        let message = "the stream of the session is lost, so that no further changes arrive";
        Self::build(kind, message.to_owned(), Cause::Transport(error))
    }

    pub(crate) fn from_peer(method: impl Into<MethodName>, error: ErrorObject) -> Self {
        let method = method.into();
        let message = format!("the server answered {method} with an error: {error}");
        Self::build(ErrorKind::Peer, message, Cause::Peer(error)).during(method)
    }

    pub(crate) fn timed_out(
        method: impl Into<MethodName>,
        expired: Expired,
        after: Duration,
    ) -> Self {
        let method = method.into();
        let message = match expired {
            Expired::Idle => format!("{method} got no answer and no progress for {after:?}"),
            Expired::Total => format!("{method} was not done after {after:?} in total"),
            Expired::Startup(phase) => return Self::not_started(phase, after),
        };
        let mut error = Self::new(ErrorKind::Timeout, message).during(method);
        error.0.expired = Some(expired);
        error
    }

    pub(crate) fn not_started(phase: ConnectPhase, after: Duration) -> Self {
        let message = format!(
            "the server was not connected within {after:?} (ClientBuilder::startup_timeout); the \
             client was waiting for {phase}"
        );
        let mut error = Self::new(ErrorKind::Timeout, message);
        error.0.expired = Some(Expired::Startup(phase));
        error
    }

    /// The same error with an addition to its message.
    pub(crate) fn with_note(mut self, note: impl fmt::Display) -> Self {
        use fmt::Write as _;
        let _ = write!(self.0.message, "{note}"); // A string takes everything.
        self
    }

    /// Whether the server may be the reason that there is no answer.
    pub(crate) fn is_without_answer(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Transport
                | ErrorKind::OutcomeUnknown
                | ErrorKind::Unauthorized
                | ErrorKind::Timeout
        )
    }

    pub(crate) fn decode(
        method: impl Into<MethodName>,
        error: serde_json::Error,
        json: &[u8],
    ) -> Self {
        let method = method.into();
        Self::build(
            ErrorKind::Decode,
            format!("the server's answer to {method} could not be read"),
            Cause::Json(error),
        )
        .during(method)
        .with_json(json)
    }

    pub(crate) fn invalid_answer(
        method: impl Into<MethodName>,
        reason: impl fmt::Display,
        json: &[u8],
    ) -> Self {
        let method = method.into();
        Self::new(
            ErrorKind::Decode,
            format!("the server's answer to {method} is invalid: {reason}"),
        )
        .during(method)
        .with_json(json)
    }

    pub(crate) fn wrong_type(
        message: impl Into<String>,
        error: serde_json::Error,
        json: &str,
    ) -> Self {
        Self::build(ErrorKind::Decode, message.into(), Cause::Json(error))
            .with_json(json.as_bytes())
    }

    pub(crate) fn argument(what: &str, error: serde_json::Error) -> Self {
        Self::build(
            ErrorKind::InvalidArgument,
            format!("{what} cannot be written as JSON"),
            Cause::Json(error),
        )
    }

    pub(crate) fn input_required(method: impl Into<MethodName>, reason: impl fmt::Display) -> Self {
        let method = method.into();
        Self::new(ErrorKind::InputRequired, format!("{method} needs input: {reason}"))
            .during(method)
    }

    /// The host cancelled a call.
    pub(crate) fn cancelled(method: impl Into<MethodName>, reason: &str) -> Self {
        let method = method.into();
        Self::new(ErrorKind::Cancelled, format!("{method} was cancelled: {reason}")).during(method)
    }

    pub(crate) fn handler(method: impl Into<MethodName>, asked: &str, error: ErrorObject) -> Self {
        let method = method.into();
        Self::build(
            ErrorKind::InputRequired,
            format!("{method} needs input, and the handler for {asked} returned an error: {error}"),
            Cause::None,
        )
        .during(method)
    }

    pub(crate) fn io(kind: ErrorKind, message: impl Into<String>, error: io::Error) -> Self {
        Self::build(kind, message.into(), Cause::Io(error))
    }

    pub(crate) fn during(mut self, method: impl Into<MethodName>) -> Self {
        self.0.method = Some(method.into());
        self
    }

    /// The error of a request about a task that the server does not have any more says so.
    pub(crate) fn if_task_is_gone(mut self, id: &str) -> Self {
        if self.peer().is_some_and(|error| error.code() == code::INVALID_PARAMS) {
            let id = PeerText::with_max(id, 64);
            self.0.kind = ErrorKind::TaskGone;
            self.0.message =
                format!("the server does not have the task \"{id}\" any more: {}", self.0.message);
        }
        self
    }

    /// The same error once more. An error of the JSON reader or the operating system becomes its
    /// text.
    pub(crate) fn duplicate(&self) -> Self {
        let inner = &self.0;
        let cause = match &inner.cause {
            Cause::None => Cause::None,
            Cause::Peer(error) => Cause::Peer(error.clone()),
            Cause::Transport(error) => Cause::Transport(error.clone()),
            Cause::Json(error) => Cause::Json(serde::de::Error::custom(error)),
            Cause::Io(error) => Cause::Io(io::Error::new(error.kind(), error.to_string())),
        };
        Self(Box::new(Inner {
            kind: inner.kind,
            message: inner.message.clone(),
            method: inner.method.clone(),
            expired: inner.expired,
            json: inner.json.clone(),
            cause,
        }))
    }

    fn with_json(mut self, json: &[u8]) -> Self {
        let text = String::from_utf8_lossy(json);
        let mut end = text.len().min(MAX_JSON_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.0.json = Some(text[..end].into());
        self
    }

    /// Whether the same request may succeed later on this connection.
    pub(crate) fn is_passing(&self) -> bool {
        match self.transport() {
            Some(error) => match error.status() {
                Some(status) => is_passing_status(status),
                None => matches!(
                    error.kind(),
                    TransportErrorKind::Io
                        | TransportErrorKind::Overloaded
                        | TransportErrorKind::OutcomeUnknown
                ),
            },
            None => self.kind() == ErrorKind::Timeout,
        }
    }

    /// What kind of failure it is.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::ErrorKind;
    ///
    /// let error = client.call_tool("no-such-tool", &()).await.expect_err("there is none");
    /// assert_eq!(error.kind(), ErrorKind::Peer);
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The method of the failed request.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let error = client.call_raw("com.example/no-such", &()).await.expect_err("unknown");
    /// assert_eq!(error.method(), Some("com.example/no-such"));
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.0.method.as_deref()
    }

    /// The server's error, when the server answered with one.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let error = client.call_tool("no-such-tool", &()).await.expect_err("there is none");
    /// let answer = error.peer().ok_or("the server did not answer")?;
    /// assert_eq!((answer.code(), answer.message()), (-32602, "there is no tool no-such-tool"));
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn peer(&self) -> Option<&ErrorObject> {
        match &self.0.cause {
            Cause::Peer(error) => Some(error),
            _ => None,
        }
    }

    /// The failure of the connection, when that is the reason.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::transport::TransportErrorKind;
    ///
    /// client.close().await;
    /// let error = client.list_tools().await.expect_err("it is closed");
    /// assert_eq!(error.transport().map(|error| error.kind()), Some(TransportErrorKind::Closed));
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn transport(&self) -> Option<&TransportError> {
        match &self.0.cause {
            Cause::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// What an HTTP server answered in place of a message, when it refused the request: the status,
    /// the challenge of a 401 or 403, and the text of the body. Not for refusals that are messages:
    /// see [`Error::peer`].
    ///
    /// ```
    /// # fn example(error: &mcp_client::Error) {
    /// if let Some(refusal) = error.refusal() {
    ///     for challenge in refusal.challenges() {
    ///         eprintln!("{} {:?}", challenge.scheme(), challenge.get("resource_metadata"));
    ///     }
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn refusal(&self) -> Option<&HttpRefusal> {
        self.transport()?.refusal()
    }

    /// Which timeout expired, when one did.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use std::time::Duration;
    /// use mcp_client::Expired;
    ///
    /// let call = client.call_tool("backup", &()).timeout(Duration::from_millis(20));
    /// if let Some(Expired::Idle) = call.await.expect_err("no answer").expired() {
    ///     println!("the server is silent");
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn expired(&self) -> Option<Expired> {
        self.0.expired
    }

    /// The server's JSON that could not be read, or the first 16 KiB of it.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let reply = client.call_tool("index", &()).await?;
    /// let error = reply.structured::<u64>().expect_err("a text");
    /// assert_eq!(error.json(), Some("2 notes"));
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        self.0.json.as_deref()
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
        match &self.0.cause {
            // The message has the peer's error in it already.
            Cause::None | Cause::Peer(_) => None,
            Cause::Transport(error) => Some(error),
            Cause::Json(error) => Some(error),
            Cause::Io(error) => Some(error),
        }
    }
}

/// Whether a request that was answered with this HTTP status may succeed later.
pub(crate) fn is_passing_status(status: u16) -> bool {
    matches!(status, 408 | 425 | 429) || status >= 500
}
