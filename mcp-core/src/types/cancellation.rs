//! `notifications/cancelled`. Spec: basic/utilities/cancellation, basic/patterns/cancellation.

use crate::json::object;
use crate::jsonrpc::RequestId;
use crate::meta::Meta;

object! {
    /// Params of `notifications/cancelled`. All revisions.
    pub struct CancelledParams {
        /// The request to cancel. Required in all revisions but 2025-11-25, where it is absent for tasks.
        request_id?: RequestId = "requestId",
        /// Why, for a log or a person.
        reason?: String = "reason",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
