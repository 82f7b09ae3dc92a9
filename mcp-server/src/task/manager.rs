//! The tasks of a server: their creation, and what their owners may do with them.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};

use futures::future::{AbortHandle, abortable};
use mcp_core::json::RawJson;
use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use mcp_core::meta;
use mcp_core::sync::Mutex;
use mcp_core::text::PeerText;
use mcp_core::types::InputResponses;
use serde_json::{Value, json};

use super::background;
use super::config::TaskConfig;
use super::engine::TaskEngine;
use super::identity::{new_id, owner};
use super::record::{Detail, OpenQuestion, Records, StoredCall};
use super::runner::{TaskRunner, millis};
use super::shared::{MAX_CONFLICTS, Shared, Times, to_error};
use super::watchers::{Watcher, Watchers};
use crate::call::{Binding, ConversationState, Environment, SessionBudget};
use crate::clock::now;
use crate::context::Context;
use crate::principal::Principal;
use crate::questions::Journal;
use crate::registry::Live;
use crate::seal::{KeyRing, Vault};
use crate::store::{
    Lease, NewTask, StoreError, TaskHead, TaskPage, TaskRecord, TaskState, TaskUpdate,
    UpdateOutcome,
};
use crate::tool::ToolRoute;

/// The tasks of a server.
pub(crate) struct TaskManager {
    pub(super) shared: Arc<Shared>,
    engine: Arc<dyn TaskEngine>,
    started: Once,
    is_stopped: AtomicBool,
    /// The tasks that read the feed and delete what has expired.
    background: Mutex<Vec<AbortHandle>>,
}

/// A task as its owner sees it.
pub(super) struct View {
    pub(super) head: TaskHead,
    pub(super) detail: Detail,
}

impl TaskManager {
    pub(crate) fn new(
        config: TaskConfig,
        keys: Option<KeyRing>,
        environment: Arc<Environment>,
        live: Arc<Live>,
    ) -> Self {
        let seals = config.store.leaves_process() && !config.is_plaintext;
        let times = Times {
            ttl: config.ttl,
            result_ttl: config.result_ttl,
            poll_interval: config.poll_interval,
        };
        let conversation = ConversationState::new(Binding::Stream, SessionBudget::new(0, 0));
        let shared = Arc::new(Shared {
            store: config.store,
            records: Records::new(Vault::new(keys.filter(|_| seals))),
            times,
            environment,
            live,
            conversation: Arc::new(conversation),
            watchers: Watchers::default(),
        });
        Self {
            shared,
            engine: config.engine,
            started: Once::new(),
            is_stopped: AtomicBool::new(false),
            background: Mutex::default(),
        }
    }

    /// Starts what runs in the background, if it does not run and there is a runtime.
    pub(crate) fn ensure_started(&self) {
        if self.started.is_completed() || tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        self.started.call_once(|| {
            let runner = TaskRunner::new(Arc::clone(&self.shared));
            self.engine.start(runner);
            self.spawn(background::read_changes(
                Arc::clone(&self.shared),
                Arc::downgrade(&self.engine),
            ));
            self.spawn(background::sweep(Arc::clone(&self.shared)));
        });
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let (future, handle) = abortable(future);
        tokio::spawn(future);
        self.background.lock().push(handle);
    }

    /// Stops the executions of this process, so that other processes may continue them. Tasks that
    /// are created afterwards are refused.
    pub(crate) async fn stop(&self) {
        self.is_stopped.store(true, Ordering::Release);
        if self.started.is_completed() {
            let stopping = self.engine.stop();
            if tokio::time::timeout(self.shared.limits().store_timeout, stopping).await.is_err() {
                tracing::warn!("the tasks could not be stopped in time (store_timeout)");
            }
        }
    }

