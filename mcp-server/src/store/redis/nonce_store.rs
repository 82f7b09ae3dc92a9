//! Used single-use values in Redis.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;

use super::reply;
use super::script::{Script, ScriptCall};
use super::store::{RedisStore, micros, unexpected};
use crate::store::error::StoreError;
use crate::store::nonce::{NonceQuota, NonceStore};

static REDEEM: LazyLock<Script> = LazyLock::new(|| Script::growing(include_str!("lua/redeem.lua")));

#[async_trait]
impl NonceStore for RedisStore {
    async fn redeem(
        &self,
        nonce: &[u8],
        owner: Option<&str>,
        ttl: Duration,
        quota: NonceQuota,
    ) -> Result<bool, StoreError> {
        let keys = &self.shared.keys;
        let mut all = vec![keys.nonce(nonce), keys.nonces.clone().into_bytes()];
        all.extend(owner.map(|owner| keys.nonces_of(owner).into_bytes()));
        let script = ScriptCall::new(&REDEEM, keys, &all)
            .arg(nonce)
            .arg(self.shared.operations.next())
            .arg(micros(ttl))
            .arg(quota.max_nonces)
            .arg(quota.max_nonces_per_owner);
        let answer = self.shared.link.call(&script).await?;
        let full = |limit, max| Err(StoreError::Full { limit, max });
        match &*reply::text(answer.value)? {
            "first" => Ok(true),
            "used" => Ok(false),
            "max_nonces" => full("max_nonces", quota.max_nonces),
            "max_nonces_per_owner" => full("max_nonces_per_owner", quota.max_nonces_per_owner),
            other => Err(unexpected(other)),
        }
    }
}
