//! What can go wrong, by who gets to see it.
//!
//! A [`ToolError`] goes to the model, in a result with `isError`. An [`ErrorObject`] goes to the
//! client, as the error of a JSON-RPC response. A [`ServeError`] goes to whoever started the
//! server. Which of the first two a handler's failure becomes is decided by its type.

use std::fmt;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::transport::TransportError;
use mcp_core::types::{CallToolResult, Content};

/// A failure of a tool that the model sees, and may repair.
///
/// Any error turns into one with `?`; its text, and that of its sources, is what the model reads.
/// Use [`ErrorObject`] for what must not reach the model.
#[derive(Debug, Clone)]
pub struct ToolError {
    content: Vec<Content>,
}

impl ToolError {
    /// A failure described by a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { content: vec![Content::text(text)] }
    }

    /// A failure described by content blocks.
    pub fn content(content: impl Into<Vec<Content>>) -> Self {
        Self { content: content.into() }
    }
}

// `ToolError` is no `std::error::Error` itself, so that every error can become one.
impl<E: std::error::Error> From<E> for ToolError {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::new(text)
    }
}

/// What a tool's error becomes. Implement it for an error type of your own to choose per value.
///
/// Error types that do not implement it, but [`Display`](fmt::Display), become a text for the model when a
/// macro wrote the tool.
pub trait IntoToolError {
    /// `Ok` is a result that the model sees; `Err` is a protocol error.
    ///
    /// # Errors
    /// The protocol error, when it is one.
    fn into_tool_error(self) -> Result<CallToolResult, ErrorObject>;
}

impl IntoToolError for ToolError {
    fn into_tool_error(self) -> Result<CallToolResult, ErrorObject> {
        Ok(CallToolResult::new().content(self.content).is_error(true))
    }
}

/// For prompts and resources, whose results have no place for an error: −32603, with the text in
/// the log.
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

/// Something that was registered cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two tools, prompts, resources, methods or extensions have one name.
    #[error("the {kind} {name:?} is registered twice")]
    Duplicate {
        /// "tool", "prompt", "resource", "method", "extension" or "server".
        kind: &'static str,
        /// The name, or URI.
        name: String,
    },
    /// A name, template or schema breaks a rule.
    #[error("the {kind} {name:?} is not valid: {reason}")]
    Invalid {
        /// "tool", "prompt", "resource", "method", "extension" or "server".
        kind: &'static str,
        /// The name, or URI.
        name: String,
        /// Which rule, and what to do.
        reason: String,
    },
}

/// The server could not start, or ended other than by being asked to.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ServeError(#[from] ServeErrorKind);

#[derive(Debug, thiserror::Error)]
enum ServeErrorKind {
    #[error("the server cannot be built")]
    Build(#[source] BuildError),
    #[cfg(feature = "stdio")]
    #[error("the standard streams cannot be taken over")]
    Streams(#[source] std::io::Error),
    #[error("the connection broke")]
    Transport(#[source] TransportError),
    #[cfg(feature = "stdio")]
    #[error("the server's own task ended early")]
    Task,
    #[cfg(feature = "http")]
    #[error("the socket cannot be listened on")]
    Listen(#[source] std::io::Error),
    #[cfg(feature = "http")]
    #[error(
        "other machines reach {0}, and no host names are set: call HttpOptions::allow_host with each name that \
         clients use, or HttpOptions::allow_any_host behind a proxy that checks the Host, or listen on 127.0.0.1"
    )]
    Exposed(std::net::SocketAddr),
    #[cfg(feature = "http")]
    #[error(
        "{0} tasks did not end when they were dropped, because a handler blocks its thread, so that the runtime \
         cannot end either: exit the process, or shut the runtime down in the background"
    )]
    Blocked(usize),
}

impl ServeError {
    #[cfg(feature = "stdio")]
    pub(crate) fn streams(error: std::io::Error) -> Self {
        Self(ServeErrorKind::Streams(error))
    }

    #[cfg(feature = "stdio")]
    pub(crate) fn task() -> Self {
        Self(ServeErrorKind::Task)
    }

    #[cfg(feature = "http")]
    pub(crate) fn listen(error: std::io::Error) -> Self {
        Self(ServeErrorKind::Listen(error))
    }

    #[cfg(feature = "http")]
    pub(crate) fn exposed(address: std::net::SocketAddr) -> Self {
        Self(ServeErrorKind::Exposed(address))
    }

    #[cfg(feature = "http")]
    pub(crate) fn blocked(tasks: usize) -> Self {
        Self(ServeErrorKind::Blocked(tasks))
    }

    /// Whether a registration was wrong, so that starting again will not help.
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

/// Logs the cause of a failure and returns −32603 with a correlation id that leads to the log line.
#[cold]
pub(crate) fn internal(doing: &str, error: &dyn fmt::Display) -> ErrorObject {
    ErrorObject::internal_logged(
        |correlation| tracing::error!(%error, correlation, "{doing} failed"),
    )
}

/// −32602 for parameters that cannot be read.
#[cold]
pub(crate) fn invalid_params(error: &serde_json::Error) -> ErrorObject {
    ErrorObject::invalid_params(reason(error))
}

/// What is wrong with a JSON value, without the line and the column: they count in a text that the
/// reader does not have.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    if let Some(end) = text.find(" at line ") {
        text.truncate(end);
    }
    text
}
