//! A server as a module of jsonrpsee.

use jsonrpsee::core::server::{MethodsError, RpcModule};
use jsonrpsee::types::ErrorObjectOwned;
use mcp_core::transport::TransportError;
use mcp_server::bridge::jsonrpsee::{RpcModuleBuilder, RpcTools};
use mcp_server::extract::Args;
use mcp_server::service::{Notification, Reply, Request, Service};
use mcp_server::tool::{Structured, ToolRoute};
use mcp_server::types::{CallToolResult, Content};
use mcp_server::{
    ConnectionLimits, Context, ErrorObject, Limits, Principal, Revision, Server, ServerBuilder,
    ToolError, schemars, serde,
};
use mcp_test_support::Gate;
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedSender};
use tower_layer::layer_fn;

use super::fixture::serving;
use crate::harness::{built, server, waiting_tool};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "serde")]
#[schemars(crate = "schemars")]
struct Pair {
    b: i64,
    a: i64,
}

fn tools() -> ServerBuilder {
    server()
        .tool(
            ToolRoute::builder("subtract")
                .handler(|Args(Pair { a, b }): Args<Pair>| async move { Structured(a - b) }),
        )
        .tool(ToolRoute::builder("text").handler(|| async { "hello" }))
        .tool(ToolRoute::builder("nothing").handler(|| async {}))
        .tool(
            ToolRoute::builder("blocks")
                .handler(|| async { [Content::text("a"), Content::text("b")] }),
        )
        .tool(
            ToolRoute::builder("fail")
                .handler(|| async { Err::<String, _>(ToolError::new("the disk is full")) }),
        )
        .tool(ToolRoute::builder("refuse").handler(|| async {
            Err::<String, _>(ErrorObject::new(-32050, "not today").with_data(&json!({"x": 1})))
        }))
        .tool(ToolRoute::builder("data").handler(|| async {
            CallToolResult::structured(&json!({"n": 1})).unwrap().is_error(true)
        }))
        .tool(ToolRoute::builder("who").handler(|principal: Option<Principal>| async move {
            principal.map_or_else(|| "no caller".to_owned(), |principal| principal.id().to_owned())
        }))
        .tool(
            ToolRoute::builder("revision")
                .handler(|context: Context| async move { context.revision().to_string() }),
        )
}

fn module(server: Server) -> RpcModule<()> {
    RpcModuleBuilder::new(server).build().unwrap()
}

async fn call(
    module: &RpcModule<()>,
    method: &str,
    params: Value,
) -> Result<Value, ErrorObjectOwned> {
    let params = match params {
        Value::Object(members) => module.call::<_, Value>(method, members).await,
        Value::Array(values) => module.call(method, values).await,
        _ => module.call(method, [(); 0]).await,
    };
    params.map_err(|error| match error {
        MethodsError::JsonRpc(error) => error,
        other => panic!("{other}"),
    })
}

#[tokio::test(start_paused = true)]
async fn tools_are_methods_whose_results_are_values() {
    for revisions in [Revision::ALL.to_vec(), vec![Revision::V2025_11_25]] {
        let newest = *revisions.iter().max().unwrap();
        let module = module(built(tools().revisions(revisions)));
        let value = |method: &'static str, params| call(&module, method, params);
        let null = Value::Null;
        let difference = value("tool.subtract", json!({"a": 5, "b": 3})).await.unwrap();
        let by_position = value("tool.subtract", json!([3, 5])).await.unwrap();
        assert_eq!(difference, by_position);
        match newest {
            Revision::V2026_07_28 => assert_eq!(difference, 2),
            _ => assert_eq!(difference, json!({"result": 2})),
        }
        assert_eq!(value("tool.text", null.clone()).await.unwrap(), "hello");
        assert_eq!(value("tool.nothing", null.clone()).await.unwrap(), Value::Null);
        assert_eq!(value("tool.revision", null.clone()).await.unwrap(), newest.as_str());
        let blocks = value("tool.blocks", null.clone()).await.unwrap();
        assert_eq!(blocks[1], json!({"type": "text", "text": "b"}));
    }
}

