//! The messages that a legacy server sends beside a response.

use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{MethodName, RequestId};
use mcp_core::method::NotificationMethod as _;
use mcp_core::method::notification::Cancelled;
use mcp_core::service::{Notification, Reply};

use super::awaited::AwaitedCalls;
use super::server_requests::ServerRequests;
use crate::http::client_side::ClientSide;
use crate::http::read::Receiver;

/// Hands requests and notifications to the client, and late responses to their calls.
#[derive(Clone)]
pub(super) struct SessionReceiver {
    pub(super) client: ClientSide,
    pub(super) requests: Arc<ServerRequests>,
    pub(super) awaited: Arc<AwaitedCalls>,
    /// The call whose stream is read; `None` for the stream of the session.
    pub(super) call: Option<RequestId>,
}

impl SessionReceiver {
    /// For the stream of a call.
    pub(super) fn of_call(&self, id: &RequestId) -> Self {
        Self { call: Some(id.clone()), ..self.clone() }
    }
}

impl Receiver for SessionReceiver {
    fn accepts_batches(&self) -> bool {
        self.client.accepts_batches()
    }

    async fn notification(&self, method: MethodName, params: JsonBytes) {
        if method == Cancelled::NAME {
            self.requests.cancel(&params);
        }
        self.client.notify(Notification::new(method, params)).await;
    }

    async fn request(&self, id: RequestId, method: MethodName, params: JsonBytes) {
        self.requests.begin(id, method, params, self.call.clone()).await;
    }

    fn response(&self, id: &RequestId, reply: Reply) {
        if !self.awaited.answer(id, reply) {
            tracing::debug!(?id, "dropped a response that no call waits for");
        }
    }
}
