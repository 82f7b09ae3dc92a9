//! The arguments of a call in a dialect are translated once, before anything reads them.

use std::collections::BTreeMap;

use mcp_server::dialect::SchemaDialect;
use mcp_server::extract::Args;
use mcp_server::tool::ToolRoute;
use mcp_server::{ServerBuilder, schemars, serde};
use mcp_test_support::message::text_of;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{everywhere, server};

#[derive(Deserialize, JsonSchema)]
struct Order {
    counts: BTreeMap<String, Vec<u8>>,
    note: Value,
    #[serde(default)]
    size: Option<u8>,
}

/// Returns what it received.
fn order() -> mcp_server::tool::ToolBuilder {
    ToolRoute::builder("order")
}

async fn received(Args(order): Args<Order>) -> String {
    format!("{:?} {} {:?}", order.counts, order.note, order.size)
}

fn with(dialect: SchemaDialect) -> ServerBuilder {
    server().tool(order().handler(received)).schema_dialect(dialect)
}

/// A call in the form of both dialects. A second translation would make a number of `note`.
fn in_dialect() -> Value {
    json!({"counts": [{"key": "a/b", "value": [1]}], "note": "\"7\"", "size": null})
}

const RECEIVED: &str = r#"{"a/b": [1]} "7" None"#;

