//! The extension `io.modelcontextprotocol/tasks`.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use mcp_core::extension::{NoSettings, Tasks};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::{TasksCancel, TasksGet, TasksUpdate, notification::TaskChanged};
use mcp_core::types::{
    CancelTaskParams, DetailedTask, EmptyResult, GetTaskParams, UpdateTaskParams,
};

use super::manager::{TaskManager, Watched};
use crate::context::Context;
use crate::extension::{Listening, ServerExtension};

/// Returns the extension with its handlers.
pub(crate) fn extension(tasks: &Arc<TaskManager>) -> ServerExtension {
    let (get, update, cancel, watch) =
        (Arc::clone(tasks), Arc::clone(tasks), Arc::clone(tasks), Arc::clone(tasks));
    ServerExtension::new::<Tasks>(&NoSettings::new())
        .encoded_method::<TasksGet, _, _>(move |params: GetTaskParams, context| {
            let tasks = Arc::clone(&get);
            async move { tasks.show(&context, &params.task_id).await }
        })
        .encoded_method::<TasksUpdate, _, _>(move |params: UpdateTaskParams, context| {
            let tasks = Arc::clone(&update);
            async move {
                tasks.answer(&context, &params.task_id, &params.input_responses).await?;
                context.encode(EmptyResult::new())
            }
        })
        .encoded_method::<TasksCancel, _, _>(move |params: CancelTaskParams, context| {
            let tasks = Arc::clone(&cancel);
            async move {
                tasks.cancel(&context, &params.task_id).await?;
                context.encode(EmptyResult::new())
            }
        })
        .listen("taskIds", move |context: Context, ids: Vec<String>| {
            let tasks = Arc::clone(&watch);
            async move {
                let watched = tasks.watch(&context, &ids).await?;
                let accepted: Vec<&str> = watched.ids.iter().map(|id| &**id).collect();
                let accepted = serde_json::Value::from(accepted);
                Ok(Some(Listening::new::<TaskChanged>(accepted, changes(watched))))
            }
        })
}

impl TaskManager {
    async fn show(&self, context: &Context, id: &str) -> Result<JsonBytes, ErrorObject> {
        context.encode(self.get(context, id).await?.detailed(&self.shared)?)
    }
}

/// Returns the states of watched tasks, the present ones first. Only the newest state of each is
/// sent to a client that reads slowly.
fn changes(watched: Watched) -> BoxStream<'static, DetailedTask> {
    let states = stream::unfold(watched, |watched| async move {
        let views = watched.changes().await;
        let shared = Arc::clone(watched.shared());
        let states: Vec<_> = views.iter().filter_map(|view| view.detailed(&shared).ok()).collect();
        Some((stream::iter(states), watched))
    });
    states.flatten().boxed()
}
