//! `notifications/progress`. Spec: basic/utilities/progress, basic/patterns/progress.

use crate::json::{Float, object};
use crate::jsonrpc::RequestId;
use crate::meta::Meta;

/// Token to which progress notifications refer: a string or an integer, like an id.
pub type ProgressToken = RequestId;

object! {
    /// Params of `notifications/progress`. All revisions.
    pub struct ProgressParams {
        /// The token that the request gave in its `_meta`.
        progress_token: ProgressToken = "progressToken",
        /// How far it is; grows with each notification.
        progress: f64 = "progress" via Float,
        /// How far it has to go, if known.
        total?: f64 = "total" via Float,
        /// What it does, for people. Since 2025-03-26.
        message?: String = "message",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
