//! Errors, by who receives them.
//!
//! A [`ToolError`] is sent to the model, in a result with `isError`. An [`ErrorObject`] is sent to
//! the client, as the error of a JSON-RPC response. A [`ServeError`] is returned to the caller of a
//! `serve` method. The type of a handler's error decides which of the first two is sent.

use std::fmt;
#[cfg(any(feature = "http", feature = "stdio"))]
use std::io;
use std::panic::Location;

use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use mcp_core::text::{PeerText, write_sources};
use mcp_core::transport::TransportError;
use mcp_core::types::{CallToolResult, Content};
use serde_json::json;

use crate::dialect::{DialectError, SchemaDialect};

/// Maximum length of the name of an unknown tool or prompt in an error message, in characters: the
/// maximum of a valid tool name. Fixed: the caller knows the name.
const MAX_NAME_CHARS: usize = 128;

/// An execution error of a tool, which the model sees and may correct.
///
/// Every [`std::error::Error`] converts into it with `?`; the model reads its text and the texts of
/// its sources. Return an [`ErrorObject`] for details that must not reach the model.
///
/// ```
/// use mcp_server::{ToolError, tool};
///
/// /// Divide two numbers.
/// #[tool]
/// async fn divide(dividend: f64, divisor: f64) -> Result<f64, ToolError> {
///     if divisor == 0.0 {
///         return Err(ToolError::new("divisor must not be 0"));
///     }
///     Ok(dividend / divisor)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct ToolError {
    content: Vec<Content>,
}

impl ToolError {
    /// Creates an error from a text.
    ///
    /// ```
    /// # use mcp_server::{ToolError, tool};
    /// /// Read the forecast.
    /// #[tool]
    /// async fn forecast(days: u8) -> Result<String, ToolError> {
    ///     match days {
    ///         1..=14 => Ok(format!("{days} days of rain")),
    ///         _ => Err(ToolError::new("days must be 1 to 14")), // The model corrects its call.
    ///     }
    /// }
    /// # use mcp_server::{Server, routes};
    /// # let server = Server::builder("weather", "1.0.0").routes(routes![forecast]);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = mcp_server::test::client(server).await;
    /// # client.call("forecast", serde_json::json!({ "days": 15 })).await.assert_error("1 to 14");
    /// # });
    /// ```
    pub fn new(text: impl Into<String>) -> Self {
        Self { content: vec![Content::text(text)] }
    }

    /// Creates an error from content blocks.
    ///
    /// ```
    /// use mcp_server::ToolError;
    /// use mcp_server::types::Content;
    ///
    /// # let screenshot = [0x89, b'P', b'N', b'G'];
    /// // The model sees why the click failed.
    /// let error = ToolError::content([
    ///     Content::text("there is no button \"Save\" on the page"),
    ///     Content::image(screenshot, "image/png"),
    /// ]);
    /// ```
    pub fn content(content: impl Into<Vec<Content>>) -> Self {
        Self { content: content.into() }
    }
}

// `ToolError` does not implement `std::error::Error`, so that this conversion does not overlap with
// the reflexive `From`.
impl<E: std::error::Error> From<E> for ToolError {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        // Writing to a text cannot fail.
        let _ = write_sources(&mut text, &error);
        Self::new(text)
    }
}

/// Converts a tool's error into a result or a protocol error. Implement it for your error type to
/// choose for each value.
///
/// In tools written with the macros, error types that implement only [`Display`](fmt::Display)
/// become a text for the model.
pub trait IntoToolError {
    /// Returns `Ok` with a result that the model sees, or `Err` with a protocol error.
    ///
    /// # Errors
    /// The protocol error to answer the call with.
    fn into_tool_error(self) -> Result<CallToolResult, ErrorObject>;
}

impl IntoToolError for ToolError {
    fn into_tool_error(self) -> Result<CallToolResult, ErrorObject> {
        Ok(CallToolResult::new().content(self.content).is_error(true))
    }
}

/// Prompts and resources have no result for errors: the client receives −32603, and the text is
/// logged.
impl From<ToolError> for ErrorObject {
    fn from(error: ToolError) -> Self {
        internal("a prompt or resource", &format_args!("{:?}", error.content))
    }
}

impl IntoToolError for ErrorObject {
    fn into_tool_error(self) -> Result<CallToolResult, ErrorObject> {
        Err(self)
    }
}

impl IntoToolError for String {
    fn into_tool_error(self) -> Result<CallToolResult, ErrorObject> {
        ToolError::new(self).into_tool_error()
    }
}

impl IntoToolError for &str {
    fn into_tool_error(self) -> Result<CallToolResult, ErrorObject> {
        ToolError::new(self).into_tool_error()
    }
}

impl IntoToolError for std::convert::Infallible {
    fn into_tool_error(self) -> Result<CallToolResult, ErrorObject> {
        match self {}
    }
}

