//! The records of calls.

use std::sync::atomic::Ordering;
use std::time::Duration;

use mcp_server::audit::{Arguments, AuditLog, AuditLogBuilder, OnFailure};
use mcp_server::extract::Extension;
use mcp_server::jsonrpc::{ErrorKind, ErrorObject};
use mcp_server::layer::{AuditLayer, AuditNotes, LayerExt as _, RateLimitLayer};
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::{ServerBuilder, ToolError};
use mcp_test_support::{Gate, settle};
use serde_json::{Value, json};

use super::chain::Memory;
use crate::harness::{Client, Identify, Transport, built, each, everywhere, server, waiting_tool};
use crate::harness::{MODERN, Setup};

fn base() -> ServerBuilder {
    let noted = |Extension(notes): Extension<AuditNotes>| async move {
        notes.add("rule", "no-payments");
        notes.deny();
        Err::<String, _>(ToolError::new("not now"))
    };
    server()
        .tool(ToolRoute::builder("echo").handler(|| async { "done" }))
        .tool(
            ToolRoute::builder("fail").handler(|| async { Err::<String, _>(ToolError::new("no")) }),
        )
        .tool(
            ToolRoute::builder("broken")
                .handler(|| async { Err::<String, _>(ErrorObject::internal()) }),
        )
        .tool(ToolRoute::builder("forbidden").handler(|| async {
            let error = ErrorObject::invalid_request("rule 3 forbids it");
            Err::<String, _>(error.with_kind(ErrorKind::Forbidden, &()))
        }))
        .tool(ToolRoute::builder("noted").handler(noted))
        .prompt(PromptRoute::builder("greet").handler(|| async { "hello" }))
        .resource(ResourceRoute::builder("file:///a", "a").handler(|| async { "text" }))
}

fn log_of(sink: &Memory) -> AuditLog {
    log_with(sink, AuditLog::builder())
}

fn log_with(sink: &Memory, options: AuditLogBuilder) -> AuditLog {
    options.open_sink(sink.clone()).unwrap()
}

/// The record of the last request.
fn only(records: &[Value]) -> &Value {
    assert_eq!(records.len(), 1, "{records:#?}");
    &records[0]
}

fn detail(record: &Value) -> &Value {
    &record["extensions"]["mcp-server"]
}

