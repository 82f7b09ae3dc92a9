//! Errors, by who receives them.
//!
//! A [`ToolError`] is sent to the model, in a result with `isError`. An [`ErrorObject`] is sent to
//! the client, as the error of a JSON-RPC response. A [`ServeError`] is returned to the caller of a
//! `serve` method. The type of a handler's error decides which of the first two is sent.

use std::fmt;

use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use mcp_core::text::PeerText;
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
    pub fn new(text: impl Into<String>) -> Self {
        Self { content: vec![Content::text(text)] }
    }

    /// Creates an error from content blocks.
    pub fn content(content: impl Into<Vec<Content>>) -> Self {
        Self { content: content.into() }
    }
}

// `ToolError` does not implement `std::error::Error`, so that this conversion does not overlap with
// the reflexive `From`.
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
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two tools, prompts, resources, methods or extensions have the same name.
    #[error("the {kind} {name:?} is registered twice")]
    Duplicate {
        /// "tool", "prompt", "resource", "method", "extension" or "server".
        kind: &'static str,
        /// The name, or URI.
        name: String,
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
}

/// The server could not start, or ended because of an error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ServeError(#[from] ServeErrorKind);

#[derive(Debug, thiserror::Error)]
enum ServeErrorKind {
    #[error("the server cannot be built")]
    Build(#[source] BuildError),
    #[cfg(feature = "stdio")]
    #[error("the standard streams cannot be opened")]
    Streams(#[source] std::io::Error),
    #[error("the connection failed")]
    Transport(#[source] TransportError),
    #[cfg(feature = "stdio")]
    #[error("the task that serves the conversation ended early")]
    Task,
    #[cfg(feature = "http")]
    #[error("the server cannot listen on the socket")]
    Listen(#[source] std::io::Error),
    #[cfg(feature = "http")]
    #[error(
        "{0} is reachable from other machines, and no host names are allowed: call \
         HttpOptions::allow_host with each name that clients use, or HttpOptions::allow_any_host behind \
         a proxy that checks the Host header, or listen on 127.0.0.1"
    )]
    Exposed(std::net::SocketAddr),
    #[cfg(feature = "http")]
    #[error(
        "{0} tasks did not end when they were dropped, because a handler blocks its thread, so the \
         runtime cannot shut down: exit the process, or call Runtime::shutdown_background"
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
    ErrorObject::new(code::RESOURCE_NOT_FOUND, "resource not found")
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
