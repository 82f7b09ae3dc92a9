//! `notifications/cancelled`. Spec: basic/utilities/cancellation, basic/patterns/cancellation.

use crate::json::object;
use crate::jsonrpc::RequestId;
use crate::meta::Meta;

object! {
    /// Params of `notifications/cancelled`. All revisions.
    pub struct CancelledParams {
        /// The id of the request to cancel. Required in all revisions but 2025-11-25, which omits
        /// it for tasks.
        request_id?: RequestId = "requestId",
        /// The reason, for logs or for display.
        reason?: String = "reason",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
