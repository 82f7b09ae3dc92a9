//! The client against a server with tasks of FastMCP (fastmcp-tasks 4.1.4), over stdio and HTTP.
//!
//! The server answers `subscriptions/listen` with −32601, which a server with tasks may do, so the
//! client polls. Where it deviates from the specification, the client does not depend on it:
//! `lastUpdatedAt` in `tasks/get` is the time of the answer, and not that of the last change
//! (`tasks_get` in its `handlers.py`).

use std::process::Command;
use std::time::Duration;

use mcp_client::task::{SavedTask, Started, TaskHandle, TaskOptions};
use mcp_client::types::ElicitResult;
use mcp_client::{Client, ClientBuilder, ErrorKind, ErrorObject, Revision};
use serde_json::json;
use tokio::time::timeout;

use crate::host::{host, text};
use crate::installed::python_with_tasks;
use crate::listening::Listening;

const SERVER: &str = "python/server_fastmcp_tasks.py";

/// A host that introduces itself as Ada Lovelace.
fn ada() -> ClientBuilder {
    // The server can take several seconds to start, and the probe has to wait for it.
    host().probe_timeout(Duration::from_secs(30)).on_elicit(|form| async move {
        let name = match &*form.message {
            "First name?" => "Ada",
            "Last name?" => "Lovelace",
            "How do I greet you?" => "Dear",
            other => panic!("an unexpected question: {other}"),
        };
        ElicitResult::accept(json!({ "name": name }))
    })
}

fn with_tasks() -> ClientBuilder {
    ada().tasks(TaskOptions::new())
}

async fn start(client: &Client, tool: &str, arguments: serde_json::Value) -> TaskHandle {
    match client.call_tool(tool, &arguments).start().await.expect(tool) {
        Started::Task(task) => task,
        other => panic!("{tool} became no task: {other:?}"),
    }
}

fn listening() -> Listening {
    let mut command = python_with_tasks(SERVER);
    command.arg("--http");
    Listening::start(command)
}

#[tokio::test]
#[cfg_attr(not(fastmcp_tasks_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn tasks_over_stdio() {
    let command: Command = python_with_tasks(SERVER);
    let client = with_tasks().connect_command(command).await.expect("the server answers");
    drive(&client).await;
    client.close().await;
}

#[tokio::test]
#[cfg_attr(not(fastmcp_tasks_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn tasks_over_http() {
    let server = listening();
    let client = with_tasks().connect_http(server.url("/mcp")).await.expect("the server answers");
    drive(&client).await;
    let mut task = start(&client, "slow", json!({ "ms": 500 })).await;
    let saved = serde_json::to_string(&task.save()).expect("JSON");
    drop(task);
    client.close().await;
    let saved: SavedTask = serde_json::from_str(&saved).expect("a saved task");
    let other = with_tasks().connect_http(server.url("/mcp")).await.expect("the server answers");
    let resumed = other.resume_task(saved).await.expect("the task");
    assert_eq!(resumed.await.expect("a result").text(), "slept 500 ms");
    other.close().await;
}

#[tokio::test]
#[cfg_attr(not(fastmcp_tasks_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn a_client_without_tasks_gets_results_in_place() {
    let server = listening();
    let client = ada().connect_http(server.url("/mcp")).await.expect("the server answers");
    assert_eq!(text(&client, "slow", json!({ "ms": 50 })).await, "slept 50 ms");
    assert_eq!(text(&client, "introduce", json!({})).await, "Dear, Ada Lovelace!");
    let refused = client.call_tool("fail", &json!({})).await.expect_err("it runs as a task only");
    assert_eq!(refused.peer().map(ErrorObject::code), Some(-32_021));
    client.close().await;
}

async fn drive(client: &Client) {
    assert_eq!(client.revision(), Revision::V2026_07_28);
    assert_eq!(text(client, "slow", json!({ "ms": 200 })).await, "slept 200 ms");
    // Two questions at once, and then a third one.
    assert_eq!(text(client, "introduce", json!({})).await, "Dear, Ada Lovelace!");

    let failed = client.call_tool("fail", &json!({})).await.expect("a result");
    assert_eq!(failed.into_result().expect_err("isError").kind(), ErrorKind::Tool);
    let refused = client.call_tool("refuse", &json!({})).await.expect_err("an error");
    let refused = refused.peer().expect("an error of the server");
    assert_eq!((refused.code(), refused.message()), (-31_000, "refused: as asked"));

    let task = start(client, "slow", json!({ "ms": 60_000 })).await;
    until_running(client, "1").await;
    task.cancel().await.expect("an acknowledgement");
    assert_eq!(task.await.expect_err("no result").kind(), ErrorKind::Cancelled);
    until_running(client, "0").await;
}

/// Waits until the server runs this number of calls of `slow`.
async fn until_running(client: &Client, count: &str) {
    let reached = async { while text(client, "running_count", json!({})).await != count {} };
    timeout(Duration::from_secs(30), reached).await.expect("the server starts and ends the call");
}
