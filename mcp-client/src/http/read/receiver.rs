//! Where the other messages of a response go.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{MethodName, RequestId};
use mcp_core::service::Reply;

/// Takes the messages of a response that are not the awaited one.
pub(crate) trait Receiver: Send + Sync {
    /// Whether the revision has batches.
    fn accepts_batches(&self) -> bool;

    /// A notification of the server. The next message waits for it.
    fn notification(
        &self,
        method: MethodName,
        params: JsonBytes,
    ) -> impl Future<Output = ()> + Send;

    /// A request of the server. The next message waits until its handler has begun.
    fn request(
        &self,
        id: RequestId,
        method: MethodName,
        params: JsonBytes,
    ) -> impl Future<Output = ()> + Send;

    /// The response to another request.
    fn response(&self, id: &RequestId, reply: Reply);
}
