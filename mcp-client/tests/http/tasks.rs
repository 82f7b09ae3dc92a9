//! Tasks over HTTP: header fields, pauses that a server asks for, notifications (TX-10).

use std::time::Duration;

use mcp_client::Client;
use mcp_client::task::{Started, TaskOptions};
use mcp_client::types::InputResponses;
use mcp_test_support::message::text;
use mcp_test_support::with;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::script::{Script, modern};

fn state(id: &str, status: &str) -> Value {
    let now = "2026-11-28T00:00:00Z";
    json!({
        "resultType": "complete", "taskId": id, "status": status, "createdAt": now,
        "lastUpdatedAt": now, "ttlMs": null,
    })
}

async fn create(script: &mut Script, id: &str) {
    let mut created = state(id, "working");
    created["resultType"] = "task".into();
    script.expect("tools/call").await.reply(created);
}

fn completed(id: &str) -> Value {
    let mut task = state(id, "completed");
    task["result"] = text("done");
    task
}

#[tokio::test(start_paused = true)]
async fn requests_about_a_task_have_its_id_in_a_header_field() {
    let options = TaskOptions::new().listen(false);
    let (client, mut script) = modern(Client::builder().tasks(options)).await;
    for (id, name) in [("t1", "t1"), ("tä", "=?base64?dMOk?=")] {
        let (started, ()) =
            tokio::join!(client.call_tool("x", &()).start(), create(&mut script, id));
        let Started::Task(mut task) = started.unwrap() else { panic!("there is a task") };
        let answers = InputResponses::new();
        let requests = async {
            task.update(&answers).await.unwrap();
            task.cancel().await.unwrap();
            task.wait().await.unwrap();
        };
        let serve = async {
            for (method, result) in [
                ("tasks/update", json!({ "resultType": "complete" })),
                ("tasks/cancel", json!({ "resultType": "complete" })),
                ("tasks/get", completed(id)),
            ] {
                let exchange = script.expect(method).await;
                assert_eq!(exchange.header("mcp-method"), Some(method));
                assert_eq!(exchange.header("mcp-name"), Some(name), "{method}");
                exchange.reply(result);
            }
        };
        tokio::join!(requests, serve);
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_waits_as_long_as_a_busy_server_asks() {
    let options = TaskOptions::new().listen(false);
    let (client, mut script) = modern(Client::builder().tasks(options)).await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut script, "t1").await;
        let refused = script.expect("tasks/get").await;
        let begun = Instant::now();
        drop(refused.begin(429, &[("retry-after", "7")]));
        let exchange = script.expect("tasks/get").await;
        assert!(begun.elapsed() >= Duration::from_secs(7), "{:?}", begun.elapsed());
        exchange.reply(completed("t1"));
    });
    assert_eq!(reply.await.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_the_network_loses_is_sent_again() {
    let options = TaskOptions::new().listen(false);
    let (client, mut script) = modern(Client::builder().tasks(options)).await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut script, "t1").await;
        for _ in 0..8 {
            script.expect("tasks/get").await.unreachable();
        }
        script.expect("tasks/get").await.status(502);
        script.expect("tasks/get").await.reply(completed("t1"));
    });
    assert_eq!(reply.await.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_notification_on_a_stream_ends_the_wait() {
    let (client, mut script) = modern(Client::builder().tasks(TaskOptions::new())).await;
    let begun = Instant::now();
    let reply = with(client.call_tool("x", &()), async {
        create(&mut script, "t1").await;
        let exchange = script.expect("subscriptions/listen").await;
        assert_eq!(exchange.header("mcp-name"), None);
        let meta = json!({ "io.modelcontextprotocol/subscriptionId": exchange.id() });
        let stream = exchange.stream();
        let agreed = json!({ "notifications": { "taskIds": ["t1"] }, "_meta": meta });
        stream.tell("notifications/subscriptions/acknowledged", agreed);
        let mut task = completed("t1");
        task["_meta"] = meta;
        stream.tell("notifications/tasks", task);
        stream.dropped().await;
    });
    assert_eq!(reply.await.unwrap().text(), "done");
    assert!(begun.elapsed() < Duration::from_secs(1));
}
