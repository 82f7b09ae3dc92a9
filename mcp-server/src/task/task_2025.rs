//! The experimental tasks of 2025-11-25. Spec: basic/utilities/tasks, that revision only.
//!
//! The client asks for a task with `task` in the parameters of a call. `tasks/result` waits for the
//! end of the task, and meanwhile sends its questions as requests on the session.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use mcp_core::json::{JsonBytes, JsonObject};
use mcp_core::jsonrpc::{ErrorObject, Params};
use mcp_core::method::Method as _;
use mcp_core::method::task_2025::{TasksCancel, TasksGet, TasksList, TasksResult};
use mcp_core::types::task_2025::{ListTasksResult, RelatedTaskMetadata, TaskParams};
use mcp_core::types::{
    InputResponses, PaginatedParams, ServerTaskRequests, ServerTasksCapability, ToolTaskRequests,
};
use serde::Serialize;

use super::asking::Turn;
use super::manager::{Cancelled, TaskManager, View, Watched, unknown};
use super::record::{OpenQuestion, Outcome};
use super::supervised::caught;
use crate::context::Context;
use crate::error::invalid_params;
use crate::input::{add_related_task, answer_on_session};
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
        encode(&self.status(context, &task_id).await?.task_2025(&self.shared))
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

    /// Waits for the end of a task, and asks its questions. If several requests wait in this
    /// process, one of them asks.
    async fn result_2025(
        &self,
        context: &Context,
        params: &Params,
    ) -> Result<JsonBytes, ErrorObject> {
        let TaskParams { task_id, .. } = parse(params)?;
        // Fails for a task that the caller does not have.
        self.status(context, &task_id).await?;
        let watched = self.watch(context, std::slice::from_ref(&task_id)).await?;
        loop {
            watched.changed().await;
            let mut view = self.status(context, &task_id).await?;
            if view.head.state == TaskState::InputRequired {
                view = self.wait_for_answers(context, view, &watched).await?;
            }
            match view.head.state {
                TaskState::Working | TaskState::InputRequired => {}
                TaskState::Completed | TaskState::Failed => {
                    let view = self.get(context, &task_id).await?;
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

    /// Has the open questions of a task asked, by this request or another one. Returns the task
    /// when they are answered, or when it waits for no input any more.
    ///
    /// # Errors
    /// Why the client has not answered a question, and −32602 if the task is gone.
    async fn wait_for_answers(
        &self,
        context: &Context,
        mut view: View,
        watched: &Watched,
    ) -> Result<View, ErrorObject> {
        let id = Arc::clone(&view.head.id);
        while view.head.state == TaskState::InputRequired {
            let turn = self.shared.asking.turn(&id);
            // What an asker before has stored is not asked again.
            view = self.status(context, &id).await?;
            if view.head.state != TaskState::InputRequired {
                break;
            }
            let questions = std::mem::take(&mut view.detail.questions);
            let answered = async {
                match turn {
                    Turn::Wait(other) => other.wait().await,
                    Turn::Ask(asker) => {
                        let asked = self.ask_2025(context, &id, questions).await;
                        asked.inspect_err(|error| asker.fail(error))
                    }
                }
            };
            tokio::pin!(answered);
            view = loop {
                let answered = tokio::select! {
                    answered = &mut answered => Some(answered),
                    () = watched.changed() => None,
                };
                let view = self.status(context, &id).await?;
                match answered {
                    // The end of the task is more than an answer that is missing.
                    _ if view.head.state.is_terminal() => break view,
                    Some(answered) => break answered.map(|()| view)?,
                    None if view.head.state == TaskState::Working => {
                        // The last answer is stored. The request that stored it may be this one,
                        // which is dropped before it continues the task.
                        caught("continuing a task", || self.engine.deliver(Arc::clone(&id)));
                        break view;
                    }
                    None => {}
                }
            };
        }
        Ok(view)
    }

    /// Sends the open questions of a task as requests, and stores each answer when it arrives.
    ///
    /// # Errors
    /// Why the client has not answered the first question that it has not, when all others are
    /// answered.
    async fn ask_2025(
        &self,
        context: &Context,
        id: &str,
        questions: Vec<OpenQuestion>,
    ) -> Result<(), ErrorObject> {
        let asking = questions.into_iter().map(async |OpenQuestion { key, request, .. }| {
            let related = RelatedTaskMetadata::new(id);
            let answer = answer_on_session(context, request, Some(&related)).await?;
            let mut answers = InputResponses::new();
            answers
                .insert(key, &answer)
                .map_err(|error| crate::error::internal("answering a task", &error))?;
            self.answer(context, id, &answers).await
        });
        let mut asking: FuturesUnordered<_> = asking.collect();
        let mut outcome = Ok(());
        while let Some(answered) = asking.next().await {
            outcome = outcome.and(answered);
        }
        outcome
    }
}

fn parse<T: serde::de::DeserializeOwned>(params: &Params) -> Result<T, ErrorObject> {
    params.parse().map_err(|error| invalid_params(&error))
}

fn encode(result: &impl Serialize) -> Result<JsonBytes, ErrorObject> {
    JsonBytes::new(result).map_err(|error| crate::error::internal("encoding a result", &error))
}

/// Adds to a result the task that it belongs to. It is kept as text, because it may have numbers
/// that no type of Rust holds.
fn related_result(result: &JsonBytes, id: &str) -> Result<JsonBytes, ErrorObject> {
    add_related_task(result, &RelatedTaskMetadata::new(id))
        .map_err(|error| crate::error::internal("encoding a result", &error))
}
