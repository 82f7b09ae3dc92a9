//! What a single call may choose.

use mcp_core::extensions::Extensions;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::MethodName;
use mcp_core::meta::Meta;
use mcp_core::service::{BoxFuture, CancelReason};
use mcp_core::types::LoggingLevel;
use tokio::time::Instant;

use crate::deadline::Timeouts;
use crate::progress::OnProgress;
use crate::question::OriginatingCall;

pub(crate) struct Options {
    pub(crate) timeouts: Timeouts,
    /// The deadline of the operation that the call is part of.
    pub(crate) total_at: Option<Instant>,
    pub(crate) on_progress: Option<OnProgress>,
    pub(crate) log_level: Option<LoggingLevel>,
    pub(crate) meta: Option<Meta>,
    pub(crate) fresh: bool,
    /// What the host has put on the call, for the handlers of questions.
    pub(crate) tags: Extensions,
    /// The call as those handlers see it, once the server has asked.
    pub(crate) call: Option<OriginatingCall>,
    /// What cancels the call, beside dropping it.
    pub(crate) cancel: Option<BoxFuture<'static, String>>,
    /// Where the reason is put then.
    pub(crate) cancel_reason: Option<CancelReason>,
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
            tags: Extensions::new(),
            call: None,
            cancel: None,
            cancel_reason: None,
            tool: None,
            #[cfg(feature = "policy")]
            is_admitted: false,
        }
    }
    /// The call as the handlers of its questions see it.
    pub(crate) fn originating(&self, method: &MethodName, params: JsonBytes) -> OriginatingCall {
        OriginatingCall::new(method.clone(), params, self.tags.clone())
    }
}