#[tokio::test(start_paused = true)]
async fn errors_are_mapped_back() {
    let module = module(built(tools()));
    let error = async |method: &str, params| call(&module, method, params).await.unwrap_err();
    let failed = error("tool.fail", Value::Null).await;
    assert_eq!((failed.code(), failed.message()), (-32000, "the disk is full"));
    let refused = error("tool.refuse", Value::Null).await;
    assert_eq!((refused.code(), refused.message()), (-32050, "not today"));
    assert_eq!(refused.data().unwrap().get(), r#"{"x":1}"#);
    let data = error("tool.data", Value::Null).await;
    assert_eq!(data.data().unwrap().get(), r#"{"n":1}"#);
    let invalid = error("tool.subtract", json!({"a": 1})).await;
    assert!(invalid.message().contains("/b"), "{invalid:?}");
    let many = error("tool.subtract", json!([1, 2, 3])).await;
    assert_eq!(
        (many.code(), many.message()),
        (-32602, "3 parameters by position, and the tool has 2")
    );
    assert_eq!(error("tool.none", Value::Null).await.code(), -32601);
    assert_eq!(error("tools/call", json!({"name": "none"})).await.code(), -32602);
    assert_eq!(error("tools/call", json!({})).await.message(), "/name: it is required");
}

#[tokio::test(start_paused = true)]
async fn errors_of_a_module_survive_the_way_there_and_back() {
    let mut inner = RpcModule::new(());
    let sent = ErrorObjectOwned::owned(1002, "no such block", Some(json!({"height": 7})));
    let error = sent.clone();
    inner.register_method("fail", move |_, _, _| Err::<u8, _>(error.clone())).unwrap();
    let module = module(built(serving(RpcTools::new(inner))));
    assert_eq!(call(&module, "tool.fail", Value::Null).await.unwrap_err(), sent);
}

#[tokio::test(start_paused = true)]
async fn tools_are_listed_and_called_by_name() {
    let server = built(tools());
    let handle = server.handle();
    let module = module(server);
    let listed = call(&module, "tools/list", Value::Null).await.unwrap();
    assert_eq!(listed["tools"].as_array().unwrap().len(), 9);
    let params = json!({"name": "subtract", "arguments": {"a": 5, "b": 3}});
    let result = call(&module, "tools/call", params).await.unwrap();
    assert_eq!(result["structuredContent"], 2);
    let result = call(&module, "tools/call", json!(["text"])).await.unwrap();
    assert_eq!(result["content"][0]["text"], "hello");
    let result = call(&module, "tools/call", json!(["fail"])).await.unwrap();
    assert_eq!(result["isError"], true);
    // A tool that is added later has no method of its own.
    let late = ToolRoute::builder("late").handler(|| async { "late" });
    handle.set_tool(late).unwrap();
    assert_eq!(call(&module, "tool.late", Value::Null).await.unwrap_err().code(), -32601);
    let result = call(&module, "tools/call", json!({"name": "late"})).await.unwrap();
    assert_eq!(result["content"][0]["text"], "late");
}

#[tokio::test(start_paused = true)]
async fn pages_of_tools_are_read_with_their_cursors() {
    let module = module(built(tools().page_size(5)));
    let first = call(&module, "tools/list", Value::Null).await.unwrap();
    let second = call(&module, "tools/list", json!({"cursor": first["nextCursor"]})).await.unwrap();
    assert_eq!(second["tools"].as_array().unwrap().len(), 4);
    let second = call(&module, "tools/list", json!([first["nextCursor"]])).await.unwrap();
    assert_eq!(second.get("nextCursor"), None);
}

#[tokio::test(start_paused = true)]
async fn the_caller_is_the_principal_of_the_extensions() {
    let mut module = module(built(tools()));
    assert_eq!(call(&module, "tool.who", Value::Null).await.unwrap(), "no caller");
    module.extensions_mut().insert(Principal::new("alice"));
    assert_eq!(call(&module, "tool.who", Value::Null).await.unwrap(), "alice");
}

#[tokio::test(start_paused = true)]
async fn the_limits_of_a_connection_hold_for_all_callers_and_dropping_a_call_cancels_it() {
    let gate = Gate::new();
    let mut limits = Limits::default();
    limits.connection.max_in_flight_requests = 1;
    limits.connection.max_queued_requests = 0;
    limits.connection.max_message_bytes = 1_000;
    assert_ne!(limits.connection, ConnectionLimits::for_server());
    let module = module(built(server().limits(limits).tool(waiting_tool("wait", &gate))));
    let running = {
        let module = module.clone();
        tokio::spawn(async move { call(&module, "tool.wait", Value::Null).await })
    };
    gate.arrived(1).await;
    let busy = call(&module, "tool.wait", Value::Null).await.unwrap_err();
    assert_eq!(busy.code(), -32009);
    let long = call(&module, "tool.wait", json!({"x": "x".repeat(1_000)})).await.unwrap_err();
    assert!(long.message().contains("max_message_bytes"), "{long:?}");
    running.abort();
    gate.dropped(1).await;
    gate.open(1);
    assert_eq!(call(&module, "tool.wait", Value::Null).await.unwrap(), "through");
}

#[test]
fn a_prefix_replaces_the_usual_one() {
    let module = RpcModuleBuilder::new(built(tools())).prefix("mcp_").build().unwrap();
    assert!(module.method("mcp_text").is_some() && module.method("tool.text").is_none());
}

/// Passes the names of notifications on.
#[derive(Clone)]
struct Notified<S>(S, UnboundedSender<String>);

impl<S: Service> Service for Notified<S> {
    async fn call(&self, request: Request) -> Reply {
        self.0.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        let _ = self.1.send(notification.method.to_string());
        self.0.notify(notification).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_begins_as_the_protocol_says() {
    let (sender, mut notified) = mpsc::unbounded_channel();
    let layer = layer_fn(move |inner| Notified(inner, sender.clone()));
    let module = module(built(tools().revisions([Revision::V2025_11_25]).layer(layer)));
    for _ in 0..2 {
        assert_eq!(call(&module, "tool.text", Value::Null).await.unwrap(), "hello");
    }
    assert_eq!(notified.try_recv().as_deref(), Ok("notifications/initialized"));
    assert!(notified.try_recv().is_err());
}

/// A layer that answers each call as a connection does that is closed.
struct Gone;

impl Service for Gone {
    async fn call(&self, _: Request) -> Reply {
        Err(TransportError::closed("the other side has gone").into())
    }

    async fn notify(&self, _: Notification) {}
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_is_an_internal_error_without_details() {
    for revisions in [Revision::ALL.to_vec(), vec![Revision::V2025_11_25]] {
        let module = module(built(tools().revisions(revisions).layer(layer_fn(|_| Gone))));
        let error = call(&module, "tool.text", Value::Null).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (-32603, "internal error"));
        assert!(!format!("{error:?}").contains("gone"), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_begin_is_given_up_after_a_minute() {
    let mut limits = Limits::default();
    // No request runs, so `initialize` waits for ever.
    limits.connection.max_in_flight_requests = 0;
    let server = tools().limits(limits).revisions([Revision::V2025_11_25]);
    let module = module(built(server));
    for minutes in 1..=2 {
        let start = tokio::time::Instant::now();
        let error = call(&module, "tool.text", Value::Null).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (-32603, "internal error"));
        assert_eq!(start.elapsed().as_secs(), 60, "attempt {minutes}");
    }
}
