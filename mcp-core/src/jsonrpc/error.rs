//! The error object of a JSON-RPC response, and the codes of the protocol.

use std::fmt;

use jsonrpsee_types::ErrorObjectOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Error codes, and where each is defined.
pub mod code {
    /// The bytes are not JSON (JSON-RPC 2.0).
    pub const PARSE_ERROR: i32 = jsonrpsee_types::error::PARSE_ERROR_CODE;
    /// The JSON is not a message (JSON-RPC 2.0).
    pub const INVALID_REQUEST: i32 = jsonrpsee_types::error::INVALID_REQUEST_CODE;
    /// No such method, or its capability is not offered (JSON-RPC 2.0).
    pub const METHOD_NOT_FOUND: i32 = jsonrpsee_types::error::METHOD_NOT_FOUND_CODE;
    /// The parameters do not fit the method (JSON-RPC 2.0).
    pub const INVALID_PARAMS: i32 = jsonrpsee_types::error::INVALID_PARAMS_CODE;
    /// Something failed inside (JSON-RPC 2.0).
    pub const INTERNAL_ERROR: i32 = jsonrpsee_types::error::INTERNAL_ERROR_CODE;
    /// No such resource (up to 2025-11-25; later revisions use [`INVALID_PARAMS`]).
    pub const RESOURCE_NOT_FOUND: i32 = -32002;
    /// A URL has to be visited first (2025-11-25 alone).
    pub const URL_ELICITATION_REQUIRED: i32 = -32042;
    /// HTTP headers and body disagree (2026-07-28).
    pub const HEADER_MISMATCH: i32 = -32020;
    /// The request cannot be served without a capability that the client did not declare (2026-07-28).
    pub const MISSING_REQUIRED_CLIENT_CAPABILITY: i32 = -32021;
    /// The revision is not offered (2026-07-28).
    pub const UNSUPPORTED_PROTOCOL_VERSION: i32 = -32022;
}

/// What a JSON-RPC error response carries: a code, one short sentence, and data if any.
///
/// A handler that returns one answers its request with a *protocol* error. A failure that the model should
/// see and may repair is a tool error instead, and travels in a result.
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ErrorObject(ErrorObjectOwned);

impl ErrorObject {
    /// An error with a code and a message.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self(ErrorObjectOwned::owned(code, message, None::<()>))
    }

    /// The same error with data. Data that cannot be written as JSON is left out.
    #[must_use]
    pub fn with_data<T: Serialize>(self, data: &T) -> Self {
        Self(ErrorObjectOwned::owned(self.code(), self.message(), Some(data)))
    }

    /// −32700, with what is wrong.
    pub fn parse_error(message: impl Into<String>) -> Self {
        Self::new(code::PARSE_ERROR, message)
    }

    /// −32600, with what is wrong.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(code::INVALID_REQUEST, message)
    }

    /// −32601 for a method that does not exist here.
    pub fn method_not_found(method: &str) -> Self {
        Self::new(code::METHOD_NOT_FOUND, format!("method not found: {}", Shown(method)))
    }

    /// −32602, with what is wrong.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(code::INVALID_PARAMS, message)
    }

    /// −32603 without details: what went wrong belongs in the log, not on the wire.
    pub fn internal() -> Self {
        Self::new(code::INTERNAL_ERROR, "internal error")
    }

    /// As [`ErrorObject::internal`], with a new id in `data.correlationId` that finds the reason in the log.
    ///
    /// `log` is told the id.
    pub fn internal_logged(log: impl FnOnce(&str)) -> Self {
        let id = super::correlation::next();
        log(&id);
        Self::internal().with_data(&serde_json::json!({ "correlationId": id }))
    }

    /// −32021: `required` is a `ClientCapabilities` object that names what the client would have to declare.
    pub fn missing_capability(required: &serde_json::Value) -> Self {
        Self::new(
            code::MISSING_REQUIRED_CLIENT_CAPABILITY,
            "the client lacks a required capability",
        )
        .with_data(&serde_json::json!({ "requiredCapabilities": required }))
    }

    /// −32022: `supported` are the revisions that are offered.
    pub fn unsupported_version(requested: &str, supported: &[&str]) -> Self {
        Self::new(code::UNSUPPORTED_PROTOCOL_VERSION, "unsupported protocol version")
            .with_data(&serde_json::json!({ "supported": supported, "requested": requested }))
    }

    /// The code.
    pub fn code(&self) -> i32 {
        self.0.code()
    }

    /// The message.
    pub fn message(&self) -> &str {
        self.0.message()
    }

    /// The data, as JSON text.
    pub fn data(&self) -> Option<&RawValue> {
        self.0.data()
    }
}

impl<'de> Deserialize<'de> for ErrorObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Members that are not known are left out: some peers add their own, and the error counts.
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
        write!(f, "{} ({})", self.message(), self.code())
    }
}

impl std::error::Error for ErrorObject {}

/// A name from the peer, cut short and stripped of control characters for use in a message.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for character in self.0.chars().take(128).filter(|character| !character.is_control()) {
            f.write_char(character)?;
        }
        if self.0.chars().nth(128).is_some() { f.write_char('…') } else { Ok(()) }
    }
}
