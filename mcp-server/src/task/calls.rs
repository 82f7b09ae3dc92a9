//! Calls of tools that run as tasks.

use mcp_core::extension::{ProtocolExtension as _, Tasks};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, Params, code};
use mcp_core::types::TaskSupport;
use mcp_core::types::task_2025::{CreateTaskResult, TaskMetadata};
use std::time::Duration;

use super::manager::TaskManager;
use crate::context::Context;
use crate::tool::ToolRoute;

/// How a call of a tool is run.
#[derive(Debug)]
pub(crate) enum CallMode {
    /// In its request.
    InPlace,
    /// As a task of the extension.
    Task,
    /// As a task of 2025-11-25, with the time to live that the client asked for.
    Task2025(Option<Duration>),
}

/// Decides how a call of a tool is run. `task` is the member of the parameters that asks for a task
/// in 2025-11-25.
///
/// # Errors
/// −32021 if the tool runs only as a task, and the client did not declare the extension; −32601 in
/// 2025-11-25 if the tool has no tasks and the call asks for one, or the tool runs only as a task
/// and the call does not ask.
pub(crate) fn mode(
    context: &Context,
    route: &ToolRoute,
    task: Option<&str>,
) -> Result<CallMode, ErrorObject> {
    let support = route.task_support();
    let rules = context.rules();
    if rules.core_tasks {
        let asked = task.filter(|text| *text != "null");
        return match (support, asked) {
            (None, None) => Ok(CallMode::InPlace),
            (None | Some(TaskSupport::Forbidden), Some(_)) => Err(ErrorObject::new(
                code::METHOD_NOT_FOUND,
                format!("the tool {:?} does not run as a task", route.name()),
            )),
            (Some(TaskSupport::Required), None) => Err(ErrorObject::new(
                code::METHOD_NOT_FOUND,
                format!("the tool {:?} runs only as a task; add `task` to the call", route.name()),
            )),
            (Some(_), None) => Ok(CallMode::InPlace),
            (Some(_), Some(text)) => {
                let asked: TaskMetadata = serde_json::from_str(text).map_err(|error| {
                    ErrorObject::invalid_params(format!("/task: {}", crate::error::reason(&error)))
                })?;
                Ok(CallMode::Task2025(asked.ttl.map(Duration::from_millis)))
            }
        };
    }
    let Some(support) = support else { return Ok(CallMode::InPlace) };
    let is_declared =
        rules.extensions && context.client_capabilities().extension(Tasks::ID).is_some();
    match support {
        TaskSupport::Optional | TaskSupport::Required if is_declared => Ok(CallMode::Task),
        TaskSupport::Required => Err(ErrorObject::missing_extension(Tasks::ID)),
        _ => Ok(CallMode::InPlace),
    }
}

impl TaskManager {
    /// Answers a call with its task, which keeps what the call has recorded so far. `params` are
    /// those that layers let through.
    ///
    /// # Errors
    /// −32603 if a limit is reached, or the store failed.
    pub(crate) async fn start(
        &self,
        context: &Context,
        route: &ToolRoute,
        params: &Params,
    ) -> Result<JsonBytes, ErrorObject> {
        let round = context.call().questions.get();
        let journal = round.map(|round| std::mem::take(&mut round.lock().journal));
        let created = self.create(context, route, params, journal, None).await?;
        let mut created = created.created(&self.shared);
        context.mark_stale(&mut created.meta);
        let encoder = &context.call().environment.encoder;
        let encoded = encoder.encode_task(created);
        encoded.map_err(|error| crate::error::internal("encoding a task", &error))
    }

    /// Answers a call of 2025-11-25 with its task. The time to live that the client asks for is
    /// limited to that of the server. If it is shorter than two polls, it is that time, because the
    /// client could not fetch the result of a task that expires at once.
    ///
    /// # Errors
    /// Those of [`TaskManager::start`].
    pub(crate) async fn start_2025(
        &self,
        context: &Context,
        route: &ToolRoute,
        params: &Params,
        ttl: Option<Duration>,
    ) -> Result<JsonBytes, ErrorObject> {
        let max = route.task_ttl().or(self.shared.times.ttl);
        let min = self.shared.times.poll_interval.saturating_mul(2);
        let ttl = match (ttl.map(|asked| asked.max(min)), max) {
            (Some(asked), Some(max)) => Some(asked.min(max)),
            (asked, max) => asked.or(max),
        };
        let created = self.create(context, route, params, None, ttl).await?;
        let result = CreateTaskResult::new(created.task_2025(&self.shared));
        JsonBytes::new(&result).map_err(|error| crate::error::internal("encoding a task", &error))
    }
}
