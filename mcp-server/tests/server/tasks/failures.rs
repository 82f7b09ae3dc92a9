//! Tasks whose store fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mcp_server::input::AskError;
use mcp_server::store::{Lease, TaskChange, TaskState, TaskStore as _};
use mcp_server::task::{LocalEngine, TaskConfig, TaskEngine, TaskLimits, TaskRunner};
use mcp_server::{Context, Elicit, Limits, ServerBuilder, routes, tool};
use mcp_test_support::{Gate, settle};
use serde::Deserialize;
use serde_json::json;

use super::faults::{Fault, FaultyStore, Operation};
use super::fixture::{SharedStore, TaskClient, accept, connect, waiting};
use crate::harness::{Transport, built, server};

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

/// Asks twice under the same key.
#[tool(task)]
async fn greet(ctx: &Context) -> Result<String, AskError> {
    let Name { name: first } = ctx.elicit("First name?").key("name").await?;
    let Name { name: last } = ctx.elicit("Last name?").key("name").await?;
    Ok(format!("{first} {last}"))
}

fn tools(store: &FaultyStore) -> ServerBuilder {
    server().routes(routes![greet]).tasks(TaskConfig::new(store.clone()).plaintext())
}

/// The task is parked, and the client has answered, before the worker learns that it has parked
/// the task. It must not ask again.
#[tokio::test(start_paused = true)]
async fn a_question_whose_write_is_not_confirmed_is_asked_once() {
    let store = FaultyStore::default();
    let client = connect(&built(tools(&store)), Transport::Memory).await;
    let failures = AtomicUsize::new(0);
    store.decide(move |operation| match operation {
        Operation::Update(TaskState::InputRequired)
            if failures.fetch_add(1, Ordering::Relaxed) == 0 =>
        {
            Fault::After
        }
        // No process continues the task meanwhile.
        Operation::Claim | Operation::ClaimAny => Fault::Before,
        _ => Fault::None,
    });
    let id = client.create("greet", json!({})).await;
    client.until(&id, "input_required").await;
    client.answer(&id, json!({ "name": accept(json!({ "name": "Ada" })) })).await;
    // The worker writes again.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let task = client.get(&id).await;
    assert_eq!(task["status"], "working", "asked again: {task}");
    store.heal();
    let task = client.until(&id, "input_required").await;
    let questions = task["inputRequests"].as_object().unwrap();
    let [(key, question)] = questions.iter().collect::<Vec<_>>()[..] else { panic!("{task}") };
    assert_ne!(key, "name", "a key belongs to one question");
    assert_eq!(question["params"]["message"], "Last name?");
    client.answer(&id, json!({ key: accept(json!({ "name": "Lovelace" })) })).await;
    let task = client.until(&id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "Ada Lovelace");
}

/// A step whose write is not confirmed is written once.
#[tokio::test(start_paused = true)]
async fn a_step_whose_write_is_not_confirmed_is_stored_once() {
    #[tool(task)]
    async fn count(ctx: Context) -> String {
        let mut sum = 0;
        for number in 0..5_u32 {
            sum += ctx.step("add", async { number }).await;
        }
        sum.to_string()
    }
    let store = FaultyStore::default();
    let config = TaskConfig::new(store.clone()).plaintext();
    let client =
        connect(&built(server().routes(routes![count]).tasks(config)), Transport::Memory).await;
    let writes = AtomicUsize::new(0);
    store.decide(move |operation| match operation {
        Operation::Update(TaskState::Working)
            if writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) =>
        {
            Fault::After
        }
        _ => Fault::None,
    });
    let id = client.create("count", json!({})).await;
    let task = client.until(&id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "10");
    assert_eq!(store.inner.load(&id).await.unwrap().unwrap().journal.len(), 5);
}

fn limits(set: impl FnOnce(&mut TaskLimits)) -> Limits {
    let mut limits = Limits::default();
    set(&mut limits.tasks);
    limits
}

/// The creating server owns the id, and finds out whether the task exists.
#[tokio::test(start_paused = true)]
async fn a_creation_that_is_not_confirmed_is_looked_up() {
    for fault in [Fault::Before, Fault::After] {
        let store = FaultyStore::default();
        let client = connect(&built(tools(&store)), Transport::Memory).await;
        store.decide(move |operation| match operation {
            Operation::Create => fault,
            _ => Fault::None,
        });
        if fault == Fault::Before {
            let error = client.err("tools/call", json!({ "name": "greet" })).await;
            error.expect_internal();
            assert_eq!(store.inner.counts().tasks, 0);
            continue;
        }
        let id = client.create("greet", json!({})).await;
        client.until(&id, "input_required").await;
    }
}

