//! The experimental tasks of 2025-11-25.

use mcp_server::input::AskError;
use mcp_server::{Context, Elicit, ErrorObject, Revision, ServerBuilder, ToolError, routes, tool};
use mcp_test_support::Gate;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fixture::{accept, waiting};
use crate::harness::{Client, Identify, Setup, Transport, built, named, server};

const RELATED: &str = "io.modelcontextprotocol/related-task";

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

#[tool(task)]
async fn double(value: i64) -> String {
    (2 * value).to_string()
}

#[tool(task = "required")]
async fn greet(ctx: &Context) -> Result<String, AskError> {
    let Name { name } = ctx.elicit("Who?").await?;
    Ok(format!("Hello, {name}!"))
}

#[tool(task)]
async fn fail_for_the_model() -> Result<String, ToolError> {
    Err(ToolError::new("no such file"))
}

#[tool(task)]
async fn fail_for_the_client() -> Result<String, ErrorObject> {
    Err(ErrorObject::new(-31_000, "no such table"))
}

#[tool]
async fn plain() -> &'static str {
    "plain"
}

fn tools() -> ServerBuilder {
    server()
        .routes(routes![double, greet, fail_for_the_model, fail_for_the_client, plain])
        .layer(Identify)
}

fn setup() -> Setup {
    Setup::default().capabilities(json!({ "elicitation": { "form": {} } })).answers(
        |method, params| {
            assert_eq!(method, "elicitation/create");
            assert!(params["_meta"][RELATED]["taskId"].is_string(), "{params}");
            Some(Ok(accept(json!({ "name": "Ada" }))))
        },
    )
}

/// Runs a body on every transport.
async fn each(server: impl Fn() -> ServerBuilder, body: impl AsyncFn(Client)) {
    for &transport in Transport::ALL {
        let client = setup().connect(&built(server()), transport, Revision::V2025_11_25).await;
        named(&format!("{transport:?}"), body(client)).await;
    }
}

async fn create(client: &Client, name: &str, arguments: Value) -> String {
    let call = json!({ "name": name, "arguments": arguments, "task": { "ttl": 60_000 } });
    let created = client.ok("tools/call", call).await;
    let task = &created["task"];
    assert_eq!(task["status"], "working", "{created}");
    assert_eq!((&task["ttl"], &task["pollInterval"]), (&json!(60_000), &json!(1_000)));
    assert!(created.get("resultType").is_none() && task.get("ttlMs").is_none(), "{created}");
    task["taskId"].as_str().unwrap().to_owned()
}

fn of(id: &str) -> Value {
    json!({ "taskId": id })
}

