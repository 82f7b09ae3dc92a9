//! Sessions in Redis.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::Value;

use super::reply;
use super::script::{Script, ScriptCall};
use super::store::{RedisStore, micros, unexpected, unknown_effect};
use crate::store::error::StoreError;
use crate::store::session::{NewSession, SessionKey, SessionQuota, SessionRecord, SessionStore};

static CREATE: LazyLock<Script> =
    LazyLock::new(|| Script::growing(include_str!("lua/session_create.lua")));
static LOAD: LazyLock<Script> =
    LazyLock::new(|| Script::reading(include_str!("lua/session_load.lua")));
static UPDATE: LazyLock<Script> =
    LazyLock::new(|| Script::growing(include_str!("lua/session_update.lua")));
static TOUCH: LazyLock<Script> =
    LazyLock::new(|| Script::always(include_str!("lua/session_touch.lua")));

#[async_trait]
impl SessionStore for RedisStore {
    async fn create(
        &self,
        key: SessionKey,
        session: NewSession,
        quota: SessionQuota,
    ) -> Result<(), StoreError> {
        let keys = &self.shared.keys;
        let mut all = vec![keys.session(key), keys.sessions.clone()];
        all.extend(session.owner.as_deref().map(|owner| keys.sessions_of(owner)));
        let script = ScriptCall::new(&CREATE, keys, &all)
            .arg(key.to_string())
            .arg(self.shared.operations.next())
            .arg(micros(session.ttl))
            .arg(quota.max_sessions)
            .arg(quota.max_sessions_per_owner)
            .arg(&session.data[..])
            .arg(session.owner.as_deref().unwrap_or_default());
        let answer = self.shared.link.call(&script).await?;
        let full = |limit, max| Err(StoreError::Full { limit, max });
        match &*reply::text(answer.value)? {
            "created" => Ok(()),
            // The first attempt may have created it, and a change followed.
            "exists" if answer.is_repeated => Err(unknown_effect()),
            "exists" => Err(StoreError::Exists),
            "max_sessions" => full("max_sessions", quota.max_sessions),
            "max_sessions_per_owner" => {
                full("max_sessions_per_owner", quota.max_sessions_per_owner)
            }
            other => Err(unexpected(other)),
        }
    }

    async fn load(&self, key: SessionKey) -> Result<Option<SessionRecord>, StoreError> {
        let keys = &self.shared.keys;
        let script = ScriptCall::new(&LOAD, keys, &[keys.session(key)]);
        let value = self.shared.link.call(&script).await?.value;
        if value == Value::Nil {
            return Ok(None);
        }
        let [version, data, unread] = reply::array::<3>(value)?;
        Ok(Some(SessionRecord {
            version: reply::number(version)?,
            data: reply::bytes(data)?,
            unread: Duration::from_micros(reply::number(unread)?),
        }))
    }

    async fn update(&self, key: SessionKey, version: u64, data: Bytes) -> Result<bool, StoreError> {
        let keys = &self.shared.keys;
        let script = ScriptCall::new(&UPDATE, keys, &[keys.session(key)])
            .arg(self.shared.operations.next())
            .arg(version)
            .arg(&data[..]);
        let answer = self.shared.link.call(&script).await?;
        let is_applied = reply::number(answer.value)? == 1;
        // The first attempt may have been applied, and followed by another change.
        if answer.is_repeated && !is_applied { Err(unknown_effect()) } else { Ok(is_applied) }
    }

    async fn touch(
        &self,
        key: SessionKey,
        ttl: Duration,
        is_read: bool,
    ) -> Result<bool, StoreError> {
        let keys = &self.shared.keys;
        let script = ScriptCall::new(&TOUCH, keys, &[keys.session(key), keys.sessions.clone()])
            .arg(&keys.base)
            .arg(key.to_string())
            .arg(micros(ttl))
            .arg(u8::from(is_read));
        let answer = self.shared.link.call(&script).await?;
        let is_found = reply::number(answer.value)? == 1;
        // The first attempt may have deleted it.
        let is_unknown = answer.is_repeated && !is_found && ttl.is_zero();
        if is_unknown { Err(unknown_effect()) } else { Ok(is_found) }
    }

    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError> {
        self.touch(key, Duration::ZERO, false).await
    }
}