/// If it cannot find out, the client has an error, and the task must not run.
#[tokio::test(start_paused = true)]
async fn a_task_whose_client_has_an_error_is_cancelled() {
    let gate = Gate::new();
    let store = FaultyStore::default();
    let config = TaskConfig::new(store.clone()).plaintext();
    let client =
        connect(&built(server().tool(waiting(&gate)).tasks(config)), Transport::Memory).await;
    store.decide(|operation| match operation {
        Operation::Create => Fault::After,
        Operation::Status => Fault::Before,
        _ => Fault::None,
    });
    client.err("tools/call", json!({ "name": "wait" })).await.expect_internal();
    assert_eq!(store.inner.counts().working, 1);
    tokio::time::sleep(Duration::from_secs(5)).await;
    store.heal();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(store.inner.counts().working, 0);
    // It is not kept for its time to live, because no client can ask for it.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((store.inner.counts().tasks, gate.arrivals()), (0, 0));
}

/// A task that waits for its turn has no lease, so that a process with less work takes it.
#[tokio::test(start_paused = true)]
async fn a_task_that_waits_for_its_turn_is_run_by_a_process_that_has_time() {
    let (store, gate) = (SharedStore::default(), Gate::new());
    let instance = || {
        let config = TaskConfig::new(store.clone()).plaintext();
        let limits = limits(|limits| limits.max_running_tasks = 1);
        built(server().tool(waiting(&gate)).tasks(config).limits(limits))
    };
    let first = instance();
    let client = connect(&first, Transport::Memory).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(client.create("wait", json!({})).await);
    }
    gate.arrived(1).await;
    settle().await;
    assert_eq!(gate.arrivals(), 1);
    let second = instance();
    connect(&second, Transport::Memory).await.ok("tools/list", json!({})).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(gate.arrivals(), 2);
    gate.open(3);
    for id in &ids {
        client.until(id, "completed").await;
        // None was claimed twice.
        assert!(store.head(id).await.unwrap().unwrap().fence <= 1);
    }
}

/// Twelve requests that take 3 s each: one after the other, they would take longer than a lease.
#[tokio::test(start_paused = true)]
async fn many_leases_are_renewed_in_time_by_a_slow_store() {
    let (store, gate) = (FaultyStore::default(), Gate::new());
    let instance = || {
        let config = TaskConfig::new(store.clone()).plaintext();
        let limits = limits(|limits| limits.max_running_tasks = 3_000);
        built(server().tool(waiting(&gate)).tasks(config).limits(limits))
    };
    let first = instance();
    let client = connect(&first, Transport::Memory).await;
    let mut ids = Vec::new();
    for _ in 0..3_000 {
        ids.push(client.create("wait", json!({})).await);
    }
    gate.arrived(3_000).await;
    store.decide(|operation| match operation {
        Operation::Renew(..) => Fault::Slow(Duration::from_secs(3)),
        _ => Fault::None,
    });
    let second = instance();
    connect(&second, Transport::Memory).await.ok("tools/list", json!({})).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    for id in &ids {
        let head = store.inner.head(id).await.unwrap().unwrap();
        assert_eq!((head.fence, head.state), (1, TaskState::Working));
    }
}

/// What panics begins again, and nothing else stops.
#[tokio::test(start_paused = true)]
async fn a_store_that_panics_stops_nothing_for_good() {
    let store = FaultyStore::default();
    let client = connect(&built(tools(&store)), Transport::Memory).await;
    client.ok("tools/list", json!({})).await;
    for panicking in [
        Operation::Create,
        Operation::Head,
        Operation::Status,
        Operation::Load,
        Operation::Update(TaskState::InputRequired),
        Operation::Claim,
        Operation::ClaimAny,
        Operation::Renew(1, false),
        Operation::Sweep(1_000),
    ] {
        store.decide(move |operation| match operation {
            operation if operation == panicking => Fault::Panic,
            _ => Fault::None,
        });
        let call = json!({ "name": "greet" });
        let created = client.request("tools/call", call.clone()).await;
        assert_eq!(created.is_err(), panicking == Operation::Create, "{created:?}");
        tokio::time::sleep(Duration::from_secs(50)).await;
        store.heal();
        let id = client.ok("tools/call", call).await["taskId"].as_str().unwrap().to_owned();
        client.until(&id, "input_required").await;
        client.answer(&id, json!({ "name": accept(json!({ "name": "Ada" })) })).await;
        if let Ok(created) = created {
            let id = created["taskId"].as_str().unwrap();
            client.until(id, "input_required").await;
            client.ok("tasks/cancel", json!({ "taskId": id })).await;
        }
        tokio::time::sleep(Duration::from_secs(100)).await;
        let operations = store.operations();
        let searches =
            |operation: &&Operation| matches!(operation, Operation::ClaimAny | Operation::Sweep(_));
        assert!(operations.iter().filter(searches).count() > 100, "{panicking:?}");
    }
    // Expired tasks are still deleted.
    tokio::time::sleep(Duration::from_secs(2 * 3_600)).await;
    assert_eq!(store.inner.counts().tasks, 0);
}