    /// Creates the task of a call, and runs it. `journal` has what the call has recorded so far.
    /// The task is durable when the future completes.
    ///
    /// # Errors
    /// −32603 if a limit is reached, or the store failed.
    pub(super) async fn create(
        &self,
        context: &Context,
        route: &ToolRoute,
        journal: Option<Journal>,
        ttl: Option<std::time::Duration>,
    ) -> Result<View, ErrorObject> {
        self.ensure_started();
        if self.is_stopped.load(Ordering::Acquire) {
            let message = "the server is stopping, and starts no tasks; try again later";
            let details = json!({
                "reason": "shutting_down", "retryAfterMs": 1_000, "notProcessed": true,
            });
            let error = ErrorObject::new(code::INTERNAL_ERROR, message);
            return Err(error.with_kind(ErrorKind::Unavailable, &details));
        }
        let shared = &self.shared;
        let failed = |error: StoreError| to_error("creating a task", &error);
        let principal = context.principal().map(Principal::id);
        let owner = owner(principal);
        let id = new_id()?;
        let call = StoredCall {
            tool: route.name().into(),
            revision: context.revision().as_str().into(),
            id: context.request_id().clone(),
            principal: principal.map(Into::into),
            params: stored_params(context)?,
        };
        let call = shared.records.encode_call(&id, &call).map_err(failed)?;
        let journal = match journal {
            Some(journal) => shared.records.encode_journal(&id, journal).map_err(failed)?,
            None => Vec::new(),
        };
        let max_bytes = shared.limits().max_task_bytes;
        let bytes = call.len() + journal.iter().map(bytes::Bytes::len).sum::<usize>();
        if bytes > max_bytes {
            return Err(ErrorObject::invalid_params(format!(
                "the call has {bytes} bytes; the limit of a task is {max_bytes} (tasks.max_task_bytes)"
            )));
        }
        let created_at = now();
        let detail =
            Detail { revision: context.revision().to_string(), bytes, ..Detail::default() };
        let mut head = TaskHead::new(Arc::clone(&id), Arc::clone(&owner), created_at);
        head.detail = shared.records.encode_detail(&id, &detail).map_err(failed)?;
        let ttl = ttl.or_else(|| route.task_ttl()).or(shared.times.ttl);
        head.expires_at = ttl.map(|ttl| created_at.saturating_add(millis(ttl)));
        let mut task = NewTask::new(TaskRecord::new(head.clone(), call, journal));
        let lease = self.engine.leases_new_tasks().then(|| {
            let (lease, fence) = (shared.limits().lease, 1);
            (lease, Lease::new(Arc::clone(&id), fence))
        });
        if let Some((lease, _)) = lease {
            task = task.leased(lease);
        }
        shared.within(shared.store.create(task, shared.quota(&owner))).await.map_err(failed)?;
        self.engine.submit(id, lease.map(|(_, lease)| lease));
        Ok(View { head, detail })
    }

    /// Returns a task of the caller.
    ///
    /// # Errors
    /// −32602 if the caller has no task with this id, and −32603 if the store failed.
    pub(super) async fn get(&self, context: &Context, id: &str) -> Result<View, ErrorObject> {
        let owner = owner(context.principal().map(Principal::id));
        match self.find(context, &owner, id).await? {
            Some(view) => Ok(view),
            None => Err(unknown(id)),
        }
    }

    async fn find(
        &self,
        context: &Context,
        owner: &str,
        id: &str,
    ) -> Result<Option<View>, ErrorObject> {
        self.ensure_started();
        let Some(head) = self.shared.head(id).await? else { return Ok(None) };
        if *head.owner != *owner || head.expires_at.is_some_and(|at| at <= now()) {
            return Ok(None);
        }
        let detail = self.shared.detail(&head)?;
        // Another revision has another form of tasks, and its result is encoded for it.
        let is_visible = detail.revision == context.revision().as_str();
        Ok(is_visible.then_some(View { head, detail }))
    }

    /// Watches those of the given tasks that belong to the caller.
    ///
    /// # Errors
    /// −32602 if there are too many, and −32603 if the store failed.
    pub(super) async fn watch(
        &self,
        context: &Context,
        ids: &[String],
    ) -> Result<Watched, ErrorObject> {
        let max = self.shared.limits().max_watched_tasks;
        if ids.len() > max {
            return Err(ErrorObject::invalid_params(format!(
                "/notifications/taskIds: at most {max} tasks (tasks.max_watched_tasks)"
            )));
        }
        let owner = owner(context.principal().map(Principal::id));
        let mut own: Vec<Arc<str>> = Vec::new();
        for id in ids {
            if let Some(view) = self.find(context, &owner, id).await?
                && !own.contains(&view.head.id)
            {
                own.push(view.head.id);
            }
        }
        let watcher = self.shared.watchers.watch(own.clone());
        Ok(Watched { ids: own, watcher, shared: Arc::clone(&self.shared) })
    }

