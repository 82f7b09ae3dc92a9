//! Errors and panics of methods.

use jsonrpsee::core::server::RpcModule;
use jsonrpsee::types::ErrorObjectOwned;
use mcp_server::Revision;
use mcp_server::bridge::jsonrpsee::{MethodSchema, RpcLimits, RpcTools};
use mcp_test_support::Log;
use mcp_test_support::message::text_of;
use serde_json::{Value, json};

use super::fixture::serving;
use crate::harness::{everywhere, server};

/// A method that fails with the code in its parameters.
fn failing() -> RpcModule<()> {
    let mut module = RpcModule::new(());
    module
        .register_method("fail", |params, _, _| {
            let code: i32 = params.one()?;
            let data = json!({"secret": 7});
            Err::<u8, _>(ErrorObjectOwned::owned(code, "no such block", Some(data)))
        })
        .unwrap();
    module.register_method("sync", |_, _, _| -> u8 { panic!("in a sync method") }).unwrap();
    module
        .register_async_method("async", |_, _, _| async {
            tokio::task::yield_now().await;
            if true {
                panic!("in an async method");
            }
            1_u8
        })
        .unwrap();
    module
        .register_blocking_method("blocking", |_, _, _| -> u8 { panic!("in a blocking method") })
        .unwrap();
    module
        .register_subscription("sub", "item", "unsub", |_, pending, _, _| async move {
            drop(pending);
            if true {
                panic!("in a subscription");
            }
        })
        .unwrap();
    module
}

#[tokio::test(start_paused = true)]
async fn errors_for_the_caller_are_results_that_keep_code_message_and_data() {
    everywhere(
        || serving(RpcTools::new(failing())),
        async |client| {
            for code in [-32000, 3, -32601, i32::MIN] {
                let result = client.tool("fail", json!({"params": [code]})).await;
                assert_eq!(result["isError"], true);
                assert_eq!(result["_meta"]["jsonrpc/code"], code);
                let data = r#""data":{"secret":7}"#;
                let text = format!(r#"{{"code":{code},"message":"no such block",{data}}}"#);
                assert_eq!(text_of(&result), text);
                assert_eq!(result.get("structuredContent"), None);
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn invalid_parameters_are_answered_as_the_revision_has_it() {
    everywhere(
        || serving(RpcTools::new(failing())),
        async |client| {
            let call = json!({"name": "fail", "arguments": {"params": ["x"]}});
            if client.revision >= Revision::V2025_11_25 {
                let result = client.ok("tools/call", call).await;
                assert_eq!(result["_meta"]["jsonrpc/code"], -32602);
                let error: Value = serde_json::from_str(text_of(&result)).unwrap();
                assert_eq!(error["message"], "Invalid params");
                assert!(error["data"].as_str().unwrap().contains("invalid type"), "{error}");
            } else {
                let failure = client.err("tools/call", call).await;
                assert_eq!((failure.code, &*failure.message), (-32602, "Invalid params"));
                assert!(failure.data.unwrap().as_str().unwrap().contains("invalid type"));
            }
            let twice = json!({"name": "fail", "arguments": {"params": {}}});
            let answer = client.request("tools/call", twice).await;
            let text =
                answer.map_or_else(|failure| failure.message, |result| text_of(&result).to_owned());
            assert!(text.contains("/params: expected an array"), "{text}");
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn internal_errors_are_logged_and_not_shown() {
    let (log, _guard) = Log::capture();
    everywhere(
        || serving(RpcTools::new(failing())),
        async |client| {
            for code in [-32603, -32600, -32700] {
                let call = json!({"name": "fail", "arguments": {"params": [code]}});
                client.err("tools/call", call).await.expect_internal();
            }
        },
    )
    .await;
    assert!(log.text().contains("no such block (-32603)"), "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn panics_are_answered_and_other_calls_continue() {
    everywhere(
        || serving(RpcTools::new(failing())),
        async |client| {
            for tool in ["sync", "async", "blocking", "sub"] {
                client.err("tools/call", json!({"name": tool})).await.expect_internal();
                let result = client.tool("fail", json!({"params": [5]})).await;
                assert_eq!(result["_meta"]["jsonrpc/code"], 5);
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_too_long_says_so() {
    let mut limits = RpcLimits::new();
    limits.max_result_bytes = 200;
    everywhere(
        || {
            let mut module = RpcModule::new(());
            module
                .register_method("long", |params, _, _| {
                    let length: usize = params.one()?;
                    Ok::<_, ErrorObjectOwned>("x".repeat(length))
                })
                .unwrap();
            serving(RpcTools::new(module).limits(limits.clone()))
        },
        async |client| {
            let result = client.tool("long", json!({"params": [100]})).await;
            assert_eq!(text_of(&result).len(), 102);
            let result = client.tool("long", json!({"params": [200]})).await;
            assert_eq!(result["_meta"]["jsonrpc/code"], -32008);
            let text = text_of(&result);
            assert!(text.contains("longer than 200 bytes (max_result_bytes)"), "{text}");
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_result_that_does_not_match_its_schema_is_an_internal_error() {
    everywhere(
        || {
            let mut module = RpcModule::new(());
            module.register_method("wrong", |_, _, _| "text").unwrap();
            let tools = RpcTools::new(module);
            let tools = tools.method(MethodSchema::new("wrong").returns::<u64>());
            server().tools(tools.build().unwrap())
        },
        async |client| {
            client.err("tools/call", json!({"name": "wrong"})).await.expect_internal();
        },
    )
    .await;
}
