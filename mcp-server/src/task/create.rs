//! The creation of tasks.

use std::sync::Arc;

use mcp_core::json::RawJson;
use mcp_core::jsonrpc::{ErrorObject, Params};
use mcp_core::meta;
use serde_json::Value;

use super::identity::{new_id, owner};
use super::manager::{TaskManager, View};
use super::record::{Detail, StoredCall};
use super::runner::millis;
use super::shared::to_error;
use super::supervised::caught;
use crate::auth::Principal;
use crate::clock::now;
use crate::context::Context;
use crate::questions::Journal;
use crate::store::{Lease, NewTask, StoreError, TaskHead, TaskQuota, TaskRecord};
use crate::tool::{ToolRoute, Translation};

impl TaskManager {
    /// Creates the task of a call, and runs it. `params` are those that layers let through, so that
    /// the task runs what was decided about; `journal` has what the call has recorded so far.
    /// The task is durable when the future completes.
    ///
    /// # Errors
    /// −32603 if a limit is reached, or the store failed.
    pub(super) async fn create(
        &self,
        context: &Context,
        route: &ToolRoute,
        params: &Params,
        journal: Option<Journal>,
        ttl: Option<std::time::Duration>,
    ) -> Result<View, ErrorObject> {
        self.check_running()?;
        let shared = &self.shared;
        let principal = context.principal().map(Principal::id);
        let owner = owner(principal);
        let failed = |error: StoreError| match error {
            StoreError::Full { limit: "max_tasks_per_owner", max } if principal.is_none() => {
                let error = StoreError::Full { limit: "max_anonymous_tasks", max };
                to_error("creating a task", &error)
            }
            error => to_error("creating a task", &error),
        };
        let id = new_id()?;
        let call = StoredCall {
            tool: route.name().into(),
            revision: context.revision().as_str().into(),
            id: context.request_id().clone(),
            principal: principal.map(Into::into),
            params: stored_params(context, params)?,
            sent: stored_translation(context, params),
        };
        let created_at = now();
        let mut head = TaskHead::new(Arc::clone(&id), Arc::clone(&owner), created_at);
        let records = &shared.records;
        let call = records.encode_call(&head, &call).map_err(failed)?;
        let entries = journal.map(|journal| records.entries_of(journal)).transpose();
        let entries = entries.map_err(failed)?.unwrap_or_default();
        let journal = records.seal_entries(&head, 0, &entries).map_err(failed)?;
        let max_bytes = shared.limits().max_task_bytes;
        let bytes = call.len() + journal.iter().map(bytes::Bytes::len).sum::<usize>();
        if bytes > max_bytes {
            return Err(ErrorObject::invalid_params(format!(
                "the call has {bytes} bytes; the limit of a task is {max_bytes} (tasks.max_task_bytes)"
            )));
        }
        let required = shared.access.required_by_call(&route.scopes, params);
        let detail = Detail {
            revision: context.revision().to_string(),
            scopes: required.into_iter().map(Into::into).collect(),
            bytes,
            entries: journal.len() as u64,
            ..Detail::default()
        };
        head.detail = records.encode_detail(&head, &detail).map_err(failed)?;
        let ttl = ttl.or_else(|| route.task_ttl()).or(shared.times.ttl);
        head.expires_at = ttl.map(|ttl| created_at.saturating_add(millis(ttl)));
        let mut task = NewTask::new(TaskRecord::new(head.clone(), call, journal));
        let is_leased = caught("creating a task", || self.engine.leases_new_tasks());
        let lease = is_leased.unwrap_or(false).then(|| {
            let (lease, fence) = (shared.limits().lease, 1);
            (lease, Lease::new(Arc::clone(&id), fence))
        });
        if let Some((lease, _)) = lease {
            task = task.leased(lease);
        }
        self.store(&id, task, shared.quota(&owner)).await.map_err(failed)?;
        caught("running a task", || self.engine.submit(id, lease.map(|(_, lease)| lease)));
        Ok(View { head, detail })
    }

    /// Stores a task. If the store does not confirm it, this server looks for it by its id, which
    /// no other server knows: if it is there, it is created. Otherwise the call fails, and the task
    /// is cancelled in case that it appears later; also if the future is dropped.
    async fn store(
        &self,
        id: &Arc<str>,
        task: NewTask,
        quota: TaskQuota,
    ) -> Result<(), StoreError> {
        let shared = &self.shared;
        let creation = shared.orphans.creation(id);
        let outcome = match shared.within(shared.store.create(task, quota)).await {
            Err(StoreError::Unavailable(reason)) => {
                let found = shared.within(shared.store.status(id)).await;
                if !matches!(found, Ok(Some(_))) {
                    return Err(StoreError::Unavailable(reason));
                }
                Ok(())
            }
            outcome => outcome,
        };
        creation.settle();
        outcome
    }
}

/// Returns the arguments as the client sent them, if they were translated: errors name the places
/// in this form.
fn stored_translation(context: &Context, params: &Params) -> Option<RawJson> {
    let [arguments] = params.member_texts(["arguments"]).ok()?;
    match context.call().extensions.get()? {
        Translation::Translated(it) if Some(it.written.as_str()) == arguments => {
            it.sent.parse().ok()
        }
        _ => None,
    }
}

/// Returns the parameters that a task keeps: `name`, `arguments` and `_meta`. A session has told
/// the server what later calls repeat in `_meta`, so it is added.
fn stored_params(context: &Context, params: &Params) -> Result<RawJson, ErrorObject> {
    let failed = |error: serde_json::Error| crate::error::internal("creating a task", &error);
    let call = context.call();
    let [name, arguments, meta] = params
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
