//! What the requests about tasks, and the executions of tasks, have in common.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};

use super::asking::Asking;
use super::limits::TaskLimits;
use super::orphans::Orphans;
use super::record::{Detail, Records};
use super::unreadable::Reported;
use super::watchers::Watchers;
use crate::auth::AccessRules;
use crate::call::{ConversationState, Environment};
use crate::registry::Live;
use crate::store::{StoreError, TaskHead, TaskQuota, TaskStore};
use crate::task::identity::ANONYMOUS;

/// Number of times that a change is made again because another was faster. Fixed: it exceeds the
/// number of writers that change one task at the same moment.
pub(super) const MAX_CONFLICTS: usize = 64;

/// The store of a server's tasks, with what it needs to run them.
pub(super) struct Shared {
    pub(super) store: Arc<dyn TaskStore>,
    pub(super) records: Records,
    /// Which scopes calls need.
    pub(super) access: AccessRules,
    pub(super) times: Times,
    pub(super) environment: Arc<Environment>,
    pub(super) live: Arc<Live>,
    /// The conversation that the calls of tasks belong to.
    pub(super) conversation: Arc<ConversationState>,
    pub(super) watchers: Watchers,
    pub(super) reported: Reported,
    pub(super) orphans: Orphans,
    pub(super) asking: Asking,
}

/// The times of the tasks of a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Time from its creation for which a task is kept. `None` keeps it for ever.
    pub(super) ttl: Option<Duration>,
    /// Minimum time for which the outcome is kept.
    pub(super) result_ttl: Duration,
    /// Recommended time between two polls.
    pub(super) poll_interval: Duration,
}

impl Shared {
    pub(super) fn limits(&self) -> &TaskLimits {
        &self.environment.limits.tasks
    }

    pub(super) fn quota(&self, owner: &str) -> TaskQuota {
        let limits = self.limits();
        let max_per_owner = match owner {
            ANONYMOUS => limits.max_anonymous_tasks,
            _ => limits.max_tasks_per_owner,
        };
        TaskQuota::new(limits.max_tasks, max_per_owner)
    }

    /// Waits for the store, but not for ever.
    pub(super) async fn within<T>(
        &self,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let timeout = self.limits().store_timeout;
        match tokio::time::timeout(timeout, operation).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let millis = timeout.as_millis();
                Err(StoreError::unavailable(format_args!(
                    "it did not answer within {millis} ms (store_timeout)"
                )))
            }
        }
    }

    pub(super) async fn head(&self, id: &str) -> Result<Option<TaskHead>, ErrorObject> {
        self.within(self.store.head(id)).await.map_err(|error| to_error("reading a task", &error))
    }

    /// Returns a task without its outcome.
    pub(super) async fn status(&self, id: &str) -> Result<Option<TaskHead>, ErrorObject> {
        let status = self.within(self.store.status(id)).await;
        status.map_err(|error| to_error("reading a task", &error))
    }

    pub(super) fn detail(&self, head: &TaskHead) -> Result<Detail, ErrorObject> {
        self.records.decode_detail(head).map_err(|error| to_error("reading a task", &error))
    }
}

/// Returns what a caller learns of a failure of the store.
#[cold]
pub(super) fn to_error(operation: &str, error: &StoreError) -> ErrorObject {
    match error {
        StoreError::Full { limit, max } => ErrorObject::new(
            code::INTERNAL_ERROR,
            format!(
                "the server keeps no more tasks: its limit is {max} ({limit}); try again later"
            ),
        )
        .with_kind(
            ErrorKind::Unavailable,
            &serde_json::json!({ "reason": "capacity", "retryAfterMs": 1_000 }),
        ),
        error => crate::error::internal(operation, error),
    }
}
