//! Clients and stores of the tests of tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use mcp_server::store::{
    Lease, MemoryTaskStore, NewTask, StoreError, TaskChange, TaskHead, TaskPage, TaskQuota,
    TaskRecord, TaskStore, TaskUpdate, UpdateOutcome,
};
use mcp_server::task::TaskSupport;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Revision, Server, ServerBuilder};
use mcp_test_support::Gate;
use serde_json::{Value, json};

use crate::harness::{Client, Setup, Transport, built, named};

pub const TASKS: &str = "io.modelcontextprotocol/tasks";

/// The capabilities of a client with the extension.
pub fn with_tasks() -> Value {
    json!({ "extensions": { TASKS: {} }, "elicitation": { "form": {}, "url": {} } })
}

/// A modern client with the extension.
pub async fn connect(server: &Server, transport: Transport) -> Client {
    let setup = Setup::default().capabilities(with_tasks());
    setup.connect(server, transport, Revision::V2026_07_28).await
}

/// Runs a body on every transport, with a modern client that has the extension.
pub async fn each(server: impl Fn() -> ServerBuilder, body: impl AsyncFn(Client)) {
    for &transport in Transport::ALL {
        let client = connect(&built(server()), transport).await;
        named(&format!("{transport:?}"), body(client)).await;
    }
}

/// What the tests do with tasks.
pub trait TaskClient {
    /// Calls a tool, and returns the task that it became.
    async fn create(&self, name: &str, arguments: Value) -> String;
    async fn get(&self, id: &str) -> Value;
    /// Polls a task until it has this status.
    async fn until(&self, id: &str, status: &str) -> Value;
    async fn answer(&self, id: &str, answers: Value);
}

impl TaskClient for Client {
    async fn create(&self, name: &str, arguments: Value) -> String {
        let task = self.tool(name, arguments).await;
        assert_eq!(task["resultType"], "task", "{task}");
        task["taskId"].as_str().expect("an id").to_owned()
    }

    async fn get(&self, id: &str) -> Value {
        self.ok("tasks/get", json!({ "taskId": id })).await
    }

    async fn until(&self, id: &str, status: &str) -> Value {
        // The clock is paused, so that this waits for what the server does, not for time.
        for _ in 0..10_000 {
            let task = self.get(id).await;
            if task["status"] == status {
                return task;
            }
            let is_over = !matches!(task["status"].as_str(), Some("working" | "input_required"));
            assert!(!is_over, "expected {status}: {task}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the task is never {status}");
    }

    async fn answer(&self, id: &str, answers: Value) {
        let params = json!({ "taskId": id, "inputResponses": answers });
        let result = self.ok("tasks/update", params).await;
        assert_eq!(result["resultType"], "complete");
    }
}

/// A tool that waits at the gate as a task, and then returns "through".
pub fn waiting(gate: &Gate) -> ToolRoute {
    let gate = gate.clone();
    ToolRoute::builder("wait").task(TaskSupport::Optional).handler(move |ctx: Context| {
        let gate = gate.clone();
        async move {
            ctx.progress_with_message(1.0, 2.0, "half").await;
            gate.wait().await;
            "through"
        }
    })
}

/// An answer that accepts a form.
pub fn accept(content: Value) -> Value {
    json!({ "action": "accept", "content": content })
}

/// A store that several servers share, like one outside of the process.
#[derive(Clone, Default)]
pub struct SharedStore(pub Arc<MemoryTaskStore>, pub Arc<AtomicBool>);

impl SharedStore {
    /// Lets reads wait for ever.
    pub fn stop_answering(&self) {
        self.1.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl TaskStore for SharedStore {
    async fn create(&self, task: NewTask, quota: TaskQuota) -> Result<(), StoreError> {
        self.0.create(task, quota).await
    }

    async fn head(&self, id: &str) -> Result<Option<TaskHead>, StoreError> {
        if self.1.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.0.head(id).await
    }

    async fn status(&self, id: &str) -> Result<Option<TaskHead>, StoreError> {
        self.0.status(id).await
    }

    async fn load(&self, id: &str) -> Result<Option<TaskRecord>, StoreError> {
        self.0.load(id).await
    }

    async fn update(&self, id: &str, update: TaskUpdate) -> Result<UpdateOutcome, StoreError> {
        self.0.update(id, update).await
    }

    async fn claim(&self, id: &str, lease: Duration) -> Result<Option<Lease>, StoreError> {
        self.0.claim(id, lease).await
    }

    async fn claim_any(&self, lease: Duration, max: usize) -> Result<Vec<Lease>, StoreError> {
        self.0.claim_any(lease, max).await
    }

    async fn renew(&self, leases: &[Lease], lease: Duration) -> Result<Vec<bool>, StoreError> {
        self.0.renew(leases, lease).await
    }

    async fn list(
        &self,
        owner: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<TaskPage, StoreError> {
        self.0.list(owner, after, max).await
    }

    async fn sweep(&self, now: u64, max: usize) -> Result<Vec<Arc<str>>, StoreError> {
        self.0.sweep(now, max).await
    }

    fn changes(&self) -> BoxStream<'static, TaskChange> {
        self.0.changes()
    }
}
