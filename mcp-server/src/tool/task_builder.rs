//! How a tool runs as a task.

use std::time::Duration;

use mcp_core::types::TaskSupport;

use super::builder::ToolBuilder;
use super::route::TaskSettings;
use crate::task::Recovery;

impl ToolBuilder {
    /// Sets whether the tool runs as a [task](crate::task). Default: it runs in its request, and
    /// becomes a task only with [`Context::into_task`](crate::Context::into_task).
    ///
    /// `Optional` runs it as a task for clients that support tasks, and in its request for others.
    /// `Required` refuses others.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::task::TaskSupport;
    /// use mcp_server::tool::ToolRoute;
    ///
    /// // It takes hours: clients without tasks cannot call it.
    /// let train = ToolRoute::builder("train").task(TaskSupport::Required).handler(|| async { "trained" });
    /// let server = Server::builder("models", "1.0.0").tool(train);
    /// # server.build().unwrap();
    /// ```
    pub fn task(self, support: TaskSupport) -> Self {
        self.task_setting(|task| task.support = support)
    }

    /// Sets the time from its creation for which a task of this tool is kept. Default:
    /// [`TaskConfig::ttl`](crate::task::TaskConfig::ttl).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::task::TaskSupport;
    /// use mcp_server::tool::ToolRoute;
    ///
    /// // Kept for a week, because people read the report on Mondays.
    /// let report = ToolRoute::builder("report")
    ///     .task(TaskSupport::Optional)
    ///     .task_ttl(Duration::from_secs(7 * 24 * 60 * 60))
    ///     .handler(|| async { "the report" });
    /// ```
    pub fn task_ttl(self, ttl: Duration) -> Self {
        self.task_setting(|task| task.ttl = Some(ttl))
    }

    /// Sets what becomes of a task of this tool that was interrupted. Default: it is resumed.
    ///
    /// ```
    /// use mcp_server::task::{Recovery, TaskSupport};
    /// use mcp_server::tool::ToolRoute;
    ///
    /// // A transfer that a crash interrupted is looked at by a person, and never repeated.
    /// let transfer = ToolRoute::builder("transfer")
    ///     .task(TaskSupport::Optional)
    ///     .recovery(Recovery::Fail)
    ///     .handler(|| async { "transferred" });
    /// ```
    pub fn recovery(self, recovery: Recovery) -> Self {
        self.task_setting(|task| task.recovery = recovery)
    }

    fn task_setting(mut self, set: impl FnOnce(&mut TaskSettings)) -> Self {
        let (support, recovery) = (TaskSupport::Forbidden, Recovery::Resume);
        set(self.task.get_or_insert(TaskSettings { support, ttl: None, recovery }));
        self
    }
}
