//! The limits of tasks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_server::input::AskError;
use mcp_server::task::TaskLimits;
use mcp_server::{Context, Elicit, Limits, ServerBuilder, routes, tool};
use mcp_test_support::Gate;
use serde::Deserialize;
use serde_json::json;

use super::faults::Operation;
use super::fixture::{TaskClient, accept, connect, waiting};
use crate::harness::{Identify, Transport, built, server};

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

#[tool(task)]
async fn repeat(text: String, times: usize) -> String {
    text.repeat(times)
}

fn limited(set: impl FnOnce(&mut TaskLimits)) -> ServerBuilder {
    let mut limits = Limits::default();
    set(&mut limits.tasks);
    server().limits(limits).routes(routes![repeat])
}

#[tokio::test(start_paused = true)]
async fn the_store_keeps_a_limited_number_of_tasks() {
    for &transport in Transport::ALL {
        let server = built(limited(|limits| limits.max_tasks = 3));
        let client = connect(&server, transport).await;
        let call = json!({ "name": "repeat", "arguments": { "text": "a", "times": 1 } });
        for _ in 0..3 {
            client.ok("tools/call", call.clone()).await;
        }
        let error = client.err("tools/call", call).await;
        assert_eq!(error.code, -32603);
        assert!(error.message.contains("3 (max_tasks)"), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_principal_has_a_share_and_so_have_all_anonymous_callers() {
    let server = limited(|limits| {
        limits.max_tasks_per_owner = 2;
        limits.max_anonymous_tasks = 10;
        limits.max_tasks = 15;
    });
    let server = server.layer(Identify);
    let client = connect(&built(server), Transport::Memory).await;
    let call = |user: Option<&str>| {
        let mut call = json!({ "name": "repeat", "arguments": { "text": "a", "times": 1 } });
        if let Some(user) = user {
            call["_meta"] = json!({ "com.example/user": user });
        }
        call
    };
    for _ in 0..10 {
        client.ok("tools/call", call(None)).await;
    }
    let error = client.err("tools/call", call(None)).await;
    assert!(error.message.contains("10 (max_anonymous_tasks)"), "{error:?}");
    for user in ["ada", "eve"] {
        for _ in 0..2 {
            client.ok("tools/call", call(Some(user))).await;
        }
        let error = client.err("tools/call", call(Some(user))).await;
        assert!(error.message.contains("max_tasks_per_owner"), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_has_a_limited_size() {
    #[tool(task)]
    async fn steps(ctx: Context) -> &'static str {
        for number in 0..100 {
            let _: String = ctx.step("large", async { "x".repeat(100 + number) }).await;
        }
        "never"
    }
    for &transport in Transport::ALL {
        let server = limited(|limits| limits.max_task_bytes = 2_000).routes(routes![steps]);
        let client = connect(&built(server), transport).await;
        let call =
            json!({ "name": "repeat", "arguments": { "text": "a".repeat(2_000), "times": 1 } });
        let error = client.err("tools/call", call).await;
        assert_eq!(error.code, -32602);
        assert!(error.message.contains("max_task_bytes"), "{error:?}");
        let id = client.create("repeat", json!({ "text": "a", "times": 2_000 })).await;
        let task = client.until(&id, "failed").await;
        assert!(task["error"]["message"].as_str().unwrap().contains("max_task_bytes"), "{task}");
        let id = client.create("steps", json!({})).await;
        let task = client.until(&id, "failed").await;
        assert!(task["error"]["message"].as_str().unwrap().contains("max_task_bytes"), "{task}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_asks_a_limited_number_of_times() {
    #[tool(task)]
    async fn insist(ctx: &Context) -> Result<String, AskError> {
        loop {
            let Name { name } = ctx.elicit("Yes?").key("sure").await?;
            if name == "yes" {
                return Ok(name);
            }
        }
    }
    let server = limited(|limits| limits.max_input_rounds = 3).routes(routes![insist]);
    let client = connect(&built(server), Transport::Memory).await;
    let id = client.create("insist", json!({})).await;
    let mut rounds = 0;
    let task = loop {
        let task = client.get(&id).await;
        match task["status"].as_str().unwrap() {
            "input_required" => {
                rounds += 1;
                let key = task["inputRequests"].as_object().unwrap().keys().next().unwrap().clone();
                client.answer(&id, json!({ key: accept(json!({ "name": "no" })) })).await;
            }
            "working" => tokio::time::sleep(Duration::from_millis(10)).await,
            _ => break task,
        }
    };
    assert_eq!((&task["status"], rounds), (&json!("failed"), 3));
    assert!(task["error"]["message"].as_str().unwrap().contains("max_input_rounds"), "{task}");
}

#[tokio::test(start_paused = true)]
async fn a_process_runs_a_limited_number_of_tasks_and_the_others_wait() {
    let gate = Gate::new();
    let server = limited(|limits| limits.max_running_tasks = 2).tool(waiting(&gate));
    let client = connect(&built(server), Transport::Memory).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(client.create("wait", json!({})).await);
    }
    gate.arrived(2).await;
    mcp_test_support::settle().await;
    assert_eq!(gate.arrivals(), 2);
    // Each that ends is followed by one that waits, at once.
    let opened_at = tokio::time::Instant::now();
    gate.open(5);
    for id in &ids {
        client.until(id, "completed").await;
    }
    assert!(opened_at.elapsed() < Duration::from_millis(500), "{:?}", opened_at.elapsed());
}

/// A million calls without waiting: only some become writes.
#[tokio::test(start_paused = true)]
async fn status_messages_are_limited_in_rate() {
    static WRITES: AtomicUsize = AtomicUsize::new(0);

    #[tool(task)]
    async fn busy(ctx: Context) -> &'static str {
        for number in 0..100_000 {
            ctx.progress(f64::from(number), None).await;
        }
        "done"
    }
    let store = mcp_server::store::MemoryTaskStore::new();
    let config = mcp_server::task::TaskConfig::new(store.clone());
    let server = built(server().routes(routes![busy]).tasks(config));
    let client = connect(&server, Transport::Memory).await;
    let counting = tokio::spawn(async move {
        use futures::StreamExt as _;
        use mcp_server::store::TaskStore as _;
        let mut changes = store.changes();
        while changes.next().await.is_some() {
            WRITES.fetch_add(1, Ordering::Relaxed);
        }
    });
    let id = client.create("busy", json!({})).await;
    client.until(&id, "completed").await;
    mcp_test_support::settle().await;
    counting.abort();
    let writes = WRITES.load(Ordering::Relaxed);
    assert!((2..10).contains(&writes), "{writes}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_fails_the_request_in_time() {
    let store = super::fixture::SharedStore::default();
    let config = mcp_server::task::TaskConfig::new(store.clone()).plaintext();
    let server = limited(|limits| limits.store_timeout = Duration::from_secs(3)).tasks(config);
    let client = connect(&built(server), Transport::Memory).await;
    let id = client.create("repeat", json!({ "text": "a", "times": 1 })).await;
    client.until(&id, "completed").await;
    store.stop_answering();
    let asked_at = tokio::time::Instant::now();
    client.err("tasks/get", json!({ "taskId": id })).await.expect_internal();
    assert_eq!(asked_at.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn one_search_deletes_all_expired_tasks_in_limited_numbers() {
    let store = super::faults::FaultyStore::default();
    let config = mcp_server::task::TaskConfig::new(store.clone())
        .plaintext()
        .ttl(Duration::from_millis(1))
        .result_ttl(Duration::ZERO);
    let server = limited(|limits| {
        limits.max_swept_tasks = 2;
        limits.sweep_interval = Duration::from_secs(60);
    });
    let client = connect(&built(server.tasks(config)), Transport::Memory).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..5 {
        client.create("repeat", json!({ "text": "a", "times": 1 })).await;
    }
    assert_eq!(store.inner.counts().tasks, 5);
    store.operations();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(store.inner.counts().tasks, 0);
    let sweeps = store.operations();
    let sweeps: Vec<_> =
        sweeps.iter().filter(|operation| matches!(operation, Operation::Sweep(_))).collect();
    // 2, 2, 1, and none.
    assert_eq!(sweeps, [&Operation::Sweep(2); 4]);
}

/// The answers of a client count, however they are divided.
#[tokio::test(start_paused = true)]
async fn answers_count_in_the_size_of_a_task() {
    #[tool(task)]
    async fn ask(ctx: &Context) -> Result<String, AskError> {
        let questions = ["a", "b", "c"].map(|key| ctx.elicit::<Name>(key).key(key).into_future());
        futures::future::try_join_all(questions).await?;
        Ok("done".to_owned())
    }
    let server = limited(|limits| limits.max_task_bytes = 3_000).routes(routes![ask]);
    let client = connect(&built(server), Transport::Memory).await;
    let id = client.create("ask", json!({})).await;
    client.until(&id, "input_required").await;
    let answer = |key: &str| {
        let answers = json!({ key: accept(json!({ "name": "x".repeat(1_000) })) });
        json!({ "taskId": id, "inputResponses": answers })
    };
    client.ok("tasks/update", answer("a")).await;
    let error = [
        client.request("tasks/update", answer("b")).await,
        client.request("tasks/update", answer("c")).await,
    ]
    .into_iter()
    .find_map(Result::err)
    .expect("the limit is reached");
    assert_eq!(error.code, -32602);
    assert!(error.message.contains("max_task_bytes"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_result_does_not_fit_in_the_store_fails() {
    let store = mcp_server::store::MemoryTaskStore::with_max_bytes(20_000);
    let config = mcp_server::task::TaskConfig::new(store);
    let client = connect(&built(limited(|_| {}).tasks(config)), Transport::Memory).await;
    let id = client.create("repeat", json!({ "text": "a", "times": 100_000 })).await;
    let task = client.until(&id, "failed").await;
    assert!(task["error"]["message"].as_str().unwrap().contains("max_bytes"), "{task}");
}

#[tokio::test(start_paused = true)]
async fn a_status_message_is_cut_off() {
    #[tool(task)]
    async fn shout(ctx: Context) -> Result<String, AskError> {
        ctx.progress_with_message(1.0, None, "é".repeat(100_000)).await;
        std::future::pending::<()>().await;
        Ok(String::new())
    }
    let server = limited(|_| {}).routes(routes![shout]);
    let client = connect(&built(server), Transport::Memory).await;
    let id = client.create("shout", json!({})).await;
    mcp_test_support::settle().await;
    let task = client.get(&id).await;
    assert_eq!(task["statusMessage"].as_str().map(str::len), Some(4 << 10), "{task}");
}