#[tokio::test(start_paused = true)]
async fn each_call_has_one_record_with_its_outcome() {
    let sink = Memory::default();
    everywhere(
        || base().layer(AuditLayer::new(log_of(&sink))),
        async |client| {
            settle().await;
            sink.take();
            for (tool, outcome) in [
                ("echo", "allowed"),
                ("fail", "error"),
                ("broken", "error"),
                ("forbidden", "denied"),
                ("noted", "denied"),
                ("none", "error"),
            ] {
                let params = json!({"name": tool, "arguments": {"b": 1.0, "a": "x"}});
                drop(client.request("tools/call", params).await);
                let records = sink.take();
                let record = only(&records);
                assert_eq!(
                    (&record["tool_name"], &record["outcome"]),
                    (&json!(tool), &json!(outcome))
                );
                assert_eq!(record["event_type"], "tool_call");
                assert_eq!(record["principal_id"], "anonymous");
                let details = detail(record);
                assert_eq!(details["authenticated"], false);
                assert_eq!(details["method"], "tools/call");
                assert_eq!(details["revision"], client.revision.as_str());
                assert!(details["duration_ms"].is_string() && details["request_id"].is_string());
                // SHA-256 of {"a":"x","b":1}
                assert_eq!(
                    details["arguments_digest"],
                    "sha256:cdab067e9f3beb32d1252cfd63e492592fecbf591b0d08cadb24bb17f3864246"
                );
                assert_eq!(details.get("rule").is_some(), tool == "noted");
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn prompts_and_resources_are_recorded_and_lists_are_not() {
    let sink = Memory::default();
    everywhere(
        || base().layer(AuditLayer::new(log_of(&sink))),
        async |client| {
            settle().await;
            sink.take();
            client.ok("tools/list", json!({})).await;
            drop(client.request("resources/templates/list", json!({})).await);
            assert_eq!(sink.take(), Vec::<Value>::new());
            client.ok("prompts/get", json!({"name": "greet"})).await;
            client.ok("resources/read", json!({"uri": "file:///a"})).await;
            let records = sink.take();
            assert_eq!(records.len(), 2);
            assert_eq!(records[0]["event_type"], "prompt_get");
            assert_eq!(
                (&records[0]["tool_name"], &detail(&records[0])["name"]),
                (&json!(null), &json!("greet"))
            );
            assert_eq!(records[1]["event_type"], "resource_read");
            assert_eq!(detail(&records[1])["uri"], "file:///a");
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_any_request_is_recorded() {
    let sink = Memory::default();
    let limited = || {
        let limit = RateLimitLayer::new(1, Duration::from_secs(60)).methods(["tools/list"]);
        base().layer(limit).layer(AuditLayer::new(log_of(&sink)))
    };
    everywhere(limited, async |client| {
        settle().await;
        sink.take();
        client.ok("tools/list", json!({})).await;
        client.err("tools/list", json!({})).await;
        let records = sink.take();
        let record = only(&records);
        assert_eq!(
            (&record["event_type"], &record["outcome"]),
            (&json!("request"), &json!("denied"))
        );
        assert_eq!(detail(record)["method"], "tools/list");
        assert_eq!(detail(record)["code"], "-32603");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_principal_is_that_of_an_outer_layer() {
    let sink = Memory::default();
    let identified = || base().layer(AuditLayer::new(log_of(&sink))).layer(Identify);
    everywhere(identified, async |client| {
        settle().await;
        sink.take();
        let meta = json!({"com.example/user": "ada"});
        client.ok("tools/call", json!({"name": "echo", "_meta": meta})).await;
        let records = sink.take();
        assert_eq!(only(&records)["principal_id"], "ada");
        assert_eq!(detail(&records[0])["authenticated"], true);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn arguments_are_recorded_as_it_was_chosen() {
    let sink = Memory::default();
    let key = std::sync::Arc::from(&b"a key"[..]);
    let choices = [
        (Arguments::Digest, "arguments_digest", "sha256:"),
        (Arguments::KeyedDigest(key), "arguments_digest", "hmac-sha256:"),
        (Arguments::Recorded, "arguments", r#"{"pin":"not to be told"}"#),
        (Arguments::Omitted, "arguments", ""),
    ];
    for (arguments, member, start) in choices {
        assert!(!format!("{arguments:?}").contains('['), "a key is not shown");
        let log = || log_with(&sink, AuditLog::builder().arguments(arguments.clone()));
        each(
            &MODERN,
            || base().layer(AuditLayer::new(log())),
            async |client| {
                settle().await;
                sink.take();
                client.tool("echo", json!({"pin": "not to be told"})).await;
                let records = sink.take();
                let text = detail(only(&records))[member].as_str().unwrap_or_default();
                assert!(text.starts_with(start), "{text}");
                let is_told = records[0].to_string().contains("not to be told");
                assert_eq!(is_told, arguments == Arguments::Recorded);
            },
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_and_a_panic_are_recorded() {
    let (sink, gate) = (Memory::default(), Gate::new());
    let waiting = || {
        let panics = ToolRoute::builder("panic").handler(|| async {
            if true {
                panic!("on purpose");
            }
            ""
        });
        let layer = AuditLayer::new(log_of(&sink)).records_begin(true);
        base().tool(waiting_tool("wait", &gate)).tool(panics).layer(layer)
    };
    let mut arrivals = 0;
    for &transport in Transport::ALL {
        let client = Client::connect(&built(waiting()), transport, MODERN[0]).await;
        settle().await;
        sink.take();
        let call = client.start_tool("wait");
        arrivals += 1;
        gate.arrived(arrivals).await;
        let begun = sink.take();
        assert_eq!(only(&begun)["outcome"], "deferred");
        assert_eq!(detail(&begun[0])["phase"], "begin");
        client.cancel(&call);
        gate.dropped(arrivals).await;
        settle().await;
        let ended = sink.take();
        assert_eq!(only(&ended)["outcome"], "error");
        assert_eq!(detail(&ended[0])["end"], "cancelled");
        client.err("tools/call", json!({"name": "panic"})).await;
        settle().await;
        let records = sink.take();
        assert_eq!(records.len(), 2);
        assert_eq!(detail(&records[1])["end"], "panicked");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_are_refused_while_their_records_cannot_be_written() {
    for on_failure in [OnFailure::Refuse, OnFailure::Continue] {
        let sink = Memory::default();
        let layered = || {
            let log = log_with(&sink, AuditLog::builder().on_failure(on_failure));
            base().layer(AuditLayer::new(log).for_tools(["echo"]))
        };
        everywhere(layered, async |client| {
            settle().await;
            sink.take();
            client.tool("echo", json!({})).await;
            sink.fails.store(true, Ordering::Relaxed);
            if on_failure == OnFailure::Continue {
                for _ in 0..3 {
                    client.tool("echo", json!({})).await;
                }
            } else {
                let params = || json!({"name": "echo"});
                let error = client.err("tools/call", params()).await;
                assert!(error.message.starts_with("the call has ended and cannot be recorded"));
                let error = client.err("tools/call", params()).await;
                assert!(error.message.starts_with("the call has not begun and cannot be recorded"));
                assert!(client.request("tools/call", json!({"name": "fail"})).await.is_ok());
            }
            sink.fails.store(false, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(2)).await;
            client.tool("echo", json!({})).await;
            settle().await;
            let records = sink.take();
            let expected = if on_failure == OnFailure::Continue { 5 } else { 3 };
            assert_eq!(records.len(), expected, "nothing that has happened is missing");
        })
        .await;
    }
}

#[cfg(feature = "sealed-state")]
#[tokio::test(start_paused = true)]
async fn a_question_is_deferred_and_its_answer_is_another_record() {
    use mcp_server::{Context, Elicit, tool};

    #[derive(serde::Deserialize, Elicit)]
    struct Sure {
        sure: bool,
    }

    /// Ask first.
    #[tool]
    async fn ask(ctx: &Context) -> Result<String, mcp_server::input::AskError> {
        let Sure { sure } = ctx.elicit("Sure?").await?;
        Ok(sure.to_string())
    }

    let sink = Memory::default();
    let asking = server().routes(mcp_server::routes![ask]).layer(AuditLayer::new(log_of(&sink)));
    let setup = Setup::default().capabilities(json!({"elicitation": {"form": {}}}));
    let client = setup.connect(&built(asking), Transport::Memory, MODERN[0]).await;
    settle().await;
    sink.take();
    let result = client.tool("ask", json!({})).await;
    let records = sink.take();
    assert_eq!(only(&records)["outcome"], "deferred");
    let key = result["inputRequests"].as_object().unwrap().keys().next().unwrap();
    let answer = json!({"action": "accept", "content": {"sure": true}});
    let params = json!({
        "name": "ask",
        "inputResponses": {key: answer},
        "requestState": result["requestState"],
    });
    client.ok("tools/call", params).await;
    let records = sink.take();
    assert_eq!(only(&records)["outcome"], "allowed");
}

#[cfg(feature = "tasks")]
#[tokio::test(start_paused = true)]
async fn a_task_is_recorded_when_it_begins_and_when_its_outcome_is_read() {
    use mcp_server::task::TaskSupport;

    const TASKS: &str = "io.modelcontextprotocol/tasks";
    let (sink, gate) = (Memory::default(), Gate::new());
    let entered = gate.clone();
    let tool = ToolRoute::builder("work").task(TaskSupport::Required).handler(move || {
        let gate = entered.clone();
        async move {
            gate.wait().await;
            "done"
        }
    });
    let server = built(server().tool(tool).layer(AuditLayer::new(log_of(&sink))));
    let capabilities = json!({"extensions": {TASKS: {}}});
    let setup = Setup::default().capabilities(capabilities);
    let client = setup.connect(&server, Transport::Memory, MODERN[0]).await;
    settle().await;
    sink.take();
    let task = client.tool("work", json!({})).await;
    let records = sink.take();
    assert_eq!(only(&records)["outcome"], "allowed");
    assert_eq!(detail(&records[0])["result"], "task");
    let params = json!({"taskId": task["taskId"]});
    client.ok("tasks/get", params.clone()).await;
    assert_eq!(sink.take(), Vec::<Value>::new(), "it works");
    gate.open(1);
    settle().await;
    client.ok("tasks/get", params.clone()).await;
    let records = sink.take();
    assert_eq!(only(&records)["event_type"], "task");
    assert_eq!(detail(&records[0])["taskId"], task["taskId"]);
    client.ok("tasks/cancel", params).await;
    assert_eq!(only(&sink.take())["event_type"], "task");
}
