//! A store in memory in whose operations a test takes part.

use std::sync::Arc;

use futures::future::BoxFuture;
use mcp_client::http::{BoxError, async_trait};
use mcp_client::oauth::{CredentialKey, CredentialStore, MemoryStore, Secret, StoreLock};

/// An operation of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Load,
    Save,
    Remove,
    Lock,
}

type Hook = Arc<
    dyn Fn(Operation, &CredentialKey) -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync,
>;

/// A [`MemoryStore`] that asks a test before each operation, and after it.
#[derive(Clone)]
pub(crate) struct HookedStore {
    pub(crate) memory: MemoryStore,
    before: Hook,
    after: Hook,
    has_locks: bool,
}

fn hook<F>(hook: impl Fn(Operation, &CredentialKey) -> F + Send + Sync + 'static) -> Hook
where
    F: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    Arc::new(move |operation, key| Box::pin(hook(operation, key)))
}

impl HookedStore {
    /// A store whose operations fail with the error of `before`.
    pub(crate) fn new<F>(
        memory: &MemoryStore,
        before: impl Fn(Operation, &CredentialKey) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let after = hook(|_, _| std::future::ready(Ok(())));
        Self { memory: memory.clone(), before: hook(before), after, has_locks: true }
    }

    /// A store in which one operation fails.
    pub(crate) fn failing(memory: &MemoryStore, fails: Operation, why: &'static str) -> Self {
        let result = move |operation| if operation == fails { Err(why.into()) } else { Ok(()) };
        Self::new(memory, move |operation, _| std::future::ready(result(operation)))
    }

    pub(crate) fn after<F>(
        self,
        after: impl Fn(Operation, &CredentialKey) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        Self { after: hook(after), ..self }
    }

    pub(crate) fn without_locks(self) -> Self {
        Self { has_locks: false, ..self }
    }
}

#[async_trait]
impl CredentialStore for HookedStore {
    async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError> {
        (self.before)(Operation::Load, key).await?;
        let loaded = self.memory.load(key).await?;
        (self.after)(Operation::Load, key).await?;
        Ok(loaded)
    }

    async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError> {
        (self.before)(Operation::Save, key).await?;
        self.memory.save(key, value).await?;
        (self.after)(Operation::Save, key).await
    }

    async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError> {
        (self.before)(Operation::Remove, key).await?;
        self.memory.remove(key).await?;
        (self.after)(Operation::Remove, key).await
    }

    async fn lock(&self, key: &CredentialKey) -> Result<StoreLock, BoxError> {
        (self.before)(Operation::Lock, key).await?;
        if self.has_locks { self.memory.lock(key).await } else { Ok(StoreLock::none()) }
    }
}
