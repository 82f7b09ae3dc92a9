//! The tasks of a server: their creation, and what their owners may do with them.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use futures::future::{AbortHandle, abortable};
use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use mcp_core::sync::Mutex;
use mcp_core::text::PeerText;
use mcp_core::types::InputResponses;
use serde_json::json;

use super::asking::Asking;
use super::background;
use super::config::TaskConfig;
use super::engine::TaskEngine;
use super::identity::owner;
use super::orphans::Orphans;
use super::record::{Detail, Entry, OpenQuestion, Records};
use super::runner::TaskRunner;
use super::shared::{MAX_CONFLICTS, Shared, Times, to_error};
use super::supervised::{caught, caught_async};
use super::unreadable::Reported;
use super::watchers::{Watcher, Watchers};
use crate::auth::{AccessRules, Principal, scopes_are_checked};
use crate::call::{Binding, ConversationState, Environment, SessionBudget};
use crate::clock::now;
use crate::context::Context;
use crate::registry::Live;
use crate::seal::{KeyRing, Vault};
use crate::store::{StoreError, TaskHead, TaskPage, TaskState, TaskUpdate, UpdateOutcome};

/// The tasks of a server.
pub(crate) struct TaskManager {
    pub(super) shared: Arc<Shared>,
    pub(super) engine: Arc<dyn TaskEngine>,
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
        access: AccessRules,
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
            access,
            times,
            environment,
            live,
            conversation: Arc::new(conversation),
            watchers: Watchers::default(),
            reported: Reported::default(),
            orphans: Orphans::default(),
            asking: Asking::default(),
        });
        Self {
            shared,
            engine: config.engine,
            started: Once::new(),
            is_stopped: AtomicBool::new(false),
            background: Mutex::default(),
        }
    }

    /// Starts what runs in the background, if it does not run and there is a runtime. A start that
    /// panics is tried again at the next request.
    pub(crate) fn ensure_started(&self) {
        if self.started.is_completed() || tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let start = || {
            self.started.call_once_force(|_| {
                self.engine.start(TaskRunner::new(Arc::clone(&self.shared)));
                let engine = Arc::downgrade(&self.engine);
                self.spawn(background::read_changes(Arc::clone(&self.shared), engine));
                self.spawn(background::sweep(Arc::clone(&self.shared)));
                self.spawn(background::cancel_orphans(Arc::clone(&self.shared)));
            });
        };
        caught("starting the engine of tasks", start);
    }

    /// Whether tasks can be created.
    ///
    /// # Errors
    /// −32603 if not.
    pub(super) fn check_running(&self) -> Result<(), ErrorObject> {
        self.ensure_started();
        let (reason, message) = if self.is_stopped.load(Ordering::Acquire) {
            ("shutting_down", "the server is stopping, and starts no tasks; try again later")
        } else if !self.started.is_completed() {
            let message = "the server cannot run tasks, because its engine failed to start; try \
                           again later";
            ("dependency_unavailable", message)
        } else {
            return Ok(());
        };
        let details = json!({ "reason": reason, "retryAfterMs": 1_000, "notProcessed": true });
        let error = ErrorObject::new(code::INTERNAL_ERROR, message);
        Err(error.with_kind(ErrorKind::Unavailable, &details))
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
            let stopping = caught_async("stopping the engine of tasks", self.engine.stop());
            if tokio::time::timeout(self.shared.limits().store_timeout, stopping).await.is_err() {
                tracing::warn!("the tasks could not be stopped in time (store_timeout)");
            }
        }
    }

    /// Returns a task of the caller, with its outcome.
    ///
    /// # Errors
    /// −32602 if the caller has no task with this id, an insufficient scope if the caller lacks a
    /// scope of its call, and −32603 if the store failed.
    pub(super) async fn get(&self, context: &Context, id: &str) -> Result<View, ErrorObject> {
        self.ensure_started();
        let head = self.shared.head(id).await?;
        self.permitted(context, id, head)
    }

    /// Returns a task of the caller, without its outcome.
    ///
    /// # Errors
    /// Those of [`get`](Self::get).
    pub(super) async fn status(&self, context: &Context, id: &str) -> Result<View, ErrorObject> {
        self.ensure_started();
        let head = self.shared.status(id).await?;
        self.permitted(context, id, head)
    }

    /// Returns a task that the caller may use.
    fn permitted(
        &self,
        context: &Context,
        id: &str,
        head: Option<TaskHead>,
    ) -> Result<View, ErrorObject> {
        let view = self.view(context, head)?.ok_or_else(|| unknown(id))?;
        match self.check_scopes(context, &view.detail) {
            Err(_) if self.shared.access.hide => Err(unknown(id)),
            checked => checked.map(|()| view),
        }
    }

    /// Checks that the caller has the scopes of the call that became a task. Tokens of one user
    /// differ in their scopes, and a task belongs to the user.
    ///
    /// # Errors
    /// With all scopes of the call.
    fn check_scopes(&self, context: &Context, detail: &Detail) -> Result<(), ErrorObject> {
        let call = context.call();
        // As for the call itself, what counts is whom the transport verified, before any layer.
        let principal = call.extensions.get::<Principal>();
        if !scopes_are_checked(principal, call.conversation.binding.is_http()) {
            return Ok(());
        }
        self.shared.access.check_required(&detail.scopes, principal)
    }

    /// Returns a task as the caller sees it; `None` if the caller may not see it.
    fn view(&self, context: &Context, head: Option<TaskHead>) -> Result<Option<View>, ErrorObject> {
        let Some(head) = head else { return Ok(None) };
        let owner = owner(context.principal().map(Principal::id));
        if head.owner != owner || head.expires_at.is_some_and(|at| at <= now()) {
            return Ok(None);
        }
        let detail = self.shared.detail(&head)?;
        // Another revision has another form of tasks, and its result is encoded for it.
        let is_visible = detail.revision == context.revision().as_str();
        Ok(is_visible.then_some(View { head, detail }))
    }

    /// Watches those of the given tasks that belong to the caller, and whose scopes it has.
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
        self.ensure_started();
        let mut own: Vec<Arc<str>> = Vec::new();
        for id in ids {
            let head = self.shared.status(id).await?;
            if let Some(view) = self.view(context, head)?
                && self.check_scopes(context, &view.detail).is_ok()
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
    /// Those of [`get`](Self::get), and −32602 if an answer has the wrong type.
    pub(super) async fn answer(
        &self,
        context: &Context,
        id: &str,
        answers: &InputResponses,
    ) -> Result<(), ErrorObject> {
        for _ in 0..MAX_CONFLICTS {
            let View { head, mut detail } = self.status(context, id).await?;
            if head.state != TaskState::InputRequired {
                return Ok(());
            }
            let failed = |error: StoreError| to_error("answering the questions of a task", &error);
            let records = &self.shared.records;
            let mut update = TaskUpdate::of(&head, now());
            let (mut entries, mut open) = (Vec::new(), Vec::new());
            for question in std::mem::take(&mut detail.questions) {
                let Some(answer) = answers.get_raw(&question.key) else {
                    open.push(question);
                    continue;
                };
                let OpenQuestion { key, sent, .. } = question;
                let answer = Entry::Answer(sent.answer(&key, answer.clone())?);
                entries.push(records.entry(&answer).map_err(failed)?);
            }
            if entries.is_empty() {
                return Ok(());
            }
            update.append =
                records.seal_entries(&head, detail.entries, &entries).map_err(failed)?;
            detail.entries += entries.len() as u64;
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
            update.detail = Some(records.encode_detail(&head, &detail).map_err(failed)?);
            if is_complete {
                update.state = TaskState::Working;
            }
            let store = &self.shared.store;
            match self.shared.within(store.update(&head.id, update)).await.map_err(failed)? {
                UpdateOutcome::Applied(_) => {
                    if is_complete {
                        caught("continuing a task", || self.engine.deliver(head.id));
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
    /// Those of [`get`](Self::get).
    pub(super) async fn cancel(
        &self,
        context: &Context,
        id: &str,
    ) -> Result<Cancelled, ErrorObject> {
        for _ in 0..MAX_CONFLICTS {
            let mut view = self.status(context, id).await?;
            if view.head.state.is_terminal() {
                return Ok(Cancelled::AlreadyEnded(view));
            }
            let failed = |error: StoreError| to_error("cancelling a task", &error);
            let detail = view.detail.constants();
            let mut update = TaskUpdate::of(&view.head, now());
            update.state = TaskState::Cancelled;
            update.detail =
                Some(self.shared.records.encode_detail(&view.head, &detail).map_err(failed)?);
            let updated_at = update.updated_at;
            let store = &self.shared.store;
            match self.shared.within(store.update(&view.head.id, update)).await.map_err(failed)? {
                UpdateOutcome::Applied(version) => {
                    caught("cancelling a task", || self.engine.cancel(&view.head.id));
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

    /// Returns a page of the tasks of the caller, without those whose scopes it lacks.
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
            // One that cannot be read does not hide the others.
            match self.shared.records.decode_detail(&head) {
                Ok(detail)
                    if detail.revision == revision.as_str()
                        && self.check_scopes(context, &detail).is_ok() =>
                {
                    views.push(View { head, detail });
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "a task is left out of a list"),
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

/// Pauses before the state of a task is read again, after the store failed: the first, and the
/// longest. Fixed: the subscription limits how long it goes on.
const REREAD_DELAYS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Tasks of a caller, and a watcher of them.
pub(super) struct Watched {
    pub(super) ids: Vec<Arc<str>>,
    watcher: Watcher,
    shared: Arc<Shared>,
}

impl Watched {
    /// Waits until tasks may have changed.
    ///
    /// Cancel safety: no change is lost.
    pub(super) async fn changed(&self) {
        self.watcher.changed().await;
    }

    /// Waits until tasks may have changed, and returns them. Tasks that are gone or cannot be read
    /// are left out. While the store fails, it is asked again.
    pub(super) async fn changes(&self) -> Vec<View> {
        let (mut delay, max_delay) = REREAD_DELAYS;
        let mut ids = self.watcher.changed().await;
        loop {
            let (mut views, mut failed) = (Vec::new(), Vec::new());
            for id in ids {
                match self.shared.within(self.shared.store.head(&id)).await {
                    Ok(Some(head)) => {
                        // A failure is logged. It does not pass.
                        if let Ok(detail) = self.shared.detail(&head) {
                            views.push(View { head, detail });
                        }
                    }
                    Ok(None) => {}
                    Err(error) => {
                        tracing::warn!(%error, "the change of a task cannot be read yet");
                        failed.push(id);
                    }
                }
            }
            self.watcher.again(&failed);
            if !views.is_empty() || failed.is_empty() {
                return views;
            }
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(max_delay);
            ids = self.watcher.changed().await;
        }
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
