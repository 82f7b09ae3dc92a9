//! The outcome of a call, and how it is written within the limits of the connection.

use bytes::BytesMut;

use crate::json::JsonBytes;
use crate::jsonrpc::{ErrorObject, RequestId, code, write_error, write_result};
use crate::transport::{TransportError, TransportErrorKind};

/// Why a call has no result.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The peer answered with an error.
    #[error("the peer answered with an error: {0}")]
    Peer(ErrorObject),
    /// No answer arrived.
    #[error("no answer arrived")]
    Transport(#[source] TransportError),
}

impl From<ErrorObject> for CallError {
    fn from(error: ErrorObject) -> Self {
        Self::Peer(error)
    }
}

impl From<TransportError> for CallError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

/// The answer to a request: the text of the `result` object, or the reason why there is none.
pub type Reply = Result<JsonBytes, CallError>;

/// Converts a reply into the answer to send: a result of at most `max_bytes` bytes, or an error
/// object.
///
/// A result that is too long becomes −32603. So does a transport error, whose cause is logged.
///
/// # Errors
/// The error object to send.
pub fn outgoing(id: &RequestId, reply: Reply, max_bytes: usize) -> Result<JsonBytes, ErrorObject> {
    match reply {
        Ok(result) if result.as_bytes().len() <= max_bytes => Ok(result),
        Ok(result) => {
            let length = result.as_bytes().len();
            tracing::error!(%id, length, max_bytes, "a result exceeds max_outgoing_bytes; raise the limit or return less");
            Err(too_long(length, max_bytes))
        }
        Err(CallError::Peer(error)) => Err(error),
        Err(CallError::Transport(error)) => {
            tracing::error!(%id, %error, "a call could not be forwarded");
            Err(ErrorObject::internal())
        }
    }
}

/// Appends the response to a request. The result may have at most `max_bytes` bytes; see
/// [`outgoing`].
///
/// ```
/// use bytes::BytesMut;
/// use mcp_core::json::JsonBytes;
/// use mcp_core::service::write_reply;
///
/// let mut out = BytesMut::new();
/// write_reply(&mut out, &1.into(), Ok(JsonBytes::empty_object()), 1 << 20);
/// assert_eq!(out, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
/// ```
pub fn write_reply(out: &mut BytesMut, id: &RequestId, reply: Reply, max_bytes: usize) {
    match outgoing(id, reply, max_bytes) {
        Ok(result) => write_result(out, id, result.as_bytes()),
        Err(error) => write_error(out, Some(id), &error),
    }
}

/// Rejects parameters that are longer than `max_bytes`, the limit for what this side sends.
///
/// # Errors
/// [`TransportErrorKind::TooLong`].
pub fn check_outgoing(length: usize, max_bytes: usize) -> Result<(), TransportError> {
    if length <= max_bytes {
        return Ok(());
    }
    let message =
        format!("the message has {length} bytes; the limit is {max_bytes} (max_outgoing_bytes)");
    Err(TransportError::new(TransportErrorKind::TooLong, message))
}

/// The responses to one batch: one array of a limited length.
#[derive(Debug)]
pub struct BatchReply {
    out: BytesMut,
    max_bytes: usize,
}

impl BatchReply {
    /// Creates an empty batch that accepts results as long as all of it has at most `max_bytes`
    /// bytes.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self { out: BytesMut::new(), max_bytes }
    }

    /// Adds the response to a request. A result that no longer fits becomes −32603.
    pub fn push(&mut self, id: &RequestId, reply: Reply) {
        let remaining = self.max_bytes.saturating_sub(self.out.len());
        self.write_separator();
        write_reply(&mut self.out, id, reply, remaining);
    }

    /// Adds the error response to an invalid entry, without an id if that of the entry was not
    /// readable.
    pub fn push_error(&mut self, id: Option<&RequestId>, error: &ErrorObject) {
        self.write_separator();
        write_error(&mut self.out, id, error);
    }

    /// Whether there are no responses.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Returns the length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Returns the array, or `None` if there are no responses, because an empty array must not be
    /// sent.
    #[must_use]
    pub fn finish(mut self) -> Option<BytesMut> {
        if self.out.is_empty() {
            return None;
        }
        self.out.extend_from_slice(b"]");
        Some(self.out)
    }

    fn write_separator(&mut self) {
        self.out.extend_from_slice(if self.out.is_empty() { b"[" } else { b"," });
    }
}

#[cold]
fn too_long(length: usize, max_bytes: usize) -> ErrorObject {
    ErrorObject::new(
        code::INTERNAL_ERROR,
        format!("the result has {length} bytes; the limit is {max_bytes} (max_outgoing_bytes)"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(text: &str) -> Reply {
        Ok(JsonBytes::from_trusted(text))
    }

    #[test]
    fn a_batch_is_one_array_and_an_empty_one_is_not_sent() {
        assert!(BatchReply::new(100).finish().is_none());
        let mut batch = BatchReply::new(1_000);
        batch.push(&1.into(), result("{}"));
        batch.push_error(None, &ErrorObject::invalid_request("bad"));
        let text = batch.finish().unwrap();
        let entries: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0]["result"], serde_json::json!({}));
        assert_eq!(entries[1]["error"]["code"], code::INVALID_REQUEST);
    }

    #[test]
    fn the_limit_applies_to_the_whole_batch() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(400));
        let mut batch = BatchReply::new(1_000);
        for id in 0..10 {
            batch.push(&id.into(), result(&long));
        }
        let text = batch.finish().unwrap();
        let entries: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
        let results = entries.iter().filter(|entry| entry.get("result").is_some()).count();
        assert_eq!((entries.len(), results), (10, 2));
        assert!(text.len() < 1_000 + 10 * 200);
    }
}