/// A process learns of the changes that others make, also after its feed has failed.
#[tokio::test(start_paused = true)]
async fn a_feed_that_panics_is_opened_again() {
    let (store, gate) = (FaultyStore::default(), Gate::new());
    let instance = || {
        let config = TaskConfig::new(store.clone()).plaintext();
        built(server().tool(waiting(&gate)).tasks(config))
    };
    store.decide(|operation| match operation {
        Operation::Changes => Fault::Panic,
        _ => Fault::None,
    });
    let (first, second) = (instance(), instance());
    let client = connect(&first, Transport::Memory).await;
    let id = client.create("wait", json!({})).await;
    gate.arrived(1).await;
    let other = connect(&second, Transport::Memory).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    store.heal();
    // Between two renewals, which would find it out as well.
    tokio::time::sleep(Duration::from_secs(16)).await;
    let cancelled_at = tokio::time::Instant::now();
    other.ok("tasks/cancel", json!({ "taskId": id })).await;
    gate.dropped(1).await;
    assert!(cancelled_at.elapsed() < Duration::from_secs(1), "{:?}", cancelled_at.elapsed());
}

/// An engine whose start panics is started again, and its other panics fail nothing.
#[tokio::test(start_paused = true)]
async fn an_engine_that_panics_fails_only_what_it_does() {
    struct Panicking(LocalEngine, Arc<AtomicBool>);

    #[async_trait::async_trait]
    impl TaskEngine for Panicking {
        fn start(&self, runner: TaskRunner) {
            assert!(self.1.load(Ordering::Relaxed), "the engine panics");
            self.0.start(runner);
        }

        fn submit(&self, id: Arc<str>, lease: Option<Lease>) {
            assert!(lease.is_none());
            self.0.submit(id, lease);
            panic!("the engine panics");
        }

        fn deliver(&self, id: Arc<str>) {
            self.0.deliver(id);
            panic!("the engine panics");
        }

        fn cancel(&self, _: &str) {
            panic!("the engine panics");
        }

        fn changed(&self, _: &TaskChange) {
            panic!("the engine panics");
        }

        async fn stop(&self) {
            panic!("the engine panics");
        }
    }

    let can_start = Arc::<AtomicBool>::default();
    let engine = Panicking(LocalEngine::new(), Arc::clone(&can_start));
    let config = TaskConfig::default().engine(engine);
    let server = built(server().routes(routes![greet]).tasks(config));
    let client = connect(&server, Transport::Memory).await;
    let error = client.err("tools/call", json!({ "name": "greet" })).await;
    assert!(error.message.contains("failed to start"), "{error:?}");
    can_start.store(true, Ordering::Relaxed);
    let id = client.create("greet", json!({})).await;
    client.until(&id, "input_required").await;
    let filter = json!({ "notifications": { "taskIds": [id] } });
    let _open = client.start("subscriptions/listen", filter);
    client.receive("notifications/subscriptions/acknowledged").await;
    client.receive("notifications/tasks").await;
    client.answer(&id, json!({ "name": accept(json!({ "name": "Ada" })) })).await;
    assert_eq!(client.receive("notifications/tasks").await["status"], "working");
    client.ok("tasks/cancel", json!({ "taskId": id })).await;
    server.stop_tasks().await;
}

/// The state of a task whose change could not be read is read again.
#[tokio::test(start_paused = true)]
async fn a_change_that_cannot_be_read_yet_is_reported_later() {
    let (store, gate) = (FaultyStore::default(), Gate::new());
    let config = TaskConfig::new(store.clone()).plaintext();
    let client =
        connect(&built(server().tool(waiting(&gate)).tasks(config)), Transport::Memory).await;
    let id = client.create("wait", json!({})).await;
    gate.arrived(1).await;
    let filter = json!({ "notifications": { "taskIds": [id] } });
    let _open = client.start("subscriptions/listen", filter);
    client.receive("notifications/subscriptions/acknowledged").await;
    client.receive("notifications/tasks").await;
    store.decide(|operation| match operation {
        Operation::Head => Fault::Before,
        _ => Fault::None,
    });
    gate.open(1);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(client.receive_all().await, []);
    store.heal();
    assert_eq!(client.receive("notifications/tasks").await["status"], "completed");
}

/// A task that has expired is gone for its owner, and its end does not bring it back.
#[tokio::test(start_paused = true)]
async fn the_end_of_an_expired_task_does_not_revive_it() {
    let (store, gate) = (FaultyStore::default(), Gate::new());
    let config = TaskConfig::new(store.clone()).plaintext().ttl(Duration::from_secs(60));
    let limits = limits(|limits| limits.sweep_interval = Duration::from_secs(3_000));
    let server = built(server().tool(waiting(&gate)).tasks(config).limits(limits));
    let client = connect(&server, Transport::Memory).await;
    let id = client.create("wait", json!({})).await;
    gate.arrived(1).await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(client.err("tasks/get", json!({ "taskId": id })).await.code, -32602);
    gate.open(1);
    settle().await;
    assert_eq!(client.err("tasks/get", json!({ "taskId": id })).await.code, -32602);
    tokio::time::sleep(Duration::from_secs(3_000)).await;
    assert_eq!(store.inner.counts().tasks, 0);
}
