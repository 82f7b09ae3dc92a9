//! What a method receives: parameters, extensions and the end of its call.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jsonrpsee::core::server::{ConnectionId, RpcModule};
use mcp_server::bridge::jsonrpsee::{Cancellation, MethodSchema, OpenParams, RpcLimits, RpcTools};
use mcp_server::{Context, Principal, Revision};
use mcp_test_support::message::{request, text_of};
use mcp_test_support::{Gate, settle};
use serde_json::json;

use super::fixture::serving;
use crate::blocking::Barrier;
use crate::harness::{Identify, Raw, each, everywhere};

/// A method that returns the text of its parameters as it is.
fn echo() -> RpcModule<()> {
    let mut module = RpcModule::new(());
    module.register_method("sync", |params, _, _| params.as_str().map(str::to_owned)).unwrap();
    module
        .register_async_method(
            "async",
            |params, _, _| async move { params.as_str().map(str::to_owned) },
        )
        .unwrap();
    module
}

#[tokio::test(start_paused = true)]
async fn the_text_of_parameters_is_not_parsed_on_its_way() {
    // A tree of values would change all of these: the first number, the order of members, the
    // member that occurs twice, the spaces, the escape.
    let params = r#"{"z":1e400,"a":0.10,"a":18446744073709551616,  "\u0061b":[1.0]}"#;
    let by_position =
        |name| MethodSchema::new(name).param::<f64>("z").param::<f64>("x").by_position();
    for method in ["sync", "async"] {
        let cases = [
            (RpcTools::new(echo()).open_params(OpenParams::Named), params.to_owned(), params),
            (
                RpcTools::new(echo()),
                r#"{"params":[1e400, {"b":1,"b":2}]}"#.to_owned(),
                r#"[1e400, {"b":1,"b":2}]"#,
            ),
            (
                RpcTools::new(echo()).method(by_position(method)),
                r#"{"x":0.10,"z":1e400}"#.to_owned(),
                "[1e400,0.10]",
            ),
        ];
        for (tools, arguments, expected) in cases {
            let server = serving(tools).build().unwrap();
            let mut raw = Raw::open(&server, 1 << 16);
            let call = json!({"name": method, "arguments": "ARGUMENTS"});
            let mut call = request(1, "tools/call", call);
            mcp_test_support::message::add_modern_meta(&mut call["params"], &json!({}));
            let line = call.to_string().replace("\"ARGUMENTS\"", &arguments) + "\n";
            raw.send_bytes(line.as_bytes()).await;
            let answer = raw.next().await.unwrap();
            let text: String = serde_json::from_str(text_of(&answer["result"])).unwrap();
            assert_eq!(text, expected);
        }
    }
}

/// What a method saw: the principal, the connection, and what the program gave the module.
type Seen = (Option<String>, ConnectionId, u8);

