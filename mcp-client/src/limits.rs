//! The bounds of a client: what it accepts, holds and waits for.

use std::time::Duration;

use mcp_core::ConnectionLimits;

use crate::cache::CacheLimits;
use crate::call::ListLimits;
#[cfg(feature = "http")]
use crate::http::HttpLimits;
#[cfg(feature = "oauth")]
use crate::oauth::OAuthLimits;
#[cfg(feature = "skills")]
use crate::skill::SkillLimits;
use crate::task::TaskLimits;

/// The bounds of a client, set with [`ClientBuilder::limits`](crate::ClientBuilder::limits).
///
/// Every field has a default. All defaults are listed in [the guide](crate::guide::limits).
///
/// ```
/// use mcp_client::{Client, Limits};
///
/// let mut limits = Limits::default();
/// limits.connection.max_message_bytes = 64 << 20;
/// let builder = Client::builder().limits(limits);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The bounds of each connection.
    pub connection: ConnectionLimits,
    /// The bounds of a list.
    pub list: ListLimits,
    /// Maximum number of rounds in which the handlers answer a server before a call fails. 10.
    pub max_input_rounds: usize,
    /// Maximum number of questions that a server may ask in one round. 16.
    pub max_input_questions: usize,
    /// Maximum size of the output schemas that are remembered, in bytes, with
    /// [`ClientBuilder::output_validator`](crate::ClientBuilder::output_validator). 4 MiB.
    pub max_output_schema_bytes: usize,
    /// Maximum number of events that wait in one stream of notifications. 1,024.
    pub max_queued_events: usize,
    /// Maximum size of the events that wait in one stream of notifications, in bytes. 4 MiB.
    pub max_queued_event_bytes: usize,
    /// Maximum number of progress reports that wait for one call. 64.
    pub max_queued_progress: usize,
    /// Maximum size of the progress reports that wait for one call, in bytes. 1 MiB.
    pub max_queued_progress_bytes: usize,
    /// Time that the other end of a byte stream has to close its side after the client has closed
    /// its own. 2 s. For child processes see
    /// [`ChildCommand::exit_timeout`](crate::ChildCommand::exit_timeout).
    pub close_timeout: Duration,
    /// Maximum number of subscriptions of one client. 32.
    pub max_subscriptions: usize,
    /// Maximum number of servers of one group of clients. 64.
    pub max_group_servers: usize,
    /// Maximum number of tools, of prompts, of resources and of templates that a group takes from
    /// one server. 10,000.
    pub max_group_items: usize,
    /// Maximum number of failed attempts in a row to reopen a stream, a subscription or a server
    /// that was lost. 10.
    pub max_reconnects: u32,
    /// Maximum of the random pause before the first retry of a request, a stream or a server; it
    /// doubles with each further retry. 200 ms.
    pub initial_backoff: Duration,
    /// Maximum pause before a retry. 30 s.
    pub max_backoff: Duration,
    /// The bounds of the cache of a client that does not use a
    /// [`SharedCache`](crate::SharedCache).
    pub cache: CacheLimits,
    /// The bounds of tasks.
    pub tasks: TaskLimits,
    /// The bounds of skills.
    #[cfg(feature = "skills")]
    pub skills: SkillLimits,
    /// The bounds of the HTTP transport.
    #[cfg(feature = "http")]
    pub http: HttpLimits,
    /// The bounds of authorization.
    #[cfg(feature = "oauth")]
    pub oauth: OAuthLimits,
}

impl Limits {
    /// The defaults.
    ///
    /// ```
    /// use mcp_client::{Client, Limits};
    ///
    /// let mut limits = Limits::new();
    /// limits.max_reconnects = 3;
    /// let builder = Client::builder().limits(limits);
    /// ```
    pub const fn new() -> Self {
        Self {
            connection: ConnectionLimits::for_client(),
            list: ListLimits::new(),
            max_input_rounds: 10,
            max_input_questions: 16,
            max_output_schema_bytes: 4 << 20,
            max_queued_events: 1_024,
            max_queued_event_bytes: 4 << 20,
            max_queued_progress: 64,
            max_queued_progress_bytes: 1 << 20,
            close_timeout: Duration::from_secs(2),
            max_subscriptions: 32,
            max_group_servers: 64,
            max_group_items: 10_000,
            max_reconnects: 10,
            initial_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(30),
            cache: CacheLimits::new(),
            tasks: TaskLimits::new(),
            #[cfg(feature = "skills")]
            skills: SkillLimits::new(),
            #[cfg(feature = "http")]
            http: HttpLimits::new(),
            #[cfg(feature = "oauth")]
            oauth: OAuthLimits::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
