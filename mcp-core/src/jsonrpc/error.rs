//! The error object of a JSON-RPC response.

use std::fmt;

use jsonrpsee_types::ErrorObjectOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::capability_names;
use super::code;
use super::error_kind::ErrorKind;
use crate::text::PeerText;

/// Maximum length of a method name that an error message repeats, in characters. Fixed: the caller
/// knows the method it sent.
const MAX_NAME_CHARS: usize = 128;
/// Maximum length of a message that `Display` shows, in characters. Fixed: the peer may have sent
/// it, and the whole of it is available from [`ErrorObject::message`].
const MAX_MESSAGE_CHARS: usize = 2_048;

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
/// Two errors are equal if the same is sent for both.
#[derive(Clone)]
pub struct ErrorObject {
    sent: ErrorObjectOwned,
    /// What is known beyond the code. Few errors have it.
    refined: Option<Box<Refined>>,
}

/// What is known of an error beyond its code.
#[derive(Clone)]
struct Refined {
    kind: ErrorKind,
    details: Value,
}

impl ErrorObject {
    /// Creates an error with a code and a message.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        ErrorObjectOwned::owned(code, message, None::<()>).into()
    }

    /// Sets the data. Data that cannot be serialized as JSON is omitted.
    #[must_use]
    pub fn with_data<T: Serialize>(self, data: &T) -> Self {
        let sent = ErrorObjectOwned::owned(self.code(), self.message(), Some(data));
        Self { sent, refined: self.refined }
    }

    /// States the condition more precisely than the code does.
    ///
    /// A revision whose [`ErrorTable`](super::ErrorTable) has a code of its own for the kind sends
    /// that code. The draft of the next revision adds the members of `details`, an object, to the
    /// data; other revisions do not send them. Details that cannot be serialized as JSON are
    /// omitted.
    ///
    /// ```
    /// use mcp_core::Revision;
    /// use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
    /// use serde_json::json;
    ///
    /// let error = ErrorObject::new(code::INTERNAL_ERROR, "too many searches")
    ///     .with_kind(ErrorKind::RateLimited, &json!({ "retryAfterMs": 500 }));
    /// // Published revisions have no code for rate limits.
    /// assert_eq!(Revision::LATEST.rules().errors.fit(error).code(), code::INTERNAL_ERROR);
    /// ```
    #[must_use]
    pub fn with_kind<T: Serialize>(self, kind: ErrorKind, details: &T) -> Self {
        let details = serde_json::to_value(details).unwrap_or_default();
        Self { sent: self.sent, refined: Some(Box::new(Refined { kind, details })) }
    }

    /// Replaces the code.
    pub(super) fn with_code(self, code: i32) -> Self {
        let sent = ErrorObjectOwned::owned(code, self.message(), self.data());
        let kind = self.kind();
        let refined =
            self.refined.unwrap_or_else(|| Box::new(Refined { kind, details: Value::Null }));
        Self { sent, refined: Some(refined) }
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
    pub fn missing_capability(required: &Value) -> Self {
        let names = capability_names(required).join("`, `");
        Self::new(
            code::MISSING_REQUIRED_CLIENT_CAPABILITY,
            format!(
                "the client did not declare the capability `{names}`, which this request needs"
            ),
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
    ///
    /// ```
    /// use mcp_core::jsonrpc::{ErrorObject, code};
    ///
    /// assert_eq!(ErrorObject::invalid_params("no such tool").code(), code::INVALID_PARAMS);
    /// ```
    pub fn code(&self) -> i32 {
        self.sent.code()
    }

    /// Returns the message.
    ///
    /// ```
    /// use mcp_core::jsonrpc::ErrorObject;
    ///
    /// assert_eq!(ErrorObject::invalid_params("no such tool").message(), "no such tool");
    /// ```
    pub fn message(&self) -> &str {
        self.sent.message()
    }

    /// Returns the data as JSON text.
    ///
    /// ```
    /// use mcp_core::jsonrpc::ErrorObject;
    /// use serde_json::json;
    ///
    /// let error = ErrorObject::invalid_params("too long").with_data(&json!({ "max": 80 }));
    /// assert_eq!(error.data().map(|data| data.get()), Some(r#"{"max":80}"#));
    /// ```
    pub fn data(&self) -> Option<&RawValue> {
        self.sent.data()
    }

    /// Returns the condition that the error reports. That of an error of the peer follows from its
    /// code.
    ///
    /// ```
    /// use mcp_core::jsonrpc::{ErrorKind, ErrorObject};
    ///
    /// assert_eq!(ErrorObject::method_not_found("x/y").kind(), ErrorKind::MethodNotFound);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        match &self.refined {
            Some(refined) => refined.kind,
            None => ErrorKind::of_code(self.code()),
        }
    }

    /// Returns the details, if there are any.
    pub(super) fn details(&self) -> Option<&Value> {
        self.refined.as_ref().map(|refined| &refined.details).filter(|details| details.is_object())
    }
}

impl PartialEq for ErrorObject {
    fn eq(&self, other: &Self) -> bool {
        self.sent == other.sent
    }
}

impl Serialize for ErrorObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.sent.serialize(serializer)
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
        Ok(ErrorObjectOwned::owned(code, message, data).into())
    }
}

impl From<ErrorObjectOwned> for ErrorObject {
    fn from(sent: ErrorObjectOwned) -> Self {
        Self { sent, refined: None }
    }
}

impl From<ErrorObject> for ErrorObjectOwned {
    fn from(error: ErrorObject) -> Self {
        error.sent
    }
}

impl fmt::Debug for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sent.fmt(f)
    }
}

impl fmt::Display for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", PeerText::with_max(self.message(), MAX_MESSAGE_CHARS), self.code())
    }
}

impl std::error::Error for ErrorObject {}
