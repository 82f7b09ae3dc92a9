//! The experimental tasks of 2025-11-25. Spec: basic/utilities/tasks, that revision only.
//!
//! The client asks for a task with `task` in the parameters of a call. `tasks/result` waits for the
//! end of the task, and meanwhile sends its questions as requests on the session.

use mcp_core::json::{JsonBytes, JsonObject};
use mcp_core::jsonrpc::{ErrorObject, Params};
use mcp_core::meta::RELATED_TASK;
use mcp_core::method::Method as _;
use mcp_core::method::task_2025::{TasksCancel, TasksGet, TasksList, TasksResult};
use mcp_core::types::task_2025::{ListTasksResult, RelatedTaskMetadata, TaskParams};
use mcp_core::types::{
    InputResponses, PaginatedParams, ServerTaskRequests, ServerTasksCapability, ToolTaskRequests,
};
use serde::Serialize;
use serde_json::Value;

use super::manager::{Cancelled, TaskManager, View, unknown};
use super::record::Outcome;
use crate::context::Context;
use crate::error::invalid_params;
use crate::input::answer_on_session;
use crate::store::TaskState;

/// Returns the capability of a server with tasks. `list` is not declared, because callers without a
/// principal cannot be told apart; those with one may use it all the same.
pub(crate) fn capability() -> ServerTasksCapability {
    let calls = ToolTaskRequests::new().call(JsonObject::new());
    ServerTasksCapability::new()
        .cancel(JsonObject::new())
        .requests(ServerTaskRequests::new().tools(calls))
}

impl TaskManager {
    /// Answers a request about tasks. `None` if 2025-11-25 has no such request.
    ///
    /// # Errors
    /// −32602 for a task that the caller does not have, and −32603 if the store failed.
    pub(crate) async fn answer_2025(
        &self,
        context: &Context,
        method: &str,
        params: &Params,
    ) -> Option<Result<JsonBytes, ErrorObject>> {
        Some(match method {
            TasksGet::NAME => self.get_2025(context, params).await,
            TasksResult::NAME => self.result_2025(context, params).await,
            TasksCancel::NAME => self.cancel_2025(context, params).await,
            TasksList::NAME if context.principal().is_some() => {
                self.list_2025(context, params).await
            }
            _ => return None,
        })
    }

    async fn get_2025(&self, context: &Context, params: &Params) -> Result<JsonBytes, ErrorObject> {
        let TaskParams { task_id, .. } = parse(params)?;
        encode(&self.get(context, &task_id).await?.task_2025(&self.shared))
    }

    async fn cancel_2025(
        &self,
        context: &Context,
        params: &Params,
    ) -> Result<JsonBytes, ErrorObject> {
        let TaskParams { task_id, .. } = parse(params)?;
        match self.cancel(context, &task_id).await? {
            Cancelled::Now(view) => encode(&view.task_2025(&self.shared)),
            Cancelled::AlreadyEnded(view) => Err(ErrorObject::invalid_params(format!(
                "the task has ended already: {}",
                view.head.state.as_str()
            ))),
        }
    }

    async fn list_2025(
        &self,
        context: &Context,
        params: &Params,
    ) -> Result<JsonBytes, ErrorObject> {
        let PaginatedParams { cursor, .. } = parse(params)?;
        let (views, next) = self.list(context, cursor.as_deref()).await?;
        let tasks: Vec<_> = views.iter().map(|view| view.task_2025(&self.shared)).collect();
        let mut result = ListTasksResult::new(tasks);
        result.next_cursor = next;
        encode(&result)
    }

    /// Waits for the end of a task, and asks its questions.
    async fn result_2025(
        &self,
        context: &Context,
        params: &Params,
    ) -> Result<JsonBytes, ErrorObject> {
        let TaskParams { task_id, .. } = parse(params)?;
        // Fails for a task that the caller does not have.
        self.get(context, &task_id).await?;
        let watched = self.watch(context, std::slice::from_ref(&task_id)).await?;
        loop {
            watched.changed().await;
            let view = self.get(context, &task_id).await?;
            match view.head.state {
                TaskState::Working => {}
                TaskState::InputRequired => {
                    self.ask_2025(context, &task_id, &view).await?;
                }
                TaskState::Completed | TaskState::Failed => {
                    return match view.outcome(&self.shared)? {
                        Some(Outcome::Result(result)) => related_result(&result, &task_id),
                        Some(Outcome::Error(error)) => Err(error),
                        None => Err(unknown(&task_id)),
                    };
                }
                TaskState::Cancelled => {
                    return Err(ErrorObject::invalid_params("the task was cancelled"));
                }
            }
        }
    }

    /// Sends the open questions of a task as requests, and stores the answers.
    async fn ask_2025(&self, context: &Context, id: &str, view: &View) -> Result<(), ErrorObject> {
        let asking = view.detail.questions.iter().map(async |question| {
            let related = RelatedTaskMetadata::new(id);
            let request = question.request.clone();
            let answer = answer_on_session(context, request, Some(&related)).await;
            (question.key.clone(), answer)
        });
        let mut answers = InputResponses::new();
        for (key, answer) in futures::future::join_all(asking).await {
            answers
                .insert(key, &answer?)
                .map_err(|error| crate::error::internal("answering a task", &error))?;
        }
        self.answer(context, id, &answers).await
    }
}

fn parse<T: serde::de::DeserializeOwned>(params: &Params) -> Result<T, ErrorObject> {
    params.parse().map_err(|error| invalid_params(&error))
}

fn encode(result: &impl Serialize) -> Result<JsonBytes, ErrorObject> {
    JsonBytes::new(result).map_err(|error| crate::error::internal("encoding a result", &error))
}

/// Adds to a result the task that it belongs to.
fn related_result(result: &JsonBytes, id: &str) -> Result<JsonBytes, ErrorObject> {
    let failed = |error: serde_json::Error| crate::error::internal("encoding a result", &error);
    let mut members: serde_json::Map<String, Value> = result.parse().map_err(failed)?;
    let meta = members.entry("_meta").or_insert_with(|| Value::Object(serde_json::Map::new()));
    if let Value::Object(meta) = meta {
        let related = serde_json::to_value(RelatedTaskMetadata::new(id)).map_err(failed)?;
        meta.insert(RELATED_TASK.to_owned(), related);
    }
    encode(&members)
}