    /// Stores answers to questions of a task. Other answers are ignored.
    ///
    /// # Errors
    /// −32602 if the caller has no task with this id or an answer has the wrong type, and −32603 if
    /// the store failed.
    pub(super) async fn answer(
        &self,
        context: &Context,
        id: &str,
        answers: &InputResponses,
    ) -> Result<(), ErrorObject> {
        for _ in 0..MAX_CONFLICTS {
            let View { head, mut detail } = self.get(context, id).await?;
            if head.state != TaskState::InputRequired {
                return Ok(());
            }
            let failed = |error: StoreError| to_error("answering the questions of a task", &error);
            let mut update = TaskUpdate::of(&head, now());
            let mut open = Vec::new();
            for question in std::mem::take(&mut detail.questions) {
                let Some(answer) = answers.get_raw(&question.key) else {
                    open.push(question);
                    continue;
                };
                let OpenQuestion { key, sent, .. } = question;
                let answer = sent.answer(&key, answer.clone())?;
                update
                    .append
                    .push(self.shared.records.encode_answer(&head.id, answer).map_err(failed)?);
            }
            if update.append.is_empty() {
                return Ok(());
            }
            let added: usize = update.append.iter().map(bytes::Bytes::len).sum();
            detail.bytes = detail.bytes.saturating_add(added);
            let max_bytes = self.shared.limits().max_task_bytes;
            if detail.bytes > max_bytes {
                return Err(ErrorObject::invalid_params(format!(
                    "/inputResponses: with {added} bytes, the task exceeds its limit of {max_bytes} bytes \
                     (tasks.max_task_bytes)"
                )));
            }
            let is_complete = open.is_empty();
            detail.questions = open;
            update.detail =
                Some(self.shared.records.encode_detail(&head.id, &detail).map_err(failed)?);
            if is_complete {
                update.state = TaskState::Working;
            }
            let store = &self.shared.store;
            match self.shared.within(store.update(&head.id, update)).await.map_err(failed)? {
                UpdateOutcome::Applied(_) => {
                    if is_complete {
                        self.engine.deliver(head.id);
                    }
                    return Ok(());
                }
                UpdateOutcome::Ended => return Ok(()),
                UpdateOutcome::Missing => return Err(unknown(id)),
                UpdateOutcome::Conflict | UpdateOutcome::Fenced => {}
            }
        }
        Err(too_many_conflicts())
    }

    /// Cancels a task, unless it has ended. Returns it.
    ///
    /// # Errors
    /// −32602 if the caller has no task with this id, and −32603 if the store failed.
    pub(super) async fn cancel(
        &self,
        context: &Context,
        id: &str,
    ) -> Result<Cancelled, ErrorObject> {
        for _ in 0..MAX_CONFLICTS {
            let mut view = self.get(context, id).await?;
            if view.head.state.is_terminal() {
                return Ok(Cancelled::AlreadyEnded(view));
            }
            let failed = |error: StoreError| to_error("cancelling a task", &error);
            let detail = Detail { revision: view.detail.revision.clone(), ..Detail::default() };
            let mut update = TaskUpdate::of(&view.head, now());
            update.state = TaskState::Cancelled;
            update.detail =
                Some(self.shared.records.encode_detail(&view.head.id, &detail).map_err(failed)?);
            let updated_at = update.updated_at;
            let store = &self.shared.store;
            match self.shared.within(store.update(&view.head.id, update)).await.map_err(failed)? {
                UpdateOutcome::Applied(version) => {
                    self.engine.cancel(&view.head.id);
                    (view.head.state, view.head.version) = (TaskState::Cancelled, version);
                    view.head.updated_at = updated_at;
                    view.detail = detail;
                    return Ok(Cancelled::Now(view));
                }
                UpdateOutcome::Missing => return Err(unknown(id)),
                UpdateOutcome::Ended | UpdateOutcome::Conflict | UpdateOutcome::Fenced => {}
            }
        }
        Err(too_many_conflicts())
    }

