//! `notifications/progress`. Spec: basic/utilities/progress, basic/patterns/progress.

use crate::json::{Float, object};
use crate::jsonrpc::RequestId;
use crate::meta::Meta;

/// The token that progress notifications refer to: a string or an integer, like a request id.
pub type ProgressToken = RequestId;

object! {
    /// Params of `notifications/progress`. All revisions.
    pub struct ProgressParams {
        /// The token from the `_meta` of the request.
        progress_token: ProgressToken = "progressToken",
        /// The progress so far, which increases with each notification.
        progress: f64 = "progress" via Float,
        /// The total, if known.
        total?: f64 = "total" via Float,
        /// A message to display. Since 2025-03-26.
        message?: String = "message",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
