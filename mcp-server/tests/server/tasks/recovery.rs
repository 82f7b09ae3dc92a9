//! Tasks whose server stops in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_server::input::{AskError, KeyRing};
use mcp_server::task::{Recovery, RunEnd, TaskConfig, TaskEngine, TaskRunner, TaskSupport};
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Elicit, Limits, Server, ServerBuilder};
use mcp_test_support::{Gate, settle};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::fixture::{SharedStore, TaskClient, accept, connect};
use crate::harness::{Transport, built, named, server};

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

/// Counts the executions of its parts.
#[derive(Clone, Default)]
struct Counts {
    runs: Arc<AtomicUsize>,
    steps: Arc<AtomicUsize>,
}

impl Counts {
    fn get(&self) -> (usize, usize) {
        (self.runs.load(Ordering::Relaxed), self.steps.load(Ordering::Relaxed))
    }
}

/// Does a step, waits at the gate, and returns the value of the step.
fn stepping(recovery: Recovery, gate: &Gate, counts: &Counts) -> ToolRoute {
    let (gate, counts) = (gate.clone(), counts.clone());
    ToolRoute::builder("stepping").task(TaskSupport::Optional).recovery(recovery).handler(
        move |ctx: Context| {
            let (gate, counts) = (gate.clone(), counts.clone());
            async move {
                counts.runs.fetch_add(1, Ordering::Relaxed);
                let value: usize = ctx
                    .step("first", async { counts.steps.fetch_add(1, Ordering::Relaxed) + 1 })
                    .await;
                gate.wait().await;
                value.to_string()
            }
        },
    )
}

/// A server of a fleet: all share a store and a key ring.
fn instance(store: &SharedStore, keys: &KeyRing) -> ServerBuilder {
    server().tasks(TaskConfig::new(store.clone())).state_keys(keys.clone())
}

fn keys() -> KeyRing {
    KeyRing::new("0123456789abcdef0123456789abcdef").unwrap()
}

/// What is done with the server that runs the task.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// It is dropped, as if its process were killed.
    Killed,
    /// It releases its leases.
    Stopped,
}

async fn end(server: Server, how: End) {
    if how == End::Stopped {
        server.stop_tasks().await;
    }
    drop(server);
    settle().await;
}

/// Starts a task at one server, ends that server, and returns a client of another one.
async fn interrupted(
    recovery: Recovery,
    how: End,
    transport: Transport,
    gate: &Gate,
    counts: &Counts,
) -> (crate::harness::Client, String) {
    let (store, keys) = (SharedStore::default(), keys());
    let tools = || instance(&store, &keys).tool(stepping(recovery, gate, counts));
    let first = built(tools());
    let client = connect(&first, transport).await;
    let id = client.create("stepping", json!({})).await;
    gate.arrived(1).await;
    client.close();
    drop(client);
    end(first, how).await;
    (connect(&built(tools()), transport).await, id)
}