#[tokio::test(start_paused = true)]
async fn the_client_asks_for_a_task_and_waits_for_its_result() {
    each(tools, async |client| {
        let id = create(&client, "double", json!({ "value": 21 })).await;
        let result = client.ok("tasks/result", of(&id)).await;
        assert_eq!(result["content"][0]["text"], "42");
        assert_eq!(result["_meta"][RELATED], json!({ "taskId": id }));
        assert!(result.get("resultType").is_none(), "{result}");
        let task = client.ok("tasks/get", of(&id)).await;
        assert_eq!((&task["taskId"], &task["status"]), (&json!(id), &json!("completed")));
        assert!(task.get("result").is_none(), "{task}");
        // Without `task`, the call is answered in place.
        let call = json!({ "name": "double", "arguments": { "value": 4 } });
        assert_eq!(client.ok("tools/call", call).await["content"][0]["text"], "8");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_questions_of_a_task_arrive_while_its_result_is_fetched() {
    each(tools, async |client| {
        let id = create(&client, "greet", json!({})).await;
        let result = client.ok("tasks/result", of(&id)).await;
        assert_eq!(result["content"][0]["text"], "Hello, Ada!");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn errors_of_both_kinds_fail_a_task() {
    each(tools, async |client| {
        let id = create(&client, "fail_for_the_model", json!({})).await;
        let result = client.ok("tasks/result", of(&id)).await;
        assert_eq!(result["isError"], true);
        let task = client.ok("tasks/get", of(&id)).await;
        assert_eq!(
            (&task["status"], &task["statusMessage"]),
            (&json!("failed"), &json!("no such file"))
        );
        let id = create(&client, "fail_for_the_client", json!({})).await;
        let error = client.err("tasks/result", of(&id)).await;
        assert_eq!((error.code, &*error.message), (-31_000, "no such table"));
        let task = client.ok("tasks/get", of(&id)).await;
        assert_eq!(
            (&task["status"], &task["statusMessage"]),
            (&json!("failed"), &json!("no such table"))
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_tool_says_whether_it_runs_as_a_task() {
    for &transport in Transport::ALL {
        let server = built(tools());
        for revision in Revision::ALL {
            let client = setup().connect(&server, transport, revision).await;
            let listed = client.ok("tools/list", json!({})).await;
            let support = |name: &str| {
                let tools = listed["tools"].as_array().unwrap();
                let tool = tools.iter().find(|tool| tool["name"] == name).unwrap();
                tool["execution"]["taskSupport"].clone()
            };
            if revision == Revision::V2025_11_25 {
                assert_eq!(support("double"), "optional");
                assert_eq!(support("greet"), "required");
                assert_eq!(support("plain"), Value::Null);
            } else {
                assert_eq!(support("double"), Value::Null, "{revision}");
            }
        }
    }
    each(tools, async |client| {
        for call in [json!({ "name": "plain", "task": {} }), json!({ "name": "greet" })] {
            assert_eq!(client.err("tools/call", call.clone()).await.code, -32601, "{call}");
        }
        let call = json!({ "name": "double", "arguments": { "value": 1 }, "task": { "ttl": "x" } });
        assert_eq!(client.err("tools/call", call).await.code, -32602);
    })
    .await;
}

/// Without the capability, the member has no meaning.
#[tokio::test(start_paused = true)]
async fn a_server_without_tasks_ignores_the_request_for_one() {
    each(
        || server().routes(routes![plain]),
        async |client| {
            let call = json!({ "name": "plain", "task": {} });
            assert_eq!(client.ok("tools/call", call).await["content"][0]["text"], "plain");
            assert_eq!(client.err("tasks/get", of("x")).await.code, -32601);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_capability_is_declared_in_2025_11_25_only() {
    for &transport in Transport::ALL {
        let server = built(tools());
        for revision in Revision::ALL.into_iter().filter(|other| *other != Revision::LATEST) {
            let client = setup().open(&server, transport, revision);
            let capabilities = client.initialize().await.unwrap()["capabilities"].clone();
            let expected = json!({ "cancel": {}, "requests": { "tools": { "call": {} } } });
            match revision {
                Revision::V2025_11_25 => assert_eq!(capabilities["tasks"], expected),
                _ => assert!(capabilities.get("tasks").is_none(), "{revision}: {capabilities}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_task_is_cancelled_at_once_and_only_once() {
    for &transport in Transport::ALL {
        let gate = Gate::new();
        let server = built(server().tool(waiting(&gate)));
        let client = setup().connect(&server, transport, Revision::V2025_11_25).await;
        let id = create(&client, "wait", json!({})).await;
        gate.arrived(1).await;
        let waiting = client.start("tasks/result", of(&id));
        let task = client.ok("tasks/cancel", of(&id)).await;
        assert_eq!((&task["taskId"], &task["status"]), (&json!(id), &json!("cancelled")));
        gate.dropped(1).await;
        assert_eq!(waiting.answer().await.unwrap_err().code, -32602);
        assert_eq!(client.err("tasks/cancel", of(&id)).await.code, -32602);
        for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
            assert_eq!(client.err(method, of("unknown")).await.code, -32602, "{method}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_principal_lists_its_own_tasks_in_pages() {
    let server = || {
        let mut limits = mcp_server::Limits::default();
        limits.tasks.max_listed_tasks = 2;
        tools().limits(limits)
    };
    each(server, async |client| {
        let user = |mut params: Value, user: &str| {
            params["_meta"] = json!({ "com.example/user": user });
            params
        };
        // Tasks of the same millisecond are in the order of their ids.
        let place = |task: &Value| {
            ["createdAt", "taskId"].map(|member| task[member].as_str().unwrap().to_owned())
        };
        let mut ids = Vec::new();
        for number in 0..5 {
            let call = json!({ "name": "double", "arguments": { "value": number }, "task": {} });
            let created = client.ok("tools/call", user(call.clone(), "ada")).await;
            ids.push(place(&created["task"]));
            client.ok("tools/call", user(call, "eve")).await;
        }
        let (mut listed, mut cursor) = (Vec::new(), None);
        loop {
            let params = match &cursor {
                None => json!({}),
                Some(cursor) => json!({ "cursor": cursor }),
            };
            let page = client.ok("tasks/list", user(params, "ada")).await;
            let tasks = page["tasks"].as_array().unwrap();
            assert!(tasks.len() <= 2);
            listed.extend(tasks.iter().map(place));
            match page.get("nextCursor") {
                Some(next) => cursor = Some(next.clone()),
                None => break,
            }
        }
        ids.sort_unstable();
        assert_eq!(listed, ids);
        let error = client.err("tasks/list", user(json!({ "cursor": "?" }), "ada")).await;
        assert_eq!(error.code, -32602);
        assert_eq!(client.err("tasks/list", json!({})).await.code, -32601);
    })
    .await;
}
