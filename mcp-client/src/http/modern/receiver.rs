//! The messages that a modern server sends beside a response.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{MethodName, RequestId};
use mcp_core::service::{Notification, Reply};
use mcp_core::text::PeerText;

use crate::http::client_side::ClientSide;
use crate::http::read::Receiver;

/// Hands notifications to the client. A modern server sends no requests (BASE-8), and each response
/// on the stream of its own request.
pub(super) struct ModernReceiver(pub(super) ClientSide);

impl Receiver for ModernReceiver {
    fn accepts_batches(&self) -> bool {
        self.0.accepts_batches()
    }

    async fn notification(&self, method: MethodName, params: JsonBytes) {
        self.0.notify(Notification::new(method, params)).await;
    }

    async fn request(&self, _: RequestId, method: MethodName, _: JsonBytes) {
        let method = PeerText::new(&method);
        tracing::warn!(%method, "dropped a request: this revision's servers send none");
    }

    fn response(&self, id: &RequestId, _: Reply) {
        tracing::debug!(?id, "dropped a response that no call waits for");
    }
}
