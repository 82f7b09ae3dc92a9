//! Tasks of both sides together: the server runs them, the client waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_client::task::{SavedTask, Started, TaskOptions};
use mcp_client::{Client, ErrorKind, Revision};
use mcp_server::input::AskError;
use mcp_server::task::{TaskConfig, TaskSupport};
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Elicit, ErrorObject, Server};
use serde::Deserialize;
use serde_json::json;

use crate::transports::{Transport, host};

#[derive(Deserialize, Elicit)]
struct Confirmation {
    sure: bool,
}

/// A server whose tool does a step, asks, and reports.
fn server(steps: &Arc<AtomicUsize>) -> Server {
    let steps = Arc::clone(steps);
    let report =
        ToolRoute::builder("report").task(TaskSupport::Optional).handler(move |ctx: Context| {
            let steps = Arc::clone(&steps);
            async move {
                let value: usize =
                    ctx.step("count", async { steps.fetch_add(1, Ordering::Relaxed) + 1 }).await;
                ctx.progress_with_message(1.0, 2.0, "waiting").await;
                let Confirmation { sure } = ctx.elicit("Publish?").await?;
                Ok::<_, AskError>(format!("{value} {sure} {}", ctx.is_task()))
            }
        });
    let fail = ToolRoute::builder("fail")
        .task(TaskSupport::Optional)
        .handler(|_: Context| async { Err::<String, _>(ErrorObject::new(-31_000, "no table")) });
    let sleep =
        ToolRoute::builder("sleep").task(TaskSupport::Optional).handler(|_: Context| async {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            "never"
        });
    let tasks = TaskConfig::default().poll_interval(Duration::from_millis(20));
    let server = Server::builder("fixture", "1.0.0").tools([report, fail, sleep]).tasks(tasks);
    server.build().expect("a server")
}

async fn each(body: impl AsyncFn(Client, Transport, &AtomicUsize)) {
    for transport in Transport::ALL.into_iter().filter(|it| it.supports(Revision::LATEST)) {
        for listens in [true, false] {
            let steps = Arc::default();
            let builder = host(Revision::LATEST).tasks(TaskOptions::new().listen(listens));
            let client = transport.connect(&server(&steps), builder).await;
            body(client, transport, &steps).await;
        }
    }
}

#[tokio::test]
async fn a_call_returns_the_result_of_its_task() {
    each(async |client, transport, steps| {
        let reply = client.call_tool("report", &json!({})).await.expect("a result");
        assert_eq!(reply.text(), "1 true true", "{transport:?}");
        assert_eq!(steps.load(Ordering::Relaxed), 1);
        let error = client.call_tool("fail", &json!({})).await.expect_err("an error");
        assert_eq!(error.peer().map(ErrorObject::code), Some(-31_000));
    })
    .await;
}

#[tokio::test]
async fn a_task_is_saved_and_resumed_by_another_client() {
    let steps = Arc::default();
    let server = server(&steps);
    for transport in [Transport::Stream, Transport::Memory] {
        let connect =
            || transport.connect(&server, host(Revision::LATEST).tasks(TaskOptions::new()));
        let client = connect().await;
        let started = client.call_tool("report", &json!({})).start().await.expect("a task");
        let Started::Task(mut task) = started else { panic!("the call became no task") };
        let saved = serde_json::to_string(&task.save()).expect("JSON");
        drop(task);
        client.close().await;
        let saved: SavedTask = serde_json::from_str(&saved).expect("a saved task");
        let task = connect().await.resume_task(saved).await.expect("the task");
        assert!(task.await.expect("a result").text().ends_with("true true"));
    }
    assert_eq!(steps.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_task_is_cancelled_by_its_client() {
    each(async |client, transport, _| {
        let started = client.call_tool("sleep", &json!({})).start().await.expect("a task");
        let Started::Task(task) = started else { panic!("the call became no task") };
        task.cancel().await.expect("an acknowledgement");
        let error = task.await.expect_err("no result");
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{transport:?}");
    })
    .await;
}

/// Clients without tasks, and older revisions, get the result in place.
#[tokio::test]
async fn a_client_without_tasks_gets_the_result_in_place() {
    for transport in Transport::ALL {
        for revision in [Revision::V2025_11_25, Revision::LATEST] {
            if transport.supports(revision) {
                let client = transport.connect(&server(&Arc::default()), host(revision)).await;
                let reply = client.call_tool("report", &json!({})).await.expect("a result");
                assert_eq!(reply.text(), "1 true false", "{transport:?}, {revision}");
            }
        }
    }
}