/// A registration or a setting of a server is invalid.
///
/// Its `Debug` is the text of its `Display`, because that is what a program prints whose `main`
/// returns the error.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two tools, prompts, resources, methods, filters or extensions have the same name.
    #[error("the {kind} {name:?} is registered twice: {}", Places(.first, .second))]
    Duplicate {
        /// "tool", "prompt", "resource", "method", "filter" or "extension".
        kind: &'static str,
        /// The name, or URI.
        name: String,
        /// Where the first one is defined.
        first: &'static Location<'static>,
        /// Where the second one is defined. The same place if one definition was registered twice.
        second: &'static Location<'static>,
    },
    /// A name, URI template, schema or setting is invalid.
    #[error("the {kind} {name:?} is invalid: {reason}")]
    Invalid {
        /// "tool", "prompt", "resource", "method", "extension" or "server".
        kind: &'static str,
        /// The name, or URI.
        name: String,
        /// The violated rule, and the remedy.
        reason: String,
    },
    /// The schema of a tool has no form in its [dialect](crate::dialect::SchemaDialect).
    #[error(
        "the {schema} schema of the tool {tool:?} has no form in the dialect {dialect}: {error}"
    )]
    Dialect {
        /// The name of the tool.
        tool: String,
        /// "input" or "output".
        schema: &'static str,
        /// The dialect.
        dialect: SchemaDialect,
        /// What has no form, and where.
        error: DialectError,
    },
    /// A handler takes a [`State<S>`](crate::extract::State) that the server does not have.
    #[error(
        "the {kind} {name:?} ({place}) takes a `State<{state}>`, and the server has no such state: {}",
        StateRemedy(*.in_arc)
    )]
    MissingState {
        /// "tool", "prompt", "resource" or "method".
        kind: &'static str,
        /// The name, or URI.
        name: String,
        /// The type `S`.
        state: &'static str,
        /// Whether the server has an `Arc<S>` as state.
        in_arc: bool,
        /// Where the route is defined.
        place: &'static Location<'static>,
    },
    /// Several mistakes, in the order in which they were found.
    #[error("the server has {} mistakes:{}", .0.len(), Lines(.0))]
    Several(Vec<BuildError>),
}

impl BuildError {
    /// Returns one error for all of them; `None` if there are none.
    pub(crate) fn of(mut mistakes: Vec<Self>) -> Option<Self> {
        match mistakes.len() {
            0 | 1 => mistakes.pop(),
            _ => Some(Self::Several(mistakes)),
        }
    }
}

/// Without it, a program whose `main` returns the error would print the structure of the enum.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The places of a duplicate, with the remedy.
struct Places<'a>(&'a Location<'static>, &'a Location<'static>);

impl fmt::Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(first, second) = self;
        if first == second {
            return write!(f, "both times by the definition at {first}; register it once");
        }
        write!(f, "at {first} and at {second}; rename one of them")
    }
}

/// How a handler gets the state that it takes. True: the server has it in an `Arc`.
struct StateRemedy(bool);

impl fmt::Display for StateRemedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            false => "pass a value of this type to ServerBuilder::state",
            true => {
                "it has one in an `Arc`; pass the value itself to ServerBuilder::state, which \
                 shares it, or take a `State<Arc<…>>`"
            }
        })
    }
}

/// Mistakes, each on a line of its own.
struct Lines<'a>(&'a [BuildError]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|mistake| write!(f, "\n- {mistake}"))
    }
}

/// The server could not start, or ended because of an error.
///
/// Its `Debug` is the text of its `Display` with that of all causes, because that is what a program
/// prints whose `main` returns the error:
///
/// ```text
/// Error: the server cannot listen on 127.0.0.1:8080 (another program listens there, or another
/// instance of this one: stop it, or choose another port): Address already in use (os error 98)
/// ```
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct ServeError(#[from] ServeErrorKind);

#[derive(Debug, thiserror::Error)]
enum ServeErrorKind {
    #[error("the server cannot be built")]
    Build(#[source] BuildError),
    #[cfg(feature = "stdio")]
    #[error("the standard streams cannot be opened")]
    Streams(#[source] io::Error),
    #[error("the connection failed")]
    Transport(#[source] TransportError),
    #[cfg(feature = "stdio")]
    #[error("the task that serves the conversation ended early")]
    Task,
    #[cfg(feature = "http")]
    #[error("the address of the server cannot be resolved (write it as 127.0.0.1:8080)")]
    Resolve(#[source] io::Error),
    #[cfg(feature = "http")]
    #[error("the server cannot listen on {} ({})", Addresses(.addresses), listen_remedy(.source))]
    Listen { addresses: Vec<std::net::SocketAddr>, source: io::Error },
    #[cfg(feature = "http")]
    #[error("the socket has no address")]
    Socket(#[source] io::Error),
    #[cfg(feature = "http")]
    #[error(
        "the server does not listen on {0}, because other machines can reach it there and no host \
         names are allowed: listen on 127.0.0.1:{port}, or serve with Server::serve_http_with and call \
         HttpOptions::allow_host with each name that clients use, or HttpOptions::allow_any_host \
         behind a proxy that checks the Host header",
        port = .0.port()
    )]
    Exposed(std::net::SocketAddr),
    #[cfg(feature = "http")]
    #[error(
        "{0} tasks did not end when they were dropped, because a handler blocks its thread, so the \
         runtime cannot shut down: exit the process, or call Runtime::shutdown_background"
    )]
    Blocked(usize),
}

/// Without it, a program whose `main` returns the error would print its structure, and neither the
/// remedy nor the address.
impl fmt::Debug for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        write_sources(f, self)
    }
}

