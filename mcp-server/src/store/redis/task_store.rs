//! Tasks in Redis.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use redis::Value;

use super::reply::{self, HEAD_FIELDS, STATUS_FIELDS};
use super::script::{Script, ScriptCall};
use super::store::{RedisStore, Shared, micros, unexpected, unknown_effect};
use crate::store::position::{parse_position, position_after};
use crate::store::task::{
    Lease, NewTask, StoreError, TaskChange, TaskHead, TaskPage, TaskQuota, TaskRecord, TaskStore,
    TaskUpdate, UpdateOutcome,
};

/// Maximum number of tasks that one script handles. Redis runs nothing else meanwhile.
const MAX_BATCH: usize = 512;

static CREATE: LazyLock<Script> = LazyLock::new(|| Script::growing(include_str!("lua/create.lua")));
static LOAD: LazyLock<Script> = LazyLock::new(|| Script::reading(include_str!("lua/load.lua")));
static UPDATE: LazyLock<Script> = LazyLock::new(|| Script::growing(include_str!("lua/update.lua")));
static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::always(include_str!("lua/claim.lua")));
static CLAIM_ANY: LazyLock<Script> =
    LazyLock::new(|| Script::always(include_str!("lua/claim_any.lua")));
static RENEW: LazyLock<Script> = LazyLock::new(|| Script::always(include_str!("lua/renew.lua")));
static LIST: LazyLock<Script> = LazyLock::new(|| Script::reading(include_str!("lua/list.lua")));
static SWEEP: LazyLock<Script> = LazyLock::new(|| Script::always(include_str!("lua/sweep.lua")));

impl RedisStore {
    /// Creates the call of a script for one task.
    fn call_for(&self, script: &'static Script, id: &str) -> ScriptCall {
        let keys = &self.shared.keys;
        ScriptCall::new(script, keys, &[keys.task(id), keys.journal(id)])
    }
}

#[async_trait]
impl TaskStore for RedisStore {
    async fn create(&self, task: NewTask, quota: TaskQuota) -> Result<(), StoreError> {
        let NewTask { record: TaskRecord { head, call, journal }, lease } = task;
        let Shared { keys, link, operations, max_feed_entries, .. } = &*self.shared;
        let all = [keys.task(&head.id), keys.journal(&head.id), keys.owner(&head.owner)];
        let script = ScriptCall::new(&CREATE, keys, &all)
            .arg(&*head.id)
            .arg(operations.next())
            .arg(*max_feed_entries)
            .arg(micros(lease.unwrap_or_default()))
            .arg(quota.max_tasks)
            .arg(quota.max_tasks_per_owner)
            .arg(&*head.owner)
            .arg(head.fence)
            .arg(head.state.as_str())
            .arg(head.created_at)
            .arg(head.updated_at)
            .arg_or_empty(head.expires_at)
            .arg(&head.detail[..])
            .arg(&call[..])
            .arg_if_some(head.outcome.as_deref())
            .arg_all(&journal);
        let answer = link.call(&script).await?;
        let mut values = reply::list(answer.value)?.into_iter();
        let status = reply::text(values.next().unwrap_or(Value::Nil))?;
        match &*status {
            "created" => Ok(()),
            "exists" if answer.is_repeated => Err(unknown_effect()),
            "exists" => Err(StoreError::Exists),
            "full" => {
                let limit = reply::text(values.next().unwrap_or(Value::Nil))?;
                Err(match &*limit {
                    "max_tasks" => full("max_tasks", quota.max_tasks),
                    _ => full("max_tasks_per_owner", quota.max_tasks_per_owner),
                })
            }
            other => Err(unexpected(other)),
        }
    }

