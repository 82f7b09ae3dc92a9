//! The three kinds of message.

use super::{ErrorObject, MethodName, RequestId};
use crate::json::JsonBytes;

/// One message of a peer, its payload still raw.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Asks for an answer.
    Request {
        /// What the answer has to carry.
        id: RequestId,
        /// What is asked.
        method: MethodName,
        /// An object, `{}` where the message had none.
        params: JsonBytes,
    },
    /// Asks for nothing.
    Notification {
        /// What is told.
        method: MethodName,
        /// An object, `{}` where the message had none.
        params: JsonBytes,
    },
    /// Answers a request.
    Response {
        /// The request's id; none where the peer could not read it.
        id: Option<RequestId>,
        /// The `result`, or the `error`.
        outcome: Result<JsonBytes, ErrorObject>,
    },
}
