//! The life of a task, as its client sees it.

use mcp_server::{Context, ErrorObject, Revision, ServerBuilder, ToolError, routes, tool};
use mcp_test_support::Gate;
use serde_json::{Value, json};

use super::fixture::{TASKS, TaskClient, connect, each, waiting, with_tasks};
use crate::harness::{Setup, Transport, built, server};

#[tool(task)]
async fn double(value: i64) -> String {
    (2 * value).to_string()
}

#[tool(task = "required")]
async fn only_as_a_task() -> &'static str {
    "done"
}

#[tool(task)]
async fn fail_for_the_model() -> Result<String, ToolError> {
    Err(ToolError::new("no such file"))
}

#[tool(task)]
async fn fail_for_the_client() -> Result<String, ErrorObject> {
    Err(ErrorObject::new(-31_000, "no such table").with_data(&json!({ "table": "t" })))
}

#[tool(task)]
async fn panic_in_a_task() -> String {
    panic!("a bug")
}

#[tool]
async fn plain() -> &'static str {
    "plain"
}

fn tools() -> ServerBuilder {
    server().routes(routes![
        double,
        only_as_a_task,
        fail_for_the_model,
        fail_for_the_client,
        panic_in_a_task,
        plain
    ])
}

#[tokio::test(start_paused = true)]
async fn a_call_becomes_a_task_and_its_result_is_fetched_later() {
    each(tools, async |client| {
        let created = client.tool("double", json!({ "value": 21 })).await;
        assert_eq!(created["resultType"], "task");
        assert_eq!(created["status"], "working");
        assert!(created["taskId"].as_str().is_some_and(|id| id.len() >= 32), "{created}");
        assert_eq!(created["ttlMs"], 3_600_000);
        assert_eq!(created["pollIntervalMs"], 1_000);
        assert_eq!(created["createdAt"], created["lastUpdatedAt"]);
        assert!(created["createdAt"].as_str().is_some_and(|time| time.ends_with('Z')));
        for absent in ["requestState", "inputRequests", "result", "content", "ttl", "task"] {
            assert!(created.get(absent).is_none(), "{absent}: {created}");
        }
        let task = client.until(created["taskId"].as_str().unwrap(), "completed").await;
        assert_eq!(task["resultType"], "complete");
        assert_eq!(task["result"]["content"][0]["text"], "42");
        assert!(task.get("requestState").is_none() && task.get("error").is_none(), "{task}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn errors_for_the_model_complete_a_task_and_errors_for_the_client_fail_it() {
    each(tools, async |client| {
        let id = client.create("fail_for_the_model", json!({})).await;
        let task = client.until(&id, "completed").await;
        assert_eq!(task["result"]["isError"], true);
        let id = client.create("fail_for_the_client", json!({})).await;
        let task = client.until(&id, "failed").await;
        let error =
            json!({ "code": -31_000, "message": "no such table", "data": { "table": "t" } });
        assert_eq!(task["error"], error);
        let id = client.create("panic_in_a_task", json!({})).await;
        let task = client.until(&id, "failed").await;
        assert_eq!(task["error"]["code"], -32603);
        assert!(!task.to_string().contains("a bug"), "{task}");
        let id = client.create("double", json!({ "value": "many" })).await;
        let task = client.until(&id, "completed").await;
        assert_eq!(task["result"]["isError"], true, "{task}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn clients_without_the_extension_get_the_result_in_place() {
    for &transport in Transport::ALL {
        for revision in Revision::ALL {
            let client = Setup::default().connect(&built(tools()), transport, revision).await;
            assert_eq!(client.tool_text("double", json!({ "value": 4 })).await, "8");
            let call = json!({ "name": "only_as_a_task" });
            let error = client.err("tools/call", call).await;
            let code = match revision {
                Revision::V2026_07_28 => -32021,
                Revision::V2025_11_25 => -32601,
                _ => -32600,
            };
            assert_eq!(error.code, code, "{transport:?}, {revision}");
            if revision == Revision::V2026_07_28 {
                let required = json!({ "requiredCapabilities": { "extensions": { TASKS: {} } } });
                assert_eq!(error.data, Some(required));
                for (method, params) in [
                    ("tasks/get", json!({ "taskId": "x" })),
                    ("tasks/update", json!({ "taskId": "x", "inputResponses": {} })),
                    ("tasks/cancel", json!({ "taskId": "x" })),
                    ("subscriptions/listen", json!({ "notifications": { "taskIds": ["x"] } })),
                ] {
                    assert_eq!(client.err(method, params).await.code, -32021, "{method}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_extension_is_declared_only_by_servers_with_tasks() {
    for &transport in Transport::ALL {
        let client = connect(&built(tools()), transport).await;
        let found = client.ok("server/discover", json!({})).await;
        assert_eq!(found["capabilities"]["extensions"][TASKS], json!({}));
        assert!(found["capabilities"].get("tasks").is_none(), "{found}");
        let client = connect(&built(server().routes(routes![plain])), transport).await;
        let found = client.ok("server/discover", json!({})).await;
        assert!(found["capabilities"].get("extensions").is_none(), "{found}");
        assert_eq!(client.err("tasks/get", json!({ "taskId": "x" })).await.code, -32601);
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_tasks_and_methods_are_refused() {
    each(tools, async |client| {
        for method in ["tasks/get", "tasks/cancel"] {
            let error = client.err(method, json!({ "taskId": "no\u{1b}such" })).await;
            assert_eq!(error.code, -32602);
            assert!(!error.message.contains('\u{1b}'), "{error:?}");
        }
        let update = json!({ "taskId": "none", "inputResponses": {} });
        assert_eq!(client.err("tasks/update", update).await.code, -32602);
        for method in ["tasks/list", "tasks/result"] {
            assert_eq!(client.err(method, json!({ "taskId": "x" })).await.code, -32601);
        }
        assert_eq!(client.err("tasks/get", json!({})).await.code, -32602);
        // The parameter of 2025-11-25 has no meaning.
        let call = json!({ "name": "plain", "task": { "ttl": 1 } });
        let result = client.ok("tools/call", call).await;
        assert_eq!(result["content"][0]["text"], "plain");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn progress_becomes_the_status_message() {
    for &transport in Transport::ALL {
        let gate = Gate::new();
        let client = connect(&built(server().tool(waiting(&gate))), transport).await;
        let call = json!({ "name": "wait", "_meta": { "progressToken": 7 } });
        let created = client.ok("tools/call", call).await;
        let id = created["taskId"].as_str().unwrap();
        gate.arrived(1).await;
        let task = client.get(id).await;
        assert_eq!((&task["status"], &task["statusMessage"]), (&json!("working"), &json!("half")));
        gate.open(1);
        let task = client.until(id, "completed").await;
        assert!(task.get("statusMessage").is_none(), "{task}");
        assert_eq!(client.receive_all().await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_a_task_drops_its_handler_and_is_idempotent() {
    for &transport in Transport::ALL {
        let gate = Gate::new();
        let client = connect(&built(server().tool(waiting(&gate))), transport).await;
        let id = client.create("wait", json!({})).await;
        gate.arrived(1).await;
        for _ in 0..2 {
            let result = client.ok("tasks/cancel", json!({ "taskId": id })).await;
            assert_eq!(result["resultType"], "complete");
            assert!(result.get("taskId").is_none(), "{result}");
            assert_eq!(client.get(&id).await["status"], "cancelled");
        }
        gate.dropped(1).await;
        gate.open(1);
        assert_eq!(client.get(&id).await["status"], "cancelled");
        // Cancelling a task that has a result changes nothing.
        let id = client.create("wait", json!({})).await;
        client.until(&id, "completed").await;
        client.ok("tasks/cancel", json!({ "taskId": id })).await;
        assert_eq!(client.get(&id).await["status"], "completed");
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_request_does_not_end_the_task() {
    for &transport in Transport::ALL {
        let gate = Gate::new();
        let server = built(server().tool(waiting(&gate)));
        let client = connect(&server, transport).await;
        let call = client.start("tools/call", json!({ "name": "wait" }));
        let id = call.id.clone();
        let created = call.answer().await.unwrap();
        client.notify("notifications/cancelled", json!({ "requestId": id }));
        gate.arrived(1).await;
        client.close();
        drop(client);
        gate.open(1);
        let client = connect(&server, transport).await;
        client.until(created["taskId"].as_str().unwrap(), "completed").await;
    }
}

/// A call that finds out while it runs that it takes long.
#[tokio::test(start_paused = true)]
async fn a_running_call_becomes_a_task() {
    #[tool]
    async fn maybe_long(long: bool, ctx: Context) -> String {
        let counted: u64 = ctx.step("count", async { 3 }).await;
        let mut is_task = false;
        if long {
            is_task = ctx.into_task().await;
        }
        format!("{counted} {is_task} {}", ctx.is_task())
    }
    let tools =
        || server().routes(routes![maybe_long]).tasks(mcp_server::task::TaskConfig::default());
    each(tools, async |client| {
        assert_eq!(client.tool_text("maybe_long", json!({ "long": false })).await, "3 false false");
        let id = client.create("maybe_long", json!({ "long": true })).await;
        let task = client.until(&id, "completed").await;
        assert_eq!(task["result"]["content"][0]["text"], "3 true true");
    })
    .await;
    for &transport in Transport::ALL {
        let client = Setup::default().connect(&built(tools()), transport, Revision::LATEST).await;
        assert_eq!(client.tool_text("maybe_long", json!({ "long": true })).await, "3 false false");
        // Without tasks at the server.
        let setup = Setup::default().capabilities(with_tasks());
        let without = built(server().routes(routes![maybe_long]));
        let client = setup.connect(&without, transport, Revision::LATEST).await;
        assert_eq!(client.tool_text("maybe_long", json!({ "long": true })).await, "3 false false");
    }
}

#[tokio::test(start_paused = true)]
async fn a_progress_token_is_no_reason_for_notifications() {
    each(tools, async |client| {
        let call = json!({ "name": "double", "arguments": { "value": 1 }, "_meta": { "progressToken": 1 } });
        let created: Value = client.ok("tools/call", call).await;
        client.until(created["taskId"].as_str().unwrap(), "completed").await;
        assert_eq!(client.receive_all().await, []);
    })
    .await;
}