    async fn head(&self, id: &str) -> Result<Option<TaskHead>, StoreError> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.shared.keys.task(id)).arg(&HEAD_FIELDS);
        reply::head(id, self.shared.link.read(&command).await?)
    }

    async fn status(&self, id: &str) -> Result<Option<TaskHead>, StoreError> {
        let mut command = redis::cmd("HMGET");
        command.arg(self.shared.keys.task(id)).arg(&STATUS_FIELDS);
        reply::head(id, self.shared.link.read(&command).await?)
    }

    async fn load(&self, id: &str) -> Result<Option<TaskRecord>, StoreError> {
        let script = self.call_for(&LOAD, id).arg(&HEAD_FIELDS);
        let answer = self.shared.link.call(&script).await?;
        let [head, call, journal] = reply::array::<3>(answer.value)?;
        let Some(head) = reply::head(id, head)? else { return Ok(None) };
        let journal: Result<Vec<_>, _> =
            reply::list(journal)?.into_iter().map(reply::bytes).collect();
        Ok(Some(TaskRecord::new(head, reply::bytes(call)?, journal?)))
    }

    async fn update(&self, id: &str, update: TaskUpdate) -> Result<UpdateOutcome, StoreError> {
        let script = self
            .call_for(&UPDATE, id)
            .arg(id)
            .arg(self.shared.operations.next())
            .arg(self.shared.max_feed_entries)
            .arg(update.version)
            .arg_or_empty(update.fence)
            .arg(update.state.as_str())
            .arg(update.updated_at)
            .arg_or_empty(update.expires_at)
            .arg_if_some(update.detail.as_deref())
            .arg_if_some(update.outcome.as_deref())
            .arg_all(&update.append);
        let answer = self.shared.link.call(&script).await?;
        let mut values = reply::list(answer.value)?.into_iter();
        let status = reply::text(values.next().unwrap_or(Value::Nil))?;
        let refused = match &*status {
            "applied" => {
                let version = reply::number(values.next().unwrap_or(Value::Nil))?;
                return Ok(UpdateOutcome::Applied(version));
            }
            "conflict" => UpdateOutcome::Conflict,
            "ended" => UpdateOutcome::Ended,
            "fenced" => UpdateOutcome::Fenced,
            "missing" => UpdateOutcome::Missing,
            other => return Err(unexpected(other)),
        };
        // The first attempt may have been applied, and followed by another change.
        if answer.is_repeated { Err(unknown_effect()) } else { Ok(refused) }
    }

    async fn claim(&self, id: &str, lease: Duration) -> Result<Option<Lease>, StoreError> {
        let operation = self.shared.operations.next();
        let script = self.call_for(&CLAIM, id).arg(id).arg(operation).arg(micros(lease));
        match self.shared.link.call(&script).await?.value {
            Value::Nil => Ok(None),
            fence => Ok(Some(Lease::new(id, reply::number(fence)?))),
        }
    }

    async fn claim_any(&self, lease: Duration, max: usize) -> Result<Vec<Lease>, StoreError> {
        let keys = &self.shared.keys;
        let script = ScriptCall::new::<&str>(&CLAIM_ANY, keys, &[])
            .arg(&keys.base)
            .arg(micros(lease))
            .arg(max.min(MAX_BATCH));
        let answer = self.shared.link.call(&script).await?;
        let mut values = reply::list(answer.value)?.into_iter();
        let mut leases = Vec::with_capacity(values.len() / 2);
        while let (Some(id), Some(fence)) = (values.next(), values.next()) {
            leases.push(Lease::new(reply::text(id)?, reply::number(fence)?));
        }
        Ok(leases)
    }

    async fn renew(&self, leases: &[Lease], lease: Duration) -> Result<Vec<bool>, StoreError> {
        let keys = &self.shared.keys;
        let mut valid = Vec::with_capacity(leases.len());
        for batch in leases.chunks(MAX_BATCH) {
            let tasks: Vec<_> = batch.iter().map(|held| keys.task(&held.id)).collect();
            let mut script = ScriptCall::new(&RENEW, keys, &tasks).arg(micros(lease));
            for held in batch {
                script = script.arg(&*held.id).arg(held.fence);
            }
            let answer = self.shared.link.call(&script).await?;
            for value in reply::list(answer.value)? {
                valid.push(reply::number(value)? == 1);
            }
        }
        Ok(valid)
    }

    async fn list(
        &self,
        owner: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<TaskPage, StoreError> {
        let keys = &self.shared.keys;
        // A member of the set of an owner's tasks.
        let after = after.map(parse_position).transpose()?;
        let after = after.map(|(created_at, id)| format!("{created_at:020}{id}"));
        let script = ScriptCall::new(&LIST, keys, &[keys.owner(owner)])
            .arg(&keys.base)
            .arg(after.unwrap_or_default())
            .arg(max.clamp(1, MAX_BATCH))
            .arg(&STATUS_FIELDS);
        let answer = self.shared.link.call(&script).await?;
        let [heads, has_more] = reply::array::<2>(answer.value)?;
        let mut tasks = Vec::new();
        for value in reply::list(heads)? {
            let [id, head] = reply::array::<2>(value)?;
            tasks.extend(reply::head(&reply::text(id)?, head)?);
        }
        let last = tasks.last().filter(|_| has_more == Value::Int(1));
        let next = last.map(position_after);
        Ok(TaskPage::new(tasks, next))
    }

    async fn sweep(&self, now: u64, max: usize) -> Result<Vec<Arc<str>>, StoreError> {
        let keys = &self.shared.keys;
        let script = ScriptCall::new::<&str>(&SWEEP, keys, &[])
            .arg(&keys.base)
            .arg(now)
            .arg(max.min(MAX_BATCH))
            .arg(self.shared.max_feed_entries);
        let answer = self.shared.link.call(&script).await?;
        reply::list(answer.value)?.into_iter().map(reply::text).collect()
    }

    fn changes(&self) -> BoxStream<'static, TaskChange> {
        self.shared.feed.items()
    }
}

fn full(limit: &'static str, max: usize) -> StoreError {
    StoreError::Full { limit, max: u64::try_from(max).unwrap_or(u64::MAX) }
}
