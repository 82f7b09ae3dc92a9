//! The limits of the methods of a module.

use std::time::Duration;

/// The limits of the tools that [`RpcTools`](super::RpcTools) makes of one module.
///
/// What a client may send is limited as for every tool, by
/// [`ConnectionLimits`](crate::ConnectionLimits).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RpcLimits {
    /// Maximum number of methods and subscriptions that run at the same time, over all connections.
    /// A blocking method that was cancelled counts until it returns. Further calls are refused.
    /// 256.
    pub max_running_calls: usize,
    /// Maximum length of the JSON of one result, and of one value of a subscription, in bytes. A
    /// longer result is an error (−32008); a longer value ends its subscription. 1 MiB.
    pub max_result_bytes: usize,
    /// Maximum number of values of one subscription, after which it ends. 100.
    pub max_items: usize,
    /// Maximum size of all values of one subscription, in bytes. It ends before the value that
    /// exceeds it. 4 MiB.
    pub max_bytes: usize,
    /// Time after which a subscription ends, also one that the method has not accepted yet.
    /// 1 minute.
    pub max_time: Duration,
    /// Maximum number of values of one subscription that wait to be read. The method waits then.
    /// 16.
    pub max_queued_items: usize,
    /// Maximum length of the message of a progress notification, in bytes. The JSON of a longer
    /// value is cut there. 4 KiB.
    pub max_progress_message_bytes: usize,
}

impl RpcLimits {
    /// Returns the default limits.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_running_calls: 256,
            max_result_bytes: 1 << 20,
            max_items: 100,
            max_bytes: 4 << 20,
            max_time: Duration::from_secs(60),
            max_queued_items: 16,
            max_progress_message_bytes: 4 << 10,
        }
    }
}

impl Default for RpcLimits {
    fn default() -> Self {
        Self::new()
    }
}
