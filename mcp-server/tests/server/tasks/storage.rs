//! What a store of tasks contains, and for how long.

use std::sync::Arc;
use std::time::Duration;

use mcp_server::input::{AskError, KeyRing};
use mcp_server::store::{
    MemoryTaskStore, NewTask, TaskQuota, TaskRecord, TaskState, TaskStore as _,
};
use mcp_server::task::{TaskConfig, TaskSupport};
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, routes, tool};
use mcp_test_support::{Gate, settle};
use serde_json::json;

use super::faults::{FaultyStore, Operation};
use super::fixture::{SharedStore, TaskClient, connect, waiting};
use crate::harness::{Transport, built, server};

#[tool(task)]
async fn echo(text: String, ctx: Context) -> String {
    let text: String = ctx.step("copy", async { format!("{text}-step") }).await;
    format!("{text}-result")
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[tokio::test(start_paused = true)]
async fn what_leaves_the_process_is_sealed() {
    for is_plaintext in [false, true] {
        let store = SharedStore::default();
        let mut config = TaskConfig::new(store.clone());
        if is_plaintext {
            config = config.plaintext();
        }
        let keys = KeyRing::new(SECRET).unwrap();
        let server = built(server().routes(routes![echo]).tasks(config).state_keys(keys));
        let client = connect(&server, Transport::Memory).await;
        let id = client.create("echo", json!({ "text": "c0nfidential" })).await;
        let task = client.until(&id, "completed").await;
        assert_eq!(task["result"]["content"][0]["text"], "c0nfidential-step-result");
        let record = store.load(&id).await.unwrap().unwrap();
        let mut parts = vec![&record.call, record.head.outcome.as_ref().unwrap()];
        parts.extend(&record.journal);
        assert_eq!(parts.len(), 3);
        for part in parts {
            let is_readable = part.windows(12).any(|window| window == b"c0nfidential");
            assert_eq!(is_readable, is_plaintext);
        }
        assert_eq!(&*record.head.owner, "anonymous");
    }
}

#[test]
fn a_store_outside_of_the_process_needs_keys() {
    let config = TaskConfig::new(SharedStore::default());
    let error = server().routes(routes![echo]).tasks(config).build().unwrap_err();
    assert!(error.to_string().contains("state_keys"), "{error}");
    // What a generated key seals cannot be opened after a restart.
    let config = TaskConfig::new(SharedStore::default());
    let ephemeral = server().routes(routes![echo]).tasks(config).state_keys(KeyRing::ephemeral());
    assert!(ephemeral.build().is_err());
    let config = TaskConfig::new(SharedStore::default()).plaintext();
    server().routes(routes![echo]).tasks(config).build().unwrap();
}

/// A server without the key must not fail the tasks of the others.
#[tokio::test(start_paused = true)]
async fn a_server_with_another_key_leaves_tasks_alone() {
    let store = SharedStore::default();
    let gate = Gate::new();
    let instance = |secret: &str| {
        let config = TaskConfig::new(store.clone());
        built(server().tool(waiting(&gate)).tasks(config).state_keys(KeyRing::new(secret).unwrap()))
    };
    let first = instance(SECRET);
    let client = connect(&first, Transport::Memory).await;
    let id = client.create("wait", json!({})).await;
    gate.arrived(1).await;
    drop((client, first));
    let stranger = instance("another secret of at least 32 bytes");
    let client = connect(&stranger, Transport::Memory).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    client.err("tasks/get", json!({ "taskId": id })).await.expect_internal();
    let second = instance(SECRET);
    let client = connect(&second, Transport::Memory).await;
    gate.arrived(2).await;
    gate.open(1);
    client.until(&id, "completed").await;
}

/// Tasks that cannot be read delay no others, and are not claimed all the time.
#[tokio::test(start_paused = true)]
async fn tasks_that_cannot_be_read_do_not_delay_others() {
    let store = FaultyStore::default();
    let (lost, found) = (Gate::new(), Gate::new());
    let instance = |secret: &str, gate: &Gate| {
        let config = TaskConfig::new(store.clone());
        let mut limits = Limits::default();
        limits.tasks.max_running_tasks = 4;
        let keys = KeyRing::new(secret).unwrap();
        built(server().tool(waiting(gate)).tasks(config).state_keys(keys).limits(limits))
    };
    // More than run at once.
    let others = instance("another secret of at least 32 bytes", &lost);
    let client = connect(&others, Transport::Memory).await;
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(client.create("wait", json!({})).await);
    }
    lost.arrived(4).await;
    drop((client, others));
    let killed = instance(SECRET, &found);
    let client = connect(&killed, Transport::Memory).await;
    let id = client.create("wait", json!({})).await;
    found.arrived(1).await;
    drop((client, killed));
    let server = instance(SECRET, &found);
    let client = connect(&server, Transport::Memory).await;
    client.ok("tools/list", json!({})).await;
    let killed_at = tokio::time::Instant::now();
    found.arrived(2).await;
    let waited = killed_at.elapsed();
    assert!(waited <= Duration::from_millis(31_100), "{waited:?}");
    assert_eq!(client.get(&id).await["status"], "working");
    // In 33 s, each is claimed once to try it, and about twice in each of the three searches in
    // which it is left to others.
    store.operations();
    tokio::time::sleep(Duration::from_secs(300)).await;
    let claims = store.operations().iter().filter(|o| matches!(o, Operation::ClaimAny)).count();
    assert!(claims < 1_000, "{claims} searches");
    for id in &ids {
        let fence = store.inner.head(id).await.unwrap().unwrap().fence;
        assert!((10..200).contains(&fence), "a task was claimed {fence} times");
    }
    // An instance with the key runs them, although the other one searches all the time.
    let others = instance("another secret of at least 32 bytes", &lost);
    let client = connect(&others, Transport::Memory).await;
    client.ok("tools/list", json!({})).await;
    lost.open(100);
    let started_at = tokio::time::Instant::now();
    for id in &ids {
        client.until(id, "completed").await;
    }
    let waited = started_at.elapsed();
    assert!(waited < Duration::from_secs(40), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_task_is_deleted_after_its_time_and_not_before() {
    for &transport in Transport::ALL {
        let store = MemoryTaskStore::new();
        let config = TaskConfig::new(store.clone())
            .ttl(Duration::from_secs(600))
            .result_ttl(Duration::from_secs(60));
        let server = built(server().routes(routes![echo]).tasks(config));
        let client = connect(&server, transport).await;
        let id = client.create("echo", json!({ "text": "a" })).await;
        assert_eq!(client.until(&id, "completed").await["ttlMs"], 600_000);
        tokio::time::sleep(Duration::from_secs(590)).await;
        client.get(&id).await;
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert_eq!(client.err("tasks/get", json!({ "taskId": id })).await.code, -32602);
        tokio::time::sleep(Duration::from_secs(20)).await;
        let counts = store.counts();
        assert_eq!((counts.tasks, counts.owners, counts.expiring, counts.bytes), (0, 0, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_is_kept_even_if_the_task_ends_shortly_before_its_expiry() {
    let gate = Gate::new();
    let config =
        TaskConfig::default().ttl(Duration::from_secs(600)).result_ttl(Duration::from_secs(300));
    let client =
        connect(&built(server().tool(waiting(&gate)).tasks(config)), Transport::Memory).await;
    let id = client.create("wait", json!({})).await;
    let lost = client.create("wait", json!({})).await;
    gate.arrived(2).await;
    tokio::time::sleep(Duration::from_secs(599)).await;
    gate.open(1);
    let ids = [id, lost];
    settle().await;
    let mut completed = Vec::new();
    for id in &ids {
        if client.get(id).await["status"] == "completed" {
            completed.push(id);
        }
    }
    let [completed] = completed[..] else { panic!("one task completes: {completed:?}") };
    let ttl = client.get(completed).await["ttlMs"].as_u64().unwrap();
    assert!((898_900..=900_000).contains(&ttl), "{ttl}");
    tokio::time::sleep(Duration::from_secs(299)).await;
    client.get(completed).await;
    // The one that still runs is deleted at its expiry, and its handler is dropped.
    gate.dropped(1).await;
    let other = ids.iter().find(|id| *id != completed).unwrap();
    assert_eq!(client.err("tasks/get", json!({ "taskId": other })).await.code, -32602);
}

#[tokio::test(start_paused = true)]
async fn a_task_without_expiry_is_kept() {
    let config = TaskConfig::default().ttl(None);
    let server = built(server().routes(routes![echo]).tasks(config));
    let client = connect(&server, Transport::Memory).await;
    let id = client.create("echo", json!({ "text": "a" })).await;
    let task = client.until(&id, "completed").await;
    assert!(task.as_object().unwrap().contains_key("ttlMs") && task["ttlMs"].is_null(), "{task}");
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    client.get(&id).await;
}

/// Nothing of a server keeps running when it is dropped.
#[tokio::test(start_paused = true)]
async fn dropping_a_server_ends_its_tasks() {
    let (gate, dropped) = (Gate::new(), Arc::new(()));
    let (waiting, held) = (gate.clone(), Arc::clone(&dropped));
    let wait = ToolRoute::builder("wait").task(TaskSupport::Optional).handler(move |_: Context| {
        let (gate, held) = (waiting.clone(), Arc::clone(&held));
        async move {
            gate.wait().await;
            drop(held);
            "through"
        }
    });
    let server = built(server().tool(wait));
    let client = connect(&server, Transport::Memory).await;
    client.create("wait", json!({})).await;
    gate.arrived(1).await;
    drop((client, server));
    gate.dropped(1).await;
    settle().await;
    assert_eq!(Arc::strong_count(&dropped), 1);
}

/// Who can write to the store can neither give a task to somebody else, nor change the order of its
/// journal, without being noticed.
#[tokio::test(start_paused = true)]
async fn records_belong_to_their_owner_and_their_place() {
    #[tool(task)]
    async fn two_steps(ctx: Context) -> Result<String, AskError> {
        let first: String = ctx.step("first", async { "1".to_owned() }).await;
        let second: String = ctx.step("second", async { "2".to_owned() }).await;
        ctx.elicit_url("Go on?", "https://example.com/").key("go").await?;
        Ok(first + &second)
    }
    type Tamper = fn(&mut TaskRecord);
    let tampers: [(&str, Tamper); 4] = [
        ("nothing", |_| {}),
        ("another owner", |record| record.head.owner = "p.eve".into()),
        ("another order", |record| record.journal.swap(0, 1)),
        ("fewer entries", |record| drop(record.journal.pop())),
    ];
    for (what, tamper) in tampers {
        let instance = |store: &SharedStore| {
            let config = TaskConfig::new(store.clone());
            let keys = KeyRing::new(SECRET).unwrap();
            built(server().routes(routes![two_steps]).tasks(config).state_keys(keys))
        };
        let store = SharedStore::default();
        let client = connect(&instance(&store), Transport::Memory).await;
        let id = client.create("two_steps", json!({})).await;
        client.until(&id, "input_required").await;
        client.answer(&id, json!({ "go": { "action": "accept" } })).await;
        // The record at the moment when another process continues it.
        let mut record = store.load(&id).await.unwrap().unwrap();
        client.until(&id, "completed").await;
        drop(client);
        record.head.outcome = None;
        record.head.state = TaskState::Working;
        tamper(&mut record);
        let forged = SharedStore::default();
        let quota = TaskQuota::new(10, 10);
        forged.create(NewTask::new(record), quota).await.unwrap();
        let other = instance(&forged);
        connect(&other, Transport::Memory).await.ok("tools/list", json!({})).await;
        tokio::time::sleep(Duration::from_secs(100)).await;
        let head = forged.head(&id).await.unwrap().unwrap();
        let expected = match what {
            "nothing" => TaskState::Completed,
            _ => TaskState::Working,
        };
        assert_eq!(head.state, expected, "{what}");
    }
}

/// A record of a newer version of the SDK is left alone.
#[tokio::test(start_paused = true)]
async fn a_record_of_another_version_is_not_read() {
    let store = SharedStore::default();
    let config = TaskConfig::new(store.clone()).plaintext();
    let server = built(server().routes(routes![echo]).tasks(config));
    let client = connect(&server, Transport::Memory).await;
    let id = client.create("echo", json!({ "text": "a" })).await;
    client.until(&id, "completed").await;
    let record = store.load(&id).await.unwrap().unwrap();
    let outcome = record.head.outcome.as_ref().unwrap();
    for part in record.journal.iter().chain([&record.call, &record.head.detail, outcome]) {
        assert_eq!(part[0], 1, "each record begins with its version");
    }
    let mut newer = record;
    newer.head.id = "newer".into();
    newer.head.detail = [&[2], &newer.head.detail[1..]].concat().into();
    store.create(NewTask::new(newer), TaskQuota::new(10, 10)).await.unwrap();
    client.err("tasks/get", json!({ "taskId": "newer" })).await.expect_internal();
}