#[tokio::test(start_paused = true)]
async fn a_task_is_resumed_from_its_last_completed_step() {
    for &transport in Transport::ALL {
        for how in [End::Killed, End::Stopped] {
            named(&format!("{transport:?}, {how:?}"), async {
                let (gate, counts) = (Gate::new(), Counts::default());
                let interrupted_at = Instant::now();
                let (client, id) =
                    interrupted(Recovery::Resume, how, transport, &gate, &counts).await;
                gate.arrived(2).await;
                let waited = interrupted_at.elapsed();
                let max = if how == End::Killed { 31 } else { 1 };
                assert!(
                    waited <= Duration::from_secs(max) + Duration::from_millis(100),
                    "{waited:?}"
                );
                gate.open(1);
                let task = client.until(&id, "completed").await;
                assert_eq!(task["result"]["content"][0]["text"], "1");
                assert_eq!(counts.get(), (2, 1));
            })
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_can_be_restarted_from_nothing() {
    for how in [End::Killed, End::Stopped] {
        let (gate, counts) = (Gate::new(), Counts::default());
        let (client, id) =
            interrupted(Recovery::Restart, how, Transport::Memory, &gate, &counts).await;
        gate.arrived(2).await;
        gate.open(1);
        let task = client.until(&id, "completed").await;
        assert_eq!(task["result"]["content"][0]["text"], "2");
        assert_eq!(counts.get(), (2, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_can_fail_when_it_was_interrupted() {
    for how in [End::Killed, End::Stopped] {
        let (gate, counts) = (Gate::new(), Counts::default());
        let (client, id) =
            interrupted(Recovery::Fail, how, Transport::Memory, &gate, &counts).await;
        let task = client.until(&id, "failed").await;
        assert_eq!(task["error"]["code"], -32603);
        assert!(task["error"]["message"].as_str().unwrap().contains("interrupted"), "{task}");
        assert_eq!(counts.get(), (1, 1));
    }
}

/// A task that ends its process must not end every process of the fleet.
#[tokio::test(start_paused = true)]
async fn a_task_that_is_interrupted_again_and_again_fails() {
    let (gate, counts) = (Gate::new(), Counts::default());
    let (store, keys) = (SharedStore::default(), keys());
    let tools = || {
        let mut limits = Limits::default();
        limits.tasks.max_recoveries = 3;
        let server = instance(&store, &keys).limits(limits);
        built(server.tool(stepping(Recovery::Resume, &gate, &counts)))
    };
    let mut first = tools();
    let mut client = connect(&first, Transport::Memory).await;
    let id = client.create("stepping", json!({})).await;
    for run in 1..=4 {
        gate.arrived(run).await;
        drop(client);
        end(first, End::Killed).await;
        first = tools();
        client = connect(&first, Transport::Memory).await;
    }
    let task = client.until(&id, "failed").await;
    assert!(task["error"]["message"].as_str().unwrap().contains("max_recoveries"), "{task}");
    assert_eq!(counts.get(), (4, 1));
}

/// A parked task needs no worker, so that an interruption while it waits is none.
#[tokio::test(start_paused = true)]
async fn a_parked_task_goes_on_at_another_server() {
    for recovery in [Recovery::Resume, Recovery::Restart, Recovery::Fail] {
        let (store, keys) = (SharedStore::default(), keys());
        let runs = Arc::<AtomicUsize>::default();
        let tools = || {
            let runs = Arc::clone(&runs);
            let ask = move |ctx: Context| {
                let runs = Arc::clone(&runs);
                async move {
                    runs.fetch_add(1, Ordering::Relaxed);
                    let Name { name } = ctx.elicit("Who?").key("who").await?;
                    Ok::<_, AskError>(name)
                }
            };
            let route = ToolRoute::builder("ask")
                .task(TaskSupport::Optional)
                .recovery(recovery)
                .handler(ask);
            built(instance(&store, &keys).tool(route))
        };
        let first = tools();
        let client = connect(&first, Transport::Memory).await;
        let id = client.create("ask", json!({})).await;
        client.until(&id, "input_required").await;
        drop(client);
        end(first, End::Killed).await;
        let second = tools();
        let client = connect(&second, Transport::Memory).await;
        let third = tools();
        let other = connect(&third, Transport::Memory).await;
        assert_eq!(client.get(&id).await["status"], "input_required");
        client.answer(&id, json!({ "who": accept(json!({ "name": "Ada" })) })).await;
        let task = other.until(&id, "completed").await;
        assert_eq!(task["result"]["content"][0]["text"], "Ada");
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }
}

/// A task is created, read, fed and cancelled at different servers.
#[tokio::test(start_paused = true)]
async fn a_task_that_another_server_runs_is_cancelled_at_once() {
    let (store, keys) = (SharedStore::default(), keys());
    let (gate, counts) = (Gate::new(), Counts::default());
    let tools = || built(instance(&store, &keys).tool(stepping(Recovery::Resume, &gate, &counts)));
    let (first, second) = (tools(), tools());
    let client = connect(&first, Transport::Memory).await;
    let other = connect(&second, Transport::Memory).await;
    let id = client.create("stepping", json!({})).await;
    gate.arrived(1).await;
    let cancelled_at = Instant::now();
    other.ok("tasks/cancel", json!({ "taskId": id })).await;
    gate.dropped(1).await;
    assert!(cancelled_at.elapsed() < Duration::from_secs(1));
    assert_eq!(client.get(&id).await["status"], "cancelled");
}

/// A server that is too slow for its lease may not write any more.
#[tokio::test(start_paused = true)]
async fn the_result_of_a_worker_that_lost_its_lease_is_refused() {
    let (store, keys) = (SharedStore::default(), keys());
    let (gate, counts) = (Gate::new(), Counts::default());
    let first = built(instance(&store, &keys).tool(stepping(Recovery::Resume, &gate, &counts)));
    let client = connect(&first, Transport::Memory).await;
    let id = client.create("stepping", json!({})).await;
    gate.arrived(1).await;
    // Another worker claims the task.
    use mcp_server::store::{Lease, TaskStore as _};
    store.renew(&[Lease::new(&*id, 1)], Duration::ZERO).await.unwrap();
    let stolen = store.claim(&id, Duration::from_secs(3600)).await.unwrap().unwrap();
    assert_eq!(stolen.fence, 2);
    gate.open(1);
    settle().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let task = client.get(&id).await;
    assert_eq!(task["status"], "working", "the worker of the first claim wrote: {task}");
}

/// A task that never ran was not interrupted.
#[tokio::test(start_paused = true)]
async fn a_task_that_waited_for_its_turn_is_not_interrupted_when_its_server_stops() {
    for how in [End::Killed, End::Stopped] {
        let (gate, counts) = (Gate::new(), Counts::default());
        let (store, keys) = (SharedStore::default(), keys());
        let tools = || {
            let mut limits = Limits::default();
            limits.tasks.max_running_tasks = 1;
            let server = instance(&store, &keys).limits(limits);
            built(server.tool(stepping(Recovery::Fail, &gate, &counts)))
        };
        let first = tools();
        let client = connect(&first, Transport::Memory).await;
        let running = client.create("stepping", json!({})).await;
        gate.arrived(1).await;
        let waiting = client.create("stepping", json!({})).await;
        settle().await;
        drop(client);
        end(first, how).await;
        let second = tools();
        let client = connect(&second, Transport::Memory).await;
        gate.open(1);
        client.until(&running, "failed").await;
        client.until(&waiting, "completed").await;
    }
}

/// After a stop, no task is accepted that would never run.
#[tokio::test(start_paused = true)]
async fn a_stopped_server_starts_no_tasks() {
    for store in [None, Some(SharedStore::default())] {
        let (gate, counts) = (Gate::new(), Counts::default());
        let config = match &store {
            None => TaskConfig::default(),
            Some(store) => TaskConfig::new(store.clone()).plaintext(),
        };
        let stepping = stepping(Recovery::Resume, &gate, &counts);
        let server = built(server().tasks(config).tool(stepping));
        let client = connect(&server, Transport::Memory).await;
        server.stop_tasks().await;
        let error = client.err("tools/call", json!({ "name": "stepping" })).await;
        assert_eq!(error.code, -32603);
        assert!(error.message.contains("stopping"), "{error:?}");
    }
}

/// The engine only has to run tasks: an execution notices by itself that it may no longer write.
#[tokio::test(start_paused = true)]
async fn an_execution_ends_when_its_task_was_cancelled_although_its_engine_does_nothing() {
    #[derive(Default, Clone)]
    struct Engine(Arc<std::sync::OnceLock<TaskRunner>>, Arc<std::sync::Mutex<Vec<RunEnd>>>);

    #[async_trait::async_trait]
    impl TaskEngine for Engine {
        fn start(&self, runner: TaskRunner) {
            drop(self.0.set(runner));
        }

        fn submit(&self, id: Arc<str>, lease: Option<mcp_server::store::Lease>) {
            assert!(lease.is_none());
            self.deliver(id);
        }

        fn deliver(&self, id: Arc<str>) {
            let Self(runner, ends) = self.clone();
            tokio::spawn(async move {
                let runner = runner.get().expect("started");
                let lease = runner.claim(&id).await.unwrap().expect("a lease");
                let end = runner.run(&lease).await;
                ends.lock().unwrap().push(end);
            });
        }

        fn cancel(&self, _: &str) {}

        async fn stop(&self) {}
    }

    let (gate, engine) = (Gate::new(), Engine::default());
    let waiting = gate.clone();
    let work =
        ToolRoute::builder("work").task(TaskSupport::Optional).handler(move |ctx: Context| {
            let gate = waiting.clone();
            async move {
                gate.wait().await;
                let _: u32 = ctx.step("after", async { 1 }).await;
                "done"
            }
        });
    let config = TaskConfig::default().engine(engine.clone());
    let client = connect(&built(server().tasks(config).tool(work)), Transport::Memory).await;
    let done = client.create("work", json!({})).await;
    gate.open(1);
    client.until(&done, "completed").await;
    let id = client.create("work", json!({})).await;
    gate.arrived(2).await;
    client.ok("tasks/cancel", json!({ "taskId": id })).await;
    gate.open(1);
    settle().await;
    assert_eq!(*engine.1.lock().unwrap(), [RunEnd::Ended, RunEnd::Lost]);
    assert_eq!(client.get(&id).await["status"], "cancelled");
}
