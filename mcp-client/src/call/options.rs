//! What a single call may choose.

use mcp_core::meta::Meta;
use mcp_core::types::LoggingLevel;
use tokio::time::Instant;

use crate::deadline::Timeouts;
use crate::progress::OnProgress;

pub(crate) struct Options {
    pub(crate) timeouts: Timeouts,
    /// The deadline of the operation that the call is part of.
    pub(crate) total_at: Option<Instant>,
    pub(crate) on_progress: Option<OnProgress>,
    pub(crate) log_level: Option<LoggingLevel>,
    pub(crate) meta: Option<Meta>,
    pub(crate) fresh: bool,
    /// The tool whose result is checked against its output schema.
    pub(crate) tool: Option<String>,
    /// The policy of the host allows the call.
    #[cfg(feature = "policy")]
    pub(crate) is_admitted: bool,
}

impl Options {
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        Self {
            timeouts,
            total_at: None,
            on_progress: None,
            log_level: None,
            meta: None,
            fresh: false,
            tool: None,
            #[cfg(feature = "policy")]
            is_admitted: false,
        }
    }
}