    /// Returns a page of the tasks of the caller.
    ///
    /// # Errors
    /// −32602 for an invalid cursor, and −32603 if the store failed.
    pub(super) async fn list(
        &self,
        context: &Context,
        cursor: Option<&str>,
    ) -> Result<(Vec<View>, Option<String>), ErrorObject> {
        self.ensure_started();
        let owner = owner(context.principal().map(Principal::id));
        let max = self.shared.limits().max_listed_tasks.max(1);
        let store = &self.shared.store;
        let page = self.shared.within(store.list(&owner, cursor, max)).await;
        let TaskPage { tasks, next } = page.map_err(|error| match error {
            StoreError::Invalid(_) if cursor.is_some() => {
                ErrorObject::invalid_params("/cursor: it is not from a page of this list")
                    .with_kind(
                        ErrorKind::StaleState,
                        &json!({ "kind": "cursor", "reason": "unknown", "restart": true }),
                    )
            }
            error => to_error("listing tasks", &error),
        })?;
        let revision = context.revision();
        let mut views = Vec::with_capacity(tasks.len());
        for head in tasks {
            let detail = self.shared.detail(&head)?;
            if detail.revision == revision.as_str() {
                views.push(View { head, detail });
            }
        }
        Ok((views, next))
    }
}

/// What became of a task that was to be cancelled.
pub(super) enum Cancelled {
    Now(View),
    AlreadyEnded(View),
}

/// Tasks of a caller, and a watcher of them.
pub(super) struct Watched {
    pub(super) ids: Vec<Arc<str>>,
    watcher: Watcher,
    shared: Arc<Shared>,
}

impl Watched {
    /// Waits until tasks may have changed, and returns them. Tasks that are gone or cannot be read
    /// are left out.
    pub(super) async fn changed(&self) -> Vec<View> {
        let mut views = Vec::new();
        for id in self.watcher.changed().await {
            match self.shared.head(&id).await {
                Ok(Some(head)) => {
                    if let Ok(detail) = self.shared.detail(&head) {
                        views.push(View { head, detail });
                    }
                }
                Ok(None) => {}
                // Logged. Polling shows the client what it misses.
                Err(_) => {}
            }
        }
        views
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for TaskManager {
    fn drop(&mut self) {
        self.background.lock().drain(..).for_each(|handle| handle.abort());
    }
}

impl fmt::Debug for TaskManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskManager").finish_non_exhaustive()
    }
}

/// Returns the parameters that a task keeps: `name`, `arguments` and `_meta`. A session has told
/// the server what later calls repeat in `_meta`, so it is added.
fn stored_params(context: &Context) -> Result<RawJson, ErrorObject> {
    let failed = |error: serde_json::Error| crate::error::internal("creating a task", &error);
    let call = context.call();
    let [name, arguments, meta] = call
        .params
        .member_texts(["name", "arguments", "_meta"])
        .map_err(|error| ErrorObject::invalid_params(error.to_string()))?;
    let mut members: Vec<(&str, String)> = Vec::with_capacity(3);
    members.extend(name.map(|text| ("name", text.to_owned())));
    members.extend(arguments.map(|text| ("arguments", text.to_owned())));
    match &call.session {
        None => members.extend(meta.map(|text| ("_meta", text.to_owned()))),
        Some(_) => {
            let mut meta = match meta.filter(|text| *text != "null") {
                Some(text) => serde_json::from_str(text).map_err(failed)?,
                None => serde_json::Map::new(),
            };
            let capabilities =
                serde_json::to_value(context.client_capabilities()).map_err(failed)?;
            meta.insert(meta::CLIENT_CAPABILITIES.to_owned(), capabilities);
            if let Some(info) = context.client_info() {
                let info = serde_json::to_value(info).map_err(failed)?;
                meta.insert(meta::CLIENT_INFO.to_owned(), info);
            }
            members.push(("_meta", Value::Object(meta).to_string()));
        }
    }
    let mut text = String::from("{");
    for (index, (name, value)) in members.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        text.push_str(&format!("{comma}\"{name}\":{value}"));
    }
    text.push('}');
    serde_json::value::RawValue::from_string(text).map(Into::into).map_err(failed)
}

/// Returns the error for a task that does not exist, or that the caller may not see.
#[cold]
pub(super) fn unknown(id: &str) -> ErrorObject {
    ErrorObject::invalid_params(format!("unknown task: {}", PeerText::with_max(id, 128)))
        .with_kind(ErrorKind::StaleState, &json!({ "kind": "task", "reason": "unknown" }))
}

#[cold]
fn too_many_conflicts() -> ErrorObject {
    crate::error::internal("changing a task", &"it changed too often meanwhile")
}
