//! Cancels a call that is dropped: in this era a closed stream does not do so (SH-10).

use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::RequestId;
use mcp_core::method::NotificationMethod as _;
use mcp_core::method::notification::Cancelled;
use mcp_core::service::CancelReason;
use mcp_core::types::CancelledParams;

use super::channel::SessionChannel;

/// Cancels the request of a call, if the call is dropped while it waits.
pub(super) struct CancelOnDrop<'a> {
    channel: &'a Arc<SessionChannel>,
    id: Option<RequestId>,
    reason: Option<CancelReason>,
}

impl<'a> CancelOnDrop<'a> {
    pub(super) fn new(channel: &'a Arc<SessionChannel>, reason: Option<CancelReason>) -> Self {
        Self { channel, id: None, reason }
    }

    /// The call waits for this request from now on.
    pub(super) fn waits_for(&mut self, id: &RequestId) {
        self.id = Some(id.clone());
    }

    /// The call has its outcome.
    pub(super) fn disarm(mut self) {
        self.id = None;
    }
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (&self.id, tokio::runtime::Handle::try_current()) else {
            return;
        };
        if self.channel.sender().is_closed() {
            return; // The end of the session ends its requests.
        }
        let mut params = CancelledParams::new();
        params.request_id = Some(id.clone());
        params.reason = self.reason.as_ref().and_then(CancelReason::get).map(str::to_owned);
        let Ok(params) = JsonBytes::new(&params) else { return };
        let channel = Arc::clone(self.channel);
        runtime.spawn(async move {
            if let Err(error) = channel.post_notification(Cancelled::NAME, &params).await {
                tracing::debug!(%error, "a cancellation did not reach the server");
            }
        });
    }
}