#[tokio::test(start_paused = true)]
async fn arguments_are_translated_once() {
    for dialect in [SchemaDialect::Strict, SchemaDialect::Flat] {
        everywhere(
            || with(dialect),
            async |client| {
                assert_eq!(client.tool_text("order", in_dialect()).await, RECEIVED);
                // With the argument that a host adds to calls of all tools.
                let mut call = in_dialect();
                call["wait_for_previous"] = json!(true);
                assert_eq!(client.tool_text("order", call).await, RECEIVED);
            },
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn errors_name_the_place_in_the_form_that_was_sent() {
    let cases = [
        (
            json!([{"key": "x", "value": [1]}, {"key": "a/b", "value": [2, 300]}]),
            "/counts/1/value/1: ",
        ),
        (json!({"x": [1], "a/b": [2, 300]}), "/counts/a~1b/1: "),
        (json!([{"key": "x: y", "value": "no"}]), "/counts/0/value: "),
        (json!([{"key": "1", "value": []}, {"key": "1", "value": []}]), "/counts/1/key: "),
    ];
    everywhere(
        || with(SchemaDialect::Strict),
        async |client| {
            for (counts, place) in &cases {
                let call = json!({"counts": counts, "note": "x", "size": null});
                let params = json!({"name": "order", "arguments": call});
                let text = match client.request("tools/call", params).await {
                    Ok(result) => text_of(&result).to_owned(),
                    Err(failure) => failure.message,
                };
                assert!(text.contains(&format!("\n- {place}")), "{place} in {text}");
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_names_places_in_the_form_that_was_sent() {
    let schema = json!({
        "type": "object",
        "properties": {"filter": {"type": "object", "additionalProperties": {"type": "string"}}},
    });
    let route = || {
        let schema = mcp_server::types::Schema::try_from(schema.clone()).unwrap();
        order().input_schema(schema).raw(|call| {
            let errors = mcp_server::extract::ArgumentErrors::new("/filter/b", "no such column");
            Box::pin(std::future::ready(call.reject(errors)))
        })
    };
    let client = crate::harness::Client::connect(
        &crate::harness::built(server().tool(route()).schema_dialect(SchemaDialect::Flat)),
        crate::harness::Transport::Memory,
        mcp_server::Revision::LATEST,
    )
    .await;
    let entry = |key: &str| json!({"key": key, "value": "c"});
    let sent = json!({"filter": [entry("a"), entry("b")]});
    let answer = client.tool("order", sent).await;
    let text = text_of(&answer);
    assert!(text.ends_with("\n- /filter/1/value: no such column"), "{text}");
}

#[cfg(feature = "audit")]
#[tokio::test(start_paused = true)]
async fn a_digest_is_over_the_form_of_the_schema_as_written() {
    use mcp_server::audit::{Arguments, AuditLog};
    use mcp_server::layer::AuditLayer;

    use crate::audit::chain::Memory;

    let details = async |arguments: Arguments, call: Value| {
        let sink = Memory::default();
        let found = std::sync::Mutex::new(Vec::new());
        let log = || AuditLog::builder().arguments(arguments.clone()).open_sink(sink.clone());
        everywhere(
            || with(SchemaDialect::Strict).layer(AuditLayer::new(log().unwrap())),
            async |client| {
                mcp_test_support::settle().await;
                sink.take();
                client.tool("order", call.clone()).await;
                let details = sink.take()[0]["extensions"]["mcp-server"].clone();
                let member = match arguments {
                    Arguments::Recorded => "arguments",
                    _ => "arguments_digest",
                };
                found.lock().unwrap().push(details[member].as_str().unwrap().to_owned());
            },
        )
        .await;
        let mut found = found.into_inner().unwrap();
        found.dedup();
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    };
    let written = json!({"counts": {"a/b": [1]}, "note": {"b": true}});
    let mut sent = in_dialect();
    sent["note"] = json!("{\"b\": true}");
    let digest = details(Arguments::Digest, written.clone()).await;
    assert_eq!(details(Arguments::Digest, sent.clone()).await, digest);
    assert_eq!(details(Arguments::Recorded, sent).await, written.to_string());
}

#[cfg(feature = "tasks")]
#[tokio::test(start_paused = true)]
async fn a_task_has_the_arguments_that_its_call_had() {
    use mcp_server::task::TaskSupport;

    use crate::tasks::fixture::{TaskClient as _, each};

    let task = |dialect| {
        let route = order().task(TaskSupport::Optional).handler(received);
        server().tool(route).schema_dialect(dialect)
    };
    each(
        || task(SchemaDialect::Flat),
        async |client| {
            let id = client.create("order", in_dialect()).await;
            let task = client.until(&id, "completed").await;
            assert_eq!(text_of(&task["result"]), RECEIVED);
            let wrong = json!({"counts": [{"key": "a", "value": [300]}], "note": "x"});
            let id = client.create("order", wrong).await;
            let task = client.until(&id, "completed").await;
            assert!(text_of(&task["result"]).contains("\n- /counts/0/value/0: "), "{task}");
            // What cannot be translated does not become a task.
            let entry = json!({"key": "a", "value": []});
            let twice = json!({"counts": [entry, entry], "note": "x"});
            let refused = client.tool("order", twice).await;
            assert!(text_of(&refused).contains("occurs twice"), "{refused}");
        },
    )
    .await;
}

#[cfg(feature = "tasks")]
#[tokio::test(start_paused = true)]
async fn a_task_of_2025_that_cannot_be_translated_is_a_protocol_error() {
    use mcp_server::task::TaskSupport;

    use crate::harness::{Client, Transport, built};

    let route = order().task(TaskSupport::Optional).handler(received);
    let server = built(server().tool(route).schema_dialect(SchemaDialect::Flat));
    let client =
        Client::connect(&server, Transport::Memory, mcp_server::Revision::V2025_11_25).await;
    let entry = json!({"key": "a", "value": []});
    let twice = json!({"counts": [entry, entry], "note": "x"});
    let params = json!({"name": "order", "arguments": twice, "task": {}});
    let failure = client.request("tools/call", params).await.unwrap_err();
    assert_eq!(failure.code, -32602);
    assert!(failure.message.contains("occurs twice"), "{}", failure.message);
}

#[cfg(feature = "tasks")]
#[tokio::test(start_paused = true)]
async fn a_task_that_another_server_resumes_is_not_translated_again() {
    use mcp_server::input::KeyRing;
    use mcp_server::task::{TaskConfig, TaskSupport};
    use mcp_server::{Context, Revision};
    use mcp_test_support::{Gate, settle};

    use crate::harness::{Transport, built};
    use crate::tasks::fixture::{SharedStore, TaskClient as _, connect};

    assert_eq!(Revision::LATEST, Revision::V2026_07_28);
    let (store, gate) = (SharedStore::default(), Gate::new());
    let keys = KeyRing::new("0123456789abcdef0123456789abcdef").unwrap();
    let instance = |dialect| {
        let gate = gate.clone();
        let route =
            order().task(TaskSupport::Optional).handler(move |args: Args<Order>, _: Context| {
                let gate = gate.clone();
                async move {
                    gate.wait().await;
                    received(args).await
                }
            });
        let tasks = TaskConfig::new(store.clone());
        built(server().tool(route).schema_dialect(dialect).tasks(tasks).state_keys(keys.clone()))
    };
    // The second one has another dialect by then.
    for dialect in [SchemaDialect::Strict, SchemaDialect::AsWritten] {
        let first = instance(SchemaDialect::Strict);
        let client = connect(&first, Transport::Memory).await;
        let id = client.create("order", in_dialect()).await;
        settle().await;
        first.stop_tasks().await;
        drop((client, first));
        settle().await;
        let second = instance(dialect);
        let client = connect(&second, Transport::Memory).await;
        gate.open(1);
        let task = client.until(&id, "completed").await;
        assert_eq!(text_of(&task["result"]), RECEIVED, "{dialect}");
    }
}
