//! A store whose operations fail as a test decides.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use mcp_server::store::{
    Lease, MemoryTaskStore, NewTask, StoreError, TaskChange, TaskHead, TaskPage, TaskQuota,
    TaskRecord, TaskState, TaskStore, TaskUpdate, UpdateOutcome,
};

/// An operation of a store.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operation {
    Create,
    Head,
    Status,
    Load,
    /// With the state after it.
    Update(TaskState),
    Claim,
    ClaimAny,
    /// The number of leases, and whether they are released.
    Renew(usize, bool),
    List,
    /// The maximum number of tasks.
    Sweep(usize),
    Changes,
}

/// What becomes of an operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    None,
    /// It fails, and has no effect.
    Before,
    /// It has its effect, and fails.
    After,
    /// It takes this long.
    Slow(Duration),
    /// It panics, and has no effect.
    Panic,
}

type Decide = Arc<dyn Fn(Operation) -> Fault + Send + Sync>;

/// A store outside of the process, which fails as a test decides. Clones share everything.
#[derive(Clone, Default)]
pub struct FaultyStore {
    pub inner: MemoryTaskStore,
    decide: Arc<Mutex<Option<Decide>>>,
    log: Arc<Mutex<Vec<Operation>>>,
}

impl FaultyStore {
    /// Decides what becomes of each operation from now on.
    pub fn decide(&self, decide: impl Fn(Operation) -> Fault + Send + Sync + 'static) {
        *self.decide.lock().unwrap() = Some(Arc::new(decide));
    }

    /// Lets all operations succeed from now on.
    pub fn heal(&self) {
        *self.decide.lock().unwrap() = None;
    }

    /// Returns the operations so far, and forgets them.
    pub fn operations(&self) -> Vec<Operation> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    fn begin(&self, operation: Operation) -> Fault {
        self.log.lock().unwrap().push(operation);
        let decide = self.decide.lock().unwrap().clone();
        let fault = decide.map_or(Fault::None, |decide| decide(operation));
        assert!(fault != Fault::Panic, "the store panics, as the test decided");
        fault
    }

    async fn run<T>(
        &self,
        operation: Operation,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let failed = || StoreError::unavailable("as the test decided");
        match self.begin(operation) {
            Fault::Before => return Err(failed()),
            Fault::Slow(time) => tokio::time::sleep(time).await,
            Fault::After => return work.await.and_then(|_| Err(failed())),
            Fault::None | Fault::Panic => {}
        }
        work.await
    }
}

#[async_trait]
impl TaskStore for FaultyStore {
    async fn create(&self, task: NewTask, quota: TaskQuota) -> Result<(), StoreError> {
        self.run(Operation::Create, self.inner.create(task, quota)).await
    }

    async fn head(&self, id: &str) -> Result<Option<TaskHead>, StoreError> {
        self.run(Operation::Head, self.inner.head(id)).await
    }

    async fn status(&self, id: &str) -> Result<Option<TaskHead>, StoreError> {
        self.run(Operation::Status, self.inner.status(id)).await
    }

    async fn load(&self, id: &str) -> Result<Option<TaskRecord>, StoreError> {
        self.run(Operation::Load, self.inner.load(id)).await
    }

    async fn update(&self, id: &str, update: TaskUpdate) -> Result<UpdateOutcome, StoreError> {
        self.run(Operation::Update(update.state), self.inner.update(id, update)).await
    }

    async fn claim(&self, id: &str, lease: Duration) -> Result<Option<Lease>, StoreError> {
        self.run(Operation::Claim, self.inner.claim(id, lease)).await
    }

    async fn claim_any(&self, lease: Duration, max: usize) -> Result<Vec<Lease>, StoreError> {
        self.run(Operation::ClaimAny, self.inner.claim_any(lease, max)).await
    }

    async fn renew(&self, leases: &[Lease], lease: Duration) -> Result<Vec<bool>, StoreError> {
        let operation = Operation::Renew(leases.len(), lease.is_zero());
        self.run(operation, self.inner.renew(leases, lease)).await
    }

    async fn list(
        &self,
        owner: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<TaskPage, StoreError> {
        self.run(Operation::List, self.inner.list(owner, after, max)).await
    }

    async fn sweep(&self, now: u64, max: usize) -> Result<Vec<Arc<str>>, StoreError> {
        self.run(Operation::Sweep(max), self.inner.sweep(now, max)).await
    }

    fn changes(&self) -> BoxStream<'static, TaskChange> {
        self.begin(Operation::Changes);
        self.inner.changes()
    }
}
