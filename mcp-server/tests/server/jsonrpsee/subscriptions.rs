//! Subscriptions: progress, the last value, limits and the end.

use std::time::Duration;

use jsonrpsee::core::server::{RpcModule, SubscriptionMessage};
use jsonrpsee::core::{SubscriptionError, to_json_raw_value};
use jsonrpsee::types::ErrorObjectOwned;
use mcp_server::bridge::jsonrpsee::{MethodSchema, RpcLimits, RpcTools};
use mcp_server::{Revision, ServerBuilder};
use mcp_test_support::Gate;
use mcp_test_support::message::text_of;
use serde_json::{Value, json};

use super::fixture::serving;
use crate::harness::{Client, everywhere};

/// A module whose subscriptions send strings of a length, as many as are asked for.
fn module(gate: &Gate) -> RpcModule<Gate> {
    let mut module = RpcModule::new(gate.clone());
    module
        .register_subscription("send", "item", "unsend", |params, pending, gate, _| async move {
            let (count, length): (usize, usize) = match params.parse() {
                Ok(params) => params,
                Err(error) => return pending.reject(error).await,
            };
            let Ok(sink) = pending.accept().await else { return };
            for _ in 0..count {
                let value = to_json_raw_value(&"x".repeat(length)).unwrap();
                if sink.send(value).await.is_err() {
                    return gate.open(1);
                }
            }
        })
        .unwrap();
    module
        .register_subscription("hold", "item", "unhold", |_, pending, gate, _| async move {
            let sink = pending.accept().await.unwrap();
            sink.send(to_json_raw_value(&1).unwrap()).await.unwrap();
            sink.closed().await;
            gate.open(1);
        })
        .unwrap();
    module
        .register_subscription("tick", "item", "untick", |_, pending, _, _| async move {
            let Ok(sink) = pending.accept().await else { return };
            for second in 1.. {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let value = to_json_raw_value(&second).unwrap();
                if sink.send(value).await.is_err() {
                    return;
                }
            }
        })
        .unwrap();
    module
        .register_subscription("fail", "item", "unfail", |_, pending, _, _| async move {
            let sink = pending.accept().await?;
            sink.send(to_json_raw_value(&1)?).await?;
            Err::<(), _>(SubscriptionError::from("the node stopped"))
        })
        .unwrap();
    module
        .register_subscription("never", "item", "unnever", |_, pending, _, _| async move {
            std::future::pending::<()>().await;
            drop(pending);
        })
        .unwrap();
    module
        .register_subscription("foreign", "item", "unforeign", |_, pending, _, _| async move {
            let sink = pending.accept().await.unwrap();
            let id = sink.subscription_id();
            let message = SubscriptionMessage::new("other", id, &json!({"n": 1})).unwrap();
            sink.send(message).await.unwrap();
        })
        .unwrap();
    module
        .register_subscription("empty", "item", "unempty", |_, pending, _, _| async move {
            drop(pending.accept().await);
        })
        .unwrap();
    module
}

fn with(gate: &Gate, change: impl FnOnce(&mut RpcLimits)) -> ServerBuilder {
    let mut limits = RpcLimits::new();
    change(&mut limits);
    serving(RpcTools::new(module(gate)).limits(limits))
}

