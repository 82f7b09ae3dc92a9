//! The error object of a JSON-RPC response, and the error codes of the protocol.

use std::fmt;

use jsonrpsee_types::ErrorObjectOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::text::PeerText;

/// Maximum length of a method name that an error message repeats, in characters. Fixed: the caller
/// knows the method it sent.
const MAX_NAME_CHARS: usize = 128;
/// Maximum length of a message that `Display` shows, in characters. Fixed: the peer may have sent
/// it, and the whole of it is available from [`ErrorObject::message`].
const MAX_MESSAGE_CHARS: usize = 2_048;

/// The error codes, each with the document that defines it.
pub mod code {
    /// The bytes are not JSON (JSON-RPC 2.0).
    pub const PARSE_ERROR: i32 = jsonrpsee_types::error::PARSE_ERROR_CODE;
    /// The JSON is not a message (JSON-RPC 2.0).
    pub const INVALID_REQUEST: i32 = jsonrpsee_types::error::INVALID_REQUEST_CODE;
    /// The method does not exist, or its capability is not offered (JSON-RPC 2.0).
    pub const METHOD_NOT_FOUND: i32 = jsonrpsee_types::error::METHOD_NOT_FOUND_CODE;
    /// The parameters are not valid for the method (JSON-RPC 2.0).
    pub const INVALID_PARAMS: i32 = jsonrpsee_types::error::INVALID_PARAMS_CODE;
    /// An internal error (JSON-RPC 2.0).
    pub const INTERNAL_ERROR: i32 = jsonrpsee_types::error::INTERNAL_ERROR_CODE;
    /// The resource does not exist (until 2025-11-25; later revisions use [`INVALID_PARAMS`]).
    pub const RESOURCE_NOT_FOUND: i32 = -32002;
    /// The user must visit a URL first (2025-11-25 only).
    pub const URL_ELICITATION_REQUIRED: i32 = -32042;
    /// The HTTP header fields contradict the body (since 2026-07-28).
    pub const HEADER_MISMATCH: i32 = -32020;
    /// The request needs a capability that the client did not declare (since 2026-07-28).
    pub const MISSING_REQUIRED_CLIENT_CAPABILITY: i32 = -32021;
    /// The server does not support the protocol revision (since 2026-07-28).
    pub const UNSUPPORTED_PROTOCOL_VERSION: i32 = -32022;
}

/// The error of a JSON-RPC response: a code, a message of one short sentence, and optional data.
///
/// A handler that returns one answers its request with a *protocol* error. A failure that the model
/// should see and may correct is a tool error instead, which is part of a result.
///
/// `Display` shortens the message and escapes control characters in it, because it may come from
/// the peer.
///
/// ```
/// use mcp_core::jsonrpc::{ErrorObject, code};
///
/// let error = ErrorObject::invalid_params("the cursor is not valid; omit it to start again");
/// assert_eq!(error.code(), code::INVALID_PARAMS);
/// assert_eq!(error.to_string(), "the cursor is not valid; omit it to start again (-32602)");
/// ```
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ErrorObject(ErrorObjectOwned);

impl ErrorObject {
    /// Creates an error with a code and a message.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self(ErrorObjectOwned::owned(code, message, None::<()>))
    }

    /// Sets the data. Data that cannot be serialized as JSON is omitted.
    #[must_use]
    pub fn with_data<T: Serialize>(self, data: &T) -> Self {
        Self(ErrorObjectOwned::owned(self.code(), self.message(), Some(data)))
    }

    /// Creates the error −32700 (the bytes are not JSON).
    pub fn parse_error(message: impl Into<String>) -> Self {
        Self::new(code::PARSE_ERROR, message)
    }

    /// Creates the error −32600 (the JSON is not a message).
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(code::INVALID_REQUEST, message)
    }

    /// Creates the error −32601 for a method that does not exist.
    pub fn method_not_found(method: &str) -> Self {
        Self::new(
            code::METHOD_NOT_FOUND,
            format!("method not found: {}", PeerText::with_max(method, MAX_NAME_CHARS)),
        )
    }

    /// Creates the error −32602 (the parameters are not valid).
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(code::INVALID_PARAMS, message)
    }

    /// Creates the error −32603 without details, which belong in the log and not on the wire.
    pub fn internal() -> Self {
        Self::new(code::INTERNAL_ERROR, "internal error")
    }

    /// Creates the error −32603 with a new id in `data.correlationId`, and calls `log` with the
    /// same id so that the cause can be found in the log.
    pub fn internal_logged(log: impl FnOnce(&str)) -> Self {
        let id = super::correlation::next();
        log(&id);
        Self::internal().with_data(&serde_json::json!({ "correlationId": id }))
    }

    /// Creates the error −32021. `required` is a `ClientCapabilities` object with the capabilities
    /// that the request needs.
    pub fn missing_capability(required: &serde_json::Value) -> Self {
        Self::new(
            code::MISSING_REQUIRED_CLIENT_CAPABILITY,
            "the client lacks a required capability",
        )
        .with_data(&serde_json::json!({ "requiredCapabilities": required }))
    }

    /// Creates the error −32021 for a request that needs an extension, which the client did not
    /// declare.
    pub fn missing_extension(id: &str) -> Self {
        Self::missing_capability(&serde_json::json!({ "extensions": { id: {} } }))
    }

    /// Creates the error −32022 with the requested and the supported revisions.
    pub fn unsupported_version(requested: &str, supported: &[&str]) -> Self {
        Self::new(code::UNSUPPORTED_PROTOCOL_VERSION, "unsupported protocol version")
            .with_data(&serde_json::json!({ "supported": supported, "requested": requested }))
    }

    /// Returns the code.
    pub fn code(&self) -> i32 {
        self.0.code()
    }

    /// Returns the message.
    pub fn message(&self) -> &str {
        self.0.message()
    }

    /// Returns the data as JSON text.
    pub fn data(&self) -> Option<&RawValue> {
        self.0.data()
    }
}

impl<'de> Deserialize<'de> for ErrorObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Unknown members are ignored: some peers add their own.
        #[derive(Deserialize)]
        #[serde(rename = "error")]
        struct Members {
            code: i32,
            message: String,
            data: Option<Box<RawValue>>,
        }
        let Members { code, message, data } = Members::deserialize(deserializer)?;
        Ok(Self(ErrorObjectOwned::owned(code, message, data)))
    }
}

impl From<ErrorObjectOwned> for ErrorObject {
    fn from(error: ErrorObjectOwned) -> Self {
        Self(error)
    }
}

impl From<ErrorObject> for ErrorObjectOwned {
    fn from(error: ErrorObject) -> Self {
        error.0
    }
}

impl fmt::Debug for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", PeerText::with_max(self.message(), MAX_MESSAGE_CHARS), self.code())
    }
}

impl std::error::Error for ErrorObject {}
