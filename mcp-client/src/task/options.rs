//! How a client uses tasks.

use std::time::Duration;

/// How a client uses tasks, for [`ClientBuilder::tasks`](crate::ClientBuilder::tasks).
///
/// ```
/// use std::time::Duration;
///
/// use mcp_client::Client;
/// use mcp_client::task::TaskOptions;
///
/// let options = TaskOptions::new().min_poll_interval(Duration::from_secs(5)).cancel_on_drop(true);
/// let builder = Client::builder().tasks(options);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "options do nothing until they are passed to ClientBuilder::tasks"]
pub struct TaskOptions {
    pub(super) min_poll_interval: Duration,
    pub(super) max_input_rounds: Option<usize>,
    pub(super) cancel_on_drop: bool,
    pub(super) listen: bool,
}

impl TaskOptions {
    /// The defaults.
    ///
    /// ```
    /// use mcp_client::Client;
    /// use mcp_client::task::TaskOptions;
    ///
    /// let builder = Client::builder().tasks(TaskOptions::new());
    /// ```
    pub const fn new() -> Self {
        Self {
            min_poll_interval: Duration::ZERO,
            max_input_rounds: None,
            cancel_on_drop: false,
            listen: true,
        }
    }

    /// Minimum time between two polls of a task, even if the server recommends less. Default: what
    /// the server recommends, which is 1 s if it says nothing, and never less than 10 ms.
    ///
    /// It takes precedence over [`TaskLimits::max_poll_interval`](super::TaskLimits).
    ///
    /// ```
    /// use std::time::Duration;
    /// use mcp_client::task::TaskOptions;
    ///
    /// // A report takes an hour: one request in 30 s is enough.
    /// let options = TaskOptions::new().min_poll_interval(Duration::from_secs(30));
    /// ```
    pub const fn min_poll_interval(mut self, interval: Duration) -> Self {
        self.min_poll_interval = interval;
        self
    }

    /// Maximum number of rounds in which the handlers answer one task, before the call fails with
    /// [`ErrorKind::InputRequired`](crate::ErrorKind::InputRequired). A round is a state of the
    /// task with new questions. Default: no limit, except that of the call's total timeout and
    /// [`TaskLimits::max_input_keys`](super::TaskLimits).
    ///
    /// ```
    /// use mcp_client::task::TaskOptions;
    ///
    /// // A task may interrupt the user three times.
    /// let options = TaskOptions::new().max_input_rounds(3);
    /// ```
    pub const fn max_input_rounds(mut self, rounds: usize) -> Self {
        self.max_input_rounds = Some(rounds);
        self
    }

    /// Whether a task is cancelled on the server when the client stops waiting for it: the future
    /// of the call or the [`TaskHandle`](super::TaskHandle) is dropped, the call fails, or its
    /// timeout expires. [`TaskHandle::save`](super::TaskHandle::save) keeps the task. Default:
    /// false, the task continues.
    ///
    /// ```
    /// use mcp_client::task::TaskOptions;
    ///
    /// // This host has no list of tasks: a task without a waiting call is useless.
    /// let options = TaskOptions::new().cancel_on_drop(true);
    /// ```
    pub const fn cancel_on_drop(mut self, cancel: bool) -> Self {
        self.cancel_on_drop = cancel;
        self
    }

    /// Whether the client listens to notifications of tasks. Each task that is waited for has a
    /// subscription, which is one of `Limits::max_subscriptions`; tasks beyond that are polled
    /// only. Default: true.
    ///
    /// ```
    /// use mcp_client::task::TaskOptions;
    ///
    /// // All subscriptions are needed for resources; tasks are polled.
    /// let options = TaskOptions::new().listen(false);
    /// ```
    pub const fn listen(mut self, listen: bool) -> Self {
        self.listen = listen;
        self
    }
}

impl Default for TaskOptions {
    fn default() -> Self {
        Self::new()
    }
}