async fn ended(client: &Client, tool: &str, arguments: Value) -> (Value, u64, String) {
    let answer = client.tool(tool, arguments).await;
    let text: Value = serde_json::from_str(text_of(&answer)).unwrap();
    let items = text["items"].as_u64().unwrap();
    (text["last"].clone(), items, text["ended"].as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
async fn values_are_progress_and_the_last_one_is_the_result() {
    let gate = Gate::new();
    everywhere(
        || with(&gate, |limits| limits.max_progress_message_bytes = 3),
        async |client| {
            let call = json!({
                "name": "send",
                "arguments": {"params": [3, 10]},
                "_meta": {"progressToken": "t"},
            });
            let answer = client.ok("tools/call", call).await;
            let text = r#"{"last":"xxxxxxxxxx","items":3,"ended":"completed"}"#;
            assert_eq!(text_of(&answer), text);
            for number in 1..=3 {
                let progress = client.receive("notifications/progress").await;
                assert_eq!(progress["progress"], number);
                if client.revision != Revision::V2024_11_05 {
                    assert_eq!(progress["message"], "\"xx");
                }
            }
            let last = Value::Null;
            assert_eq!(ended(&client, "empty", json!({})).await, (last, 0, "completed".into()));
            let last = json!({"n": 1});
            assert_eq!(ended(&client, "foreign", json!({})).await, (last, 1, "completed".into()));
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_at_the_limit_of_values_and_its_sink_is_closed() {
    let gate = Gate::new();
    everywhere(
        || {
            with(&gate, |limits| {
                limits.max_items = 5;
                limits.max_queued_items = 1;
            })
        },
        async |client| {
            let (last, items, ended) = ended(&client, "send", json!({"params": [1_000, 1]})).await;
            assert_eq!((last, items, &*ended), (json!("x"), 5, "max_items"));
            gate.wait().await;
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_method_waits_when_its_values_are_not_read() {
    let mut limits = RpcLimits::new();
    limits.max_queued_items = 2;
    let mut module = RpcModule::new(());
    module
        .register_subscription("try", "item", "untry", |_, pending, _, _| async move {
            let mut sink = pending.accept().await.unwrap();
            let mut sent = 0;
            while sink.try_send(to_json_raw_value(&sent).unwrap()).is_ok() {
                sent += 1;
            }
            // One place is taken by the response, until it is read.
            assert!((1..=2).contains(&sent), "{sent}");
        })
        .unwrap();
    let server = serving(RpcTools::new(module).limits(limits)).build().unwrap();
    let client =
        Client::connect(&server, crate::harness::Transport::Memory, Revision::LATEST).await;
    let (_, items, ended) = ended(&client, "try", json!({})).await;
    assert!((1..=2).contains(&items), "{items}");
    assert_eq!(ended, "completed");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_before_the_value_that_exceeds_the_bytes() {
    let gate = Gate::new();
    everywhere(
        || {
            with(&gate, |limits| {
                limits.max_bytes = 50;
                limits.max_result_bytes = 30;
            })
        },
        async |client| {
            // Each value has 18 bytes, with its quotes.
            let (_, items, why) = ended(&client, "send", json!({"params": [100, 16]})).await;
            assert_eq!((items, &*why), (2, "max_bytes"));
            let (last, items, why) = ended(&client, "send", json!({"params": [1, 31]})).await;
            assert_eq!((last, items, &*why), (Value::Null, 0, "max_bytes"));
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_in_its_time_also_if_it_is_not_accepted() {
    let gate = Gate::new();
    everywhere(
        || with(&gate, |limits| limits.max_time = Duration::from_secs(7)),
        async |client| {
            let start = tokio::time::Instant::now();
            let (last, items, ended) = ended(&client, "hold", json!({})).await;
            assert_eq!((last, items, &*ended), (json!(1), 1, "max_time"));
            assert_eq!(start.elapsed().as_secs(), 7);
            gate.wait().await;
            let answer = client.tool("never", json!({})).await;
            assert_eq!(answer["_meta"]["jsonrpc/code"], -32009);
            assert!(text_of(&answer).contains("within 7s (max_time)"));
            assert_eq!(start.elapsed().as_secs(), 14);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_subscription_counts_from_its_beginning_also_if_values_come() {
    let gate = Gate::new();
    everywhere(
        || with(&gate, |limits| limits.max_time = Duration::from_millis(7_500)),
        async |client| {
            let start = tokio::time::Instant::now();
            let (last, items, ended) = ended(&client, "tick", json!({})).await;
            assert_eq!((last, items, &*ended), (json!(7), 7, "max_time"));
            assert_eq!(start.elapsed().as_millis(), 7_500);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_subscription_is_closed() {
    let gate = Gate::new();
    everywhere(
        || with(&gate, |_| {}),
        async |client| {
            let call = json!({"name": "hold", "_meta": {"progressToken": "t"}});
            let call = client.start("tools/call", call);
            client.receive("notifications/progress").await;
            client.cancel(&call);
            gate.wait().await;
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_fails_or_is_rejected_is_an_error() {
    let gate = Gate::new();
    everywhere(
        || with(&gate, |_| {}),
        async |client| {
            let answer = client.tool("fail", json!({})).await;
            assert_eq!(answer["isError"], true);
            let error: ErrorObjectOwned = serde_json::from_str(text_of(&answer)).unwrap();
            assert_eq!((error.code(), error.message()), (-32000, "the subscription failed"));
            assert_eq!(error.data().unwrap().get(), r#""the node stopped""#);
            let call = json!({"name": "send", "arguments": {"params": ["x"]}});
            let rejected = client.request("tools/call", call).await;
            assert!(
                rejected.is_err_and(|failure| failure.code == -32602)
                    || client.revision >= Revision::V2025_11_25
            );
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_with_a_schema_has_structured_content() {
    let gate = Gate::new();
    everywhere(
        || {
            let schema = MethodSchema::new("hold").returns::<u64>();
            let mut limits = RpcLimits::new();
            limits.max_items = 1;
            serving(RpcTools::new(module(&gate)).method(schema).limits(limits))
        },
        async |client| {
            let answer = client.tool("hold", json!({})).await;
            if client.revision >= Revision::V2025_06_18 {
                let expected = json!({"last": 1, "items": 1, "ended": "max_items"});
                assert_eq!(answer["structuredContent"], expected);
            }
            gate.wait().await;
        },
    )
    .await;
}

/// With a task, a client need not wait, and the values are its status.
#[cfg(feature = "tasks")]
#[tokio::test(start_paused = true)]
async fn a_subscription_runs_as_a_task() {
    use mcp_server::task::TaskSupport;

    use crate::tasks::fixture::{TaskClient as _, each};

    let gate = Gate::new();
    each(
        || {
            let tools = RpcTools::new(module(&gate));
            serving(tools.customize(|_, tool| tool.task(TaskSupport::Optional)))
        },
        async |client| {
            let id = client.create("send", json!({"params": [3, 1]})).await;
            let task = client.until(&id, "completed").await;
            let text = r#"{"last":"x","items":3,"ended":"completed"}"#;
            assert_eq!(text_of(&task["result"]), text);
            let id = client.create("hold", json!({})).await;
            client.ok("tasks/cancel", json!({"taskId": id})).await;
            gate.wait().await;
        },
    )
    .await;
}
