//! The three kinds of message: request, notification and response.

use super::{ErrorObject, MethodName, Params, RequestId};
use crate::json::JsonBytes;

/// One message. `params` and `result` are raw JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A message that expects a response.
    Request {
        /// The id, which the response repeats.
        id: RequestId,
        /// The method.
        method: MethodName,
        /// The parameters: an object, `{}` if the message had none.
        params: Params,
    },
    /// A message that expects no response.
    Notification {
        /// The method.
        method: MethodName,
        /// The parameters: an object, `{}` if the message had none.
        params: Params,
    },
    /// The response to a request.
    Response {
        /// The id of the request; `None` if the peer could not read it.
        id: Option<RequestId>,
        /// The `result` object, or the `error`.
        outcome: Result<JsonBytes, ErrorObject>,
    },
}