#[tokio::test(start_paused = true)]
async fn methods_receive_the_principal_the_context_and_a_connection_of_their_own() {
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let (tools_seen, all_seen) = (Arc::clone(&seen), seen);
    everywhere(
        move || {
            let seen = Arc::clone(&tools_seen);
            let mut module = RpcModule::new(seen);
            module
                .register_method("who", |_, seen, extensions| {
                    let principal = extensions.get::<Principal>().map(|it| it.id().to_owned());
                    let connection = *extensions.get::<ConnectionId>().unwrap();
                    let given = *extensions.get::<u8>().unwrap();
                    seen.lock().unwrap().push((principal, connection, given));
                    extensions.get::<Context>().unwrap().revision().to_string()
                })
                .unwrap();
            module.extensions_mut().insert(9_u8);
            serving(RpcTools::new(module)).layer(Identify)
        },
        async |client| {
            let call = json!({"name": "who", "_meta": {"com.example/user": "alice"}});
            let answer = client.ok("tools/call", call).await;
            assert_eq!(text_of(&answer), format!("\"{}\"", client.revision));
            client.tool("who", json!({})).await;
            let seen = std::mem::take(&mut *all_seen.lock().unwrap());
            let [(first, one, given), (second, other, _)] = &seen[..] else { panic!("{seen:?}") };
            assert_eq!((first.as_deref(), second, *given), (Some("alice"), &None, 9));
            assert_ne!(one, other);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_async_method_is_dropped() {
    let gate = Gate::new();
    everywhere(
        || {
            let mut module = RpcModule::new(gate.clone());
            module
                .register_async_method("wait", |_, gate, _| async move { gate.wait().await })
                .unwrap();
            serving(RpcTools::new(module))
        },
        async |client| {
            let before = gate.arrivals();
            let call = client.start_tool("wait");
            gate.arrived(before + 1).await;
            client.cancel(&call);
            gate.dropped(before + 1).await;
        },
    )
    .await;
}

/// A module with a blocking method, and with a sync method that blocks.
fn blocking(barrier: &Barrier) -> RpcModule<Barrier> {
    let mut module = RpcModule::new(barrier.clone());
    module
        .register_blocking_method("stand", |_, barrier, extensions| {
            barrier.wait();
            extensions.get::<Cancellation>().unwrap().is_cancelled()
        })
        .unwrap();
    module
        .register_method("sync", |_, barrier, extensions| {
            barrier.wait();
            extensions.get::<Cancellation>().unwrap().is_cancelled()
        })
        .unwrap();
    module.register_method("quick", |_, _, _| "quick").unwrap();
    module
}

#[tokio::test]
async fn a_method_that_blocks_does_not_delay_other_calls() {
    let barrier = Barrier::new();
    everywhere(
        || serving(RpcTools::new(blocking(&barrier)).blocking(["sync"])),
        async |client| {
            for tool in ["stand", "sync"] {
                let call = client.start_tool(tool);
                barrier.arrived(1).await;
                assert_eq!(client.tool_text("quick", json!({})).await, "\"quick\"");
                barrier.release();
                assert_eq!(text_of(&call.answer().await.unwrap()), "false");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_blocking_method_counts_and_sees_its_cancellation_until_it_returns() {
    let barrier = Barrier::new();
    let mut limits = RpcLimits::new();
    limits.max_running_calls = 1;
    each(
        &[Revision::V2025_11_25, Revision::V2026_07_28],
        || serving(RpcTools::new(blocking(&barrier)).limits(limits.clone())),
        async |client| {
            let call = client.start_tool("stand");
            barrier.arrived(1).await;
            client.cancel(&call);
            settle().await;
            let refused = client.err("tools/call", json!({"name": "quick"})).await;
            assert_eq!(refused.code, -32603);
            assert!(refused.message.contains("(max_running_calls)"), "{}", refused.message);
            assert_eq!(refused.data.unwrap()["retryable"], true);
            barrier.release();
            let until_free = async {
                while client.request("tools/call", json!({"name": "quick"})).await.is_err() {
                    tokio::task::yield_now().await;
                }
            };
            let in_time = tokio::time::timeout(Duration::from_secs(60), until_free).await;
            assert!(in_time.is_ok(), "the method still counts after it has returned");
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_call_is_told_to_what_a_method_has_started() {
    let gate = Gate::new();
    everywhere(
        || {
            let mut module = RpcModule::new(gate.clone());
            module
                .register_async_method("wait", |_, gate, extensions| async move {
                    let cancellation = extensions.get::<Cancellation>().unwrap().clone();
                    let (sent, received) = tokio::sync::oneshot::channel();
                    let at = gate.as_ref().clone();
                    tokio::spawn(async move {
                        sent.send(cancellation.is_cancelled()).unwrap();
                        cancellation.cancelled().await;
                        at.open(1);
                    });
                    assert!(!received.await.unwrap());
                    std::future::pending::<()>().await;
                })
                .unwrap();
            serving(RpcTools::new(module))
        },
        async |client| {
            let call = client.start_tool("wait");
            settle().await;
            client.cancel(&call);
            gate.wait().await;
        },
    )
    .await;
}