#[cfg(feature = "http")]
struct Addresses<'a>(&'a [std::net::SocketAddr]);

#[cfg(feature = "http")]
impl fmt::Display for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, address) in self.0.iter().enumerate() {
            write!(f, "{}{address}", if index == 0 { "" } else { " or " })?;
        }
        Ok(())
    }
}

/// What to do about a socket that cannot be listened on.
#[cfg(feature = "http")]
fn listen_remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there, or another instance of this one: stop it, or choose \
             another port"
        }
        io::ErrorKind::PermissionDenied => "ports below 1024 need privileges: choose a higher one",
        io::ErrorKind::AddrNotAvailable => {
            "this machine does not have the address: use 127.0.0.1 or one of its own"
        }
        _ => "choose another address",
    }
}

impl ServeError {
    #[cfg(feature = "stdio")]
    pub(crate) fn streams(error: io::Error) -> Self {
        Self(ServeErrorKind::Streams(error))
    }

    #[cfg(feature = "stdio")]
    pub(crate) fn task() -> Self {
        Self(ServeErrorKind::Task)
    }

    #[cfg(feature = "http")]
    pub(crate) fn resolve(error: io::Error) -> Self {
        Self(ServeErrorKind::Resolve(error))
    }

    #[cfg(feature = "http")]
    pub(crate) fn listen(addresses: Vec<std::net::SocketAddr>, source: io::Error) -> Self {
        Self(ServeErrorKind::Listen { addresses, source })
    }

    #[cfg(feature = "http")]
    pub(crate) fn socket(error: io::Error) -> Self {
        Self(ServeErrorKind::Socket(error))
    }

    #[cfg(feature = "http")]
    pub(crate) fn exposed(address: std::net::SocketAddr) -> Self {
        Self(ServeErrorKind::Exposed(address))
    }

    #[cfg(feature = "http")]
    pub(crate) fn blocked(tasks: usize) -> Self {
        Self(ServeErrorKind::Blocked(tasks))
    }

    /// Whether the server could not be built. Starting it again fails in the same way.
    #[must_use]
    pub fn is_build(&self) -> bool {
        matches!(self.0, ServeErrorKind::Build(_))
    }
}

impl From<BuildError> for ServeError {
    fn from(error: BuildError) -> Self {
        Self(ServeErrorKind::Build(error))
    }
}

impl From<TransportError> for ServeError {
    fn from(error: TransportError) -> Self {
        Self(ServeErrorKind::Transport(error))
    }
}

/// Logs the cause of a failure and returns −32603 with a correlation id that is also in the log.
#[cold]
pub(crate) fn internal(operation: &str, error: &dyn fmt::Display) -> ErrorObject {
    ErrorObject::internal_logged(
        |correlation| tracing::error!(%error, correlation, "{operation} failed"),
    )
}

/// Returns −32602 for parameters that cannot be decoded.
#[cold]
pub(crate) fn invalid_params(error: &serde_json::Error) -> ErrorObject {
    ErrorObject::invalid_params(reason(error))
}

/// Returns what is wrong with a JSON value, without the line and the column: they refer to a text
/// that the reader does not have.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    if let Some(end) = text.find(" at line ") {
        text.truncate(end);
    }
    text
}

/// Returns the error for the name of a tool or prompt that the server does not have.
#[cold]
pub(crate) fn unknown_route(kind: &str, name: &str) -> ErrorObject {
    let name = PeerText::with_max(name, MAX_NAME_CHARS);
    let details = json!({ "reason": format!("unknown_{kind}"), "name": name.to_string() });
    ErrorObject::invalid_params(format!("unknown {kind}: {name}"))
        .with_kind(ErrorKind::InvalidParams, &details)
}

/// Returns the error for a URI that no route reads. It has the code of the legacy era; `fit_error`
/// adapts it to the revision.
#[cold]
pub(crate) fn resource_not_found(uri: &str) -> ErrorObject {
    let message = format!("resource not found: {}", PeerText::new(uri));
    ErrorObject::new(code::RESOURCE_NOT_FOUND, message)
        .with_data(&json!({ "uri": uri }))
        .with_kind(ErrorKind::ResourceNotFound, &json!({ "reason": "resource_not_found" }))
}

/// Returns the error for a completion of a prompt that the server does not have.
#[cold]
pub(crate) fn no_such_prompt() -> ErrorObject {
    ErrorObject::invalid_params("/ref/name: no such prompt")
}

/// Returns the error for a completion of a URI template that the server does not have.
#[cold]
pub(crate) fn no_such_template() -> ErrorObject {
    ErrorObject::invalid_params("/ref/uri: no such resource template")
}
