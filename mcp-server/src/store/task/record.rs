//! The records of a store of tasks.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

/// The state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// A worker runs it, or may claim it.
    Working,
    /// It waits for input. No worker runs it.
    InputRequired,
    /// It has a result.
    Completed,
    /// It has an error.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl TaskState {
    /// All states.
    pub const ALL: [Self; 5] =
        [Self::Working, Self::InputRequired, Self::Completed, Self::Failed, Self::Cancelled];

    /// Returns the name of the state in the protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::InputRequired => "input_required",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Returns the state with a name; `None` if there is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether the state is final.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// The part of a task that its state consists of. It is read at each poll, and small except for the
/// outcome.
///
/// Times are in milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskHead {
    /// The id. It cannot be guessed.
    pub id: Arc<str>,
    /// The owner, as a digest. Only the owner may see the task.
    pub owner: Arc<str>,
    /// The number of writes so far: 1 at creation, and 1 more with each update.
    pub version: u64,
    /// The number of claims so far. A worker may write only while its claim is the last.
    pub fence: u64,
    /// The state.
    pub state: TaskState,
    /// The time of creation.
    pub created_at: u64,
    /// The time of the last change.
    pub updated_at: u64,
    /// The time after which the task may be deleted. `None` keeps it for ever.
    pub expires_at: Option<u64>,
    /// The status message, the open questions and similar. Opaque to the store.
    pub detail: Bytes,
    /// The result or the error of a terminal task. Opaque to the store. `None` in what
    /// [`TaskStore::status`](super::TaskStore::status) and
    /// [`TaskStore::list`](super::TaskStore::list) return.
    pub outcome: Option<Bytes>,
}

impl TaskHead {
    /// Creates the head of a task that has just been created: version 1, working, without detail
    /// and outcome, never expiring.
    pub fn new(id: impl Into<Arc<str>>, owner: impl Into<Arc<str>>, created_at: u64) -> Self {
        Self {
            id: id.into(),
            owner: owner.into(),
            version: 1,
            fence: 0,
            state: TaskState::Working,
            created_at,
            updated_at: created_at,
            expires_at: None,
            detail: Bytes::new(),
            outcome: None,
        }
    }

    /// Leaves the outcome out.
    #[must_use]
    pub fn without_outcome(self) -> Self {
        Self { outcome: None, ..self }
    }
}

/// A whole task.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskRecord {
    /// The state.
    pub head: TaskHead,
    /// The call that the task runs. Written once. Opaque to the store.
    pub call: Bytes,
    /// What the execution has recorded, oldest first. Entries are only appended. Opaque to the
    /// store.
    pub journal: Vec<Bytes>,
}

impl TaskRecord {
    /// Creates a record from its parts.
    pub const fn new(head: TaskHead, call: Bytes, journal: Vec<Bytes>) -> Self {
        Self { head, call, journal }
    }
}

/// A task to create.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewTask {
    /// The task. Its version is 1; its fence is 1 with a lease, and 0 otherwise.
    pub record: TaskRecord,
    /// The lease of the worker that creates the task and runs it. Without one, a working task can
    /// be claimed at once.
    pub lease: Option<Duration>,
}

impl NewTask {
    /// Creates a task that any worker can claim.
    #[must_use]
    pub fn new(mut record: TaskRecord) -> Self {
        record.head.version = 1;
        record.head.fence = 0;
        Self { record, lease: None }
    }

    /// Leases the task to its creator, with fence 1.
    #[must_use]
    pub fn leased(mut self, lease: Duration) -> Self {
        self.record.head.fence = 1;
        self.lease = Some(lease);
        self
    }
}

/// The limits on the tasks of a store, which are checked when a task is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskQuota {
    /// Maximum number of tasks.
    pub max_tasks: usize,
    /// Maximum number of tasks of one owner.
    pub max_tasks_per_owner: usize,
}

impl TaskQuota {
    /// Creates the limits.
    #[must_use]
    pub const fn new(max_tasks: usize, max_tasks_per_owner: usize) -> Self {
        Self { max_tasks, max_tasks_per_owner }
    }
}

/// A change of a task. It applies only if the task still has the version that it was made from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TaskUpdate {
    /// The version that the task must have.
    pub version: u64,
    /// The claim of the worker that writes. `None` for writers that are not workers.
    pub fence: Option<u64>,
    /// The new state.
    pub state: TaskState,
    /// The time of the change.
    pub updated_at: u64,
    /// The new time of expiry.
    pub expires_at: Option<u64>,
    /// The new detail. `None` keeps it.
    pub detail: Option<Bytes>,
    /// Entries to append to the journal.
    pub append: Vec<Bytes>,
    /// The outcome, with a terminal state.
    pub outcome: Option<Bytes>,
}

impl TaskUpdate {
    /// Creates a change that keeps the state and the expiry of a task.
    #[must_use]
    pub const fn of(head: &TaskHead, updated_at: u64) -> Self {
        Self {
            version: head.version,
            fence: None,
            state: head.state,
            updated_at,
            expires_at: head.expires_at,
            detail: None,
            append: Vec::new(),
            outcome: None,
        }
    }
}

/// The right to run a task: its id, and the number of the claim.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Lease {
    /// The id of the task.
    pub id: Arc<str>,
    /// The number of the claim, which later claims exceed.
    pub fence: u64,
}

impl Lease {
    /// Creates a lease.
    pub fn new(id: impl Into<Arc<str>>, fence: u64) -> Self {
        Self { id: id.into(), fence }
    }
}

/// One page of the tasks of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskPage {
    /// The tasks, oldest first, without their outcomes.
    pub tasks: Vec<TaskHead>,
    /// The position of the next page. `None` on the last page.
    pub next: Option<String>,
}

impl TaskPage {
    /// Creates a page.
    #[must_use]
    pub const fn new(tasks: Vec<TaskHead>, next: Option<String>) -> Self {
        Self { tasks, next }
    }
}
