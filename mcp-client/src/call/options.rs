//! What a single call may choose.

use mcp_core::meta::Meta;
use mcp_core::types::LoggingLevel;

use crate::progress::OnProgress;
use crate::request::Timeouts;

pub(crate) struct Options {
    pub(crate) timeouts: Timeouts,
    pub(crate) on_progress: Option<OnProgress>,
    pub(crate) log_level: Option<LoggingLevel>,
    pub(crate) meta: Option<Meta>,
    pub(crate) fresh: bool,
}

impl Options {
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, on_progress: None, log_level: None, meta: None, fresh: false }
    }
}
