//! The layers for the size of results, and for results that are used again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_server::extract::Args;
use mcp_server::jsonrpc::ErrorObject;
use mcp_server::layer::{
    LayerExt as _, ResponseCacheLayer, ResponseCacheLimits, ResponseSizeLayer, SpillLimits,
};
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::{Structured, ToolRoute};
use mcp_server::types::{CallToolResult, Content};
use mcp_server::{Context, Revision, ServerBuilder, ToolError};
use mcp_test_support::message::text_of;
use serde_json::{Value, json};

use crate::harness::{Client, Identify, MODERN, Transport, built, each_of, everywhere, server};

/// The arguments of a tool that returns a text.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Size {
    unit: String,
    count: usize,
}

impl Size {
    fn text(&self) -> String {
        self.unit.repeat(self.count)
    }
}

fn texts() -> ServerBuilder {
    let image = |_: Context| async {
        CallToolResult::new()
            .content([Content::text("before"), Content::image(vec![0; 9_000], "image/png")])
    };
    let structured =
        |Args(size): Args<Size>| async move { Structured(BTreeMap::from([("text", size.text())])) };
    server()
        .tool(
            ToolRoute::builder("text").handler(|Args(size): Args<Size>| async move { size.text() }),
        )
        .tool(ToolRoute::builder("image").handler(image))
        .tool(ToolRoute::builder("structured").handler(structured))
        .prompt(PromptRoute::builder("long").handler(|| async { "p".repeat(10_000) }))
        .resource(ResourceRoute::builder("file:///a", "a").handler(|| async { "r".repeat(10_000) }))
}

fn size(unit: &str, count: usize) -> Value {
    json!({"unit": unit, "count": count})
}

/// Whether the revision of a client has structured results, and links in results.
async fn has_structured(client: &Client) -> bool {
    client.tool("structured", size("a", 1)).await.get("structuredContent").is_some()
}

fn bytes(result: &Value) -> usize {
    result.to_string().len()
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_too_large_is_refused_and_says_how_large_it_is() {
    everywhere(
        || texts().layer(ResponseSizeLayer::refuse(4_096)),
        async |client| {
            let result = client.tool("text", size("a", 1_000)).await;
            assert_eq!(text_of(&result).len(), 1_000);
            for tool in ["text", "structured"] {
                let result = client.tool(tool, size("a", 5_000)).await;
                assert_eq!(result["isError"], true, "the model sees it");
                assert!(text_of(&result).contains("the limit is 4096 bytes"), "{result}");
            }
            for (method, params) in [
                ("prompts/get", json!({"name": "long"})),
                ("resources/read", json!({"uri": "file:///a"})),
            ] {
                let error = client.err(method, params).await;
                assert_eq!(error.code, -32603);
                assert_eq!(error.data.unwrap()["maxBytes"], 4_096);
            }
            client.ok("tools/list", json!({})).await;
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_text_is_cut_between_characters_to_the_limit() {
    everywhere(
        || texts().layer(ResponseSizeLayer::cut(4_096).except_tools(["none"])),
        async |client| {
            // Their lengths in JSON do not all divide 4,096.
            for unit in ["a", "é", "東", "😀", "\"", "\u{1}", "a\n"] {
                let result = client.tool("text", size(unit, 5_000)).await;
                assert!(bytes(&result) <= 4_096, "{}", bytes(&result));
                let kept = text_of(&result);
                assert!(unit.repeat(5_000).starts_with(kept));
                assert!(serde_json::to_string(kept).unwrap().len() > 3_000, "{}", kept.len());
                let note = result["content"][1]["text"].as_str().unwrap();
                assert!(note.starts_with("[cut: the result has "), "{note}");
                assert_eq!(result.get("isError"), None);
            }
            let result = client.tool("image", json!({})).await;
            assert_eq!(text_of(&result), "before");
            assert_eq!(result["content"].as_array().unwrap().len(), 2, "{result}");
            // A part would not have the schema.
            if !has_structured(&client).await {
                return;
            }
            let result = client.tool("structured", size("a", 5_000)).await;
            assert_eq!((&result["isError"], result.get("structuredContent")), (&json!(true), None));
        },
    )
    .await;
}

/// Returns the URI in the note about a result.
fn uri_of(result: &Value) -> String {
    let (_, uri) = text_of(result).split_once("mcp-result:").expect("a URI");
    format!("mcp-result:{}", uri.trim_end_matches('.'))
}

async fn read(client: &Client, uri: &str, user: Option<&str>) -> Result<String, i64> {
    let meta = user.map_or_else(|| json!({}), |user| json!({"com.example/user": user}));
    let read = client.request("resources/read", json!({"uri": uri, "_meta": meta})).await;
    let text = |result: Value| result["contents"][0]["text"].as_str().unwrap().to_owned();
    read.map(text).map_err(|error| error.code)
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_spilled_can_be_read_for_some_time() {
    let spilling = || texts().layer(ResponseSizeLayer::spill(4_096));
    each_of(Transport::CONNECTIONS, &Revision::ALL, spilling, async |client| {
        let result = client.tool("text", size("é", 5_000)).await;
        let uri = uri_of(&result);
        let link = &result["content"][1];
        if has_structured(&client).await {
            let of_link = (&link["type"], &link["uri"], &link["size"]);
            assert_eq!(of_link, (&json!("resource_link"), &json!(uri), &json!(10_000)));
        }
        assert_eq!(read(&client, &uri, None).await.unwrap(), "é".repeat(5_000));
        if has_structured(&client).await {
            let result = client.tool("structured", size("a", 5_000)).await;
            assert_eq!(result["isError"], true);
            let whole = read(&client, &uri_of(&result), None).await.unwrap();
            let whole: Value = serde_json::from_str(&whole).unwrap();
            assert_eq!(whole["structuredContent"]["text"].as_str().unwrap().len(), 5_000);
        }
        tokio::time::advance(Duration::from_secs(599)).await;
        assert!(read(&client, &uri, None).await.is_ok());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(read(&client, &uri, None).await.is_err());
        // Other resources are still read, and limited.
        assert_eq!(read(&client, "file:///a", None).await, Err(-32603));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_spilled_result_belongs_to_its_caller() {
    for &transport in Transport::ALL {
        let server = built(texts().layer(ResponseSizeLayer::spill(4_096)).layer(Identify));
        let ada = Client::connect(&server, transport, MODERN[0]).await;
        let other = Client::connect(&server, transport, MODERN[0]).await;
        let meta = json!({"com.example/user": "ada"});
        let params = json!({"name": "text", "arguments": size("a", 5_000), "_meta": meta});
        let uri = uri_of(&ada.ok("tools/call", params).await);
        for client in [&ada, &other] {
            assert!(read(client, &uri, Some("ada")).await.is_ok());
            assert_eq!(read(client, &uri, Some("eve")).await, Err(-32602));
            assert_eq!(read(client, &uri, None).await, Err(-32602));
        }
        let result = ada.tool("text", size("a", 5_000)).await;
        if Transport::CONNECTIONS.contains(&transport) {
            let uri = uri_of(&result);
            assert!(read(&ada, &uri, None).await.is_ok());
            assert_eq!(read(&other, &uri, None).await, Err(-32602));
            assert_eq!(read(&ada, &uri, Some("ada")).await, Err(-32602));
        } else {
            // An unknown caller, to which nothing can belong.
            assert!(text_of(&result).contains("ask for less"), "{result}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn spilled_results_are_bounded() {
    let mut limits = SpillLimits::new();
    limits.max_results = 3;
    limits.max_total_bytes = 30_000;
    limits.max_caller_bytes = 20_000;
    limits.result_timeout = Duration::from_secs(5);
    let spilling =
        || texts().layer(ResponseSizeLayer::spill_with(4_096, limits.clone())).layer(Identify);
    each_of(&[Transport::Memory], &MODERN, spilling, async |client| {
        let call = async |user: &str, count: usize| {
            let meta = json!({"com.example/user": user});
            let params = json!({"name": "text", "arguments": size("a", count), "_meta": meta});
            let result = client.ok("tools/call", params).await;
            (!text_of(&result).contains("ask for less")).then(|| uri_of(&result))
        };
        let is_kept = async |user: &str, uri: &Option<String>| {
            read(&client, uri.as_ref().unwrap(), Some(user)).await.is_ok()
        };
        assert_eq!(call("ada", 20_001).await, None, "one is larger than max_caller_bytes");
        let one = call("ada", 10_000).await;
        let two = call("ada", 10_000).await;
        assert!(is_kept("ada", &one).await && is_kept("ada", &two).await);
        // The oldest of the same caller is dropped, not one of others.
        let three = call("ada", 5_000).await;
        assert!(!is_kept("ada", &one).await && is_kept("ada", &two).await);
        assert_eq!(call("eve", 16_000).await, None, "max_total_bytes");
        let four = call("eve", 6_000).await;
        assert_eq!(call("bob", 5_000).await, None, "max_results");
        assert!(is_kept("ada", &three).await && is_kept("eve", &four).await);
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(!is_kept("eve", &four).await, "result_timeout");
        assert!(call("bob", 20_000).await.is_some());
    })
    .await;
}

/// A server whose tools count their calls, and the counter.
fn counting() -> (ServerBuilder, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let number = move || counted.fetch_add(1, Ordering::SeqCst) + 1;
    let tool = |name: &str| {
        let number = number.clone();
        ToolRoute::builder(name).handler(move |Args(arguments): Args<Value>| {
            let number = number();
            async move {
                match arguments["fail"].as_str() {
                    Some("tool") => Err(ToolError::new("no")),
                    _ => Ok(format!(
                        "{number} {}",
                        "x".repeat(arguments["size"].as_u64().unwrap_or(0) as usize)
                    )),
                }
            }
        })
    };
    let read = {
        let number = number.clone();
        ToolRoute::builder("read").read_only(true).handler(move |Args(arguments): Args<Value>| {
            let number = number();
            async move {
                let size = arguments["size"].as_u64().unwrap_or(0) as usize;
                match arguments["fail"].as_str() {
                    Some("tool") => {
                        Ok(CallToolResult::new().content([Content::text("no")]).is_error(true))
                    }
                    Some(_) => Err(ErrorObject::internal()),
                    None => Ok(CallToolResult::new()
                        .content([Content::text(format!("{number} {}", "x".repeat(size)))])),
                }
            }
        })
    };
    (server().tools([read, tool("write")]), calls)
}

#[tokio::test(start_paused = true)]
async fn a_result_is_used_again_for_the_same_arguments_until_its_time_is_over() {
    for &transport in Transport::ALL {
        for revision in Revision::ALL {
            let (server, calls) = counting();
            let server = built(server.layer(ResponseCacheLayer::new(Duration::from_secs(60))));
            let client = Client::connect(&server, transport, revision).await;
            let call = async |name: &str, arguments: Value| {
                drop(
                    client
                        .request("tools/call", json!({"name": name, "arguments": arguments}))
                        .await,
                );
                calls.load(Ordering::SeqCst)
            };
            assert_eq!(call("read", json!({"a": 1, "b": [1.0]})).await, 1);
            assert_eq!(call("read", json!({"b": [1], "a": 1})).await, 1, "in any order");
            assert_eq!(call("read", json!({"a": 2})).await, 2);
            assert_eq!(call("write", json!({"a": 1})).await, 3);
            assert_eq!(call("write", json!({"a": 1})).await, 4, "it does not only read");
            for (count, failure) in [(5, "tool"), (7, "call")] {
                assert_eq!(call("read", json!({"fail": failure})).await, count);
                assert_eq!(call("read", json!({"fail": failure})).await, count + 1);
            }
            tokio::time::advance(Duration::from_secs(59)).await;
            assert_eq!(call("read", json!({"a": 2})).await, 8);
            tokio::time::advance(Duration::from_secs(2)).await;
            assert_eq!(call("read", json!({"a": 2})).await, 9);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn callers_with_a_principal_do_not_share_results() {
    let (server, calls) = counting();
    let layer = ResponseCacheLayer::new(Duration::from_secs(60))
        .also_tools(["write"])
        .key(|request| request.params.as_str().contains("north"));
    let server = built(server.layer(layer.clone()).layer(Identify));
    let one = Client::connect(&server, Transport::Memory, MODERN[0]).await;
    let two = Client::connect(&server, Transport::Memory, Revision::V2025_11_25).await;
    let call = async |client: &Client, user: &str, tenant: &str| {
        let meta = json!({"com.example/user": user, "com.example/tenant": tenant});
        client.ok("tools/call", json!({"name": "write", "_meta": meta})).await;
        calls.load(Ordering::SeqCst)
    };
    assert_eq!(call(&one, "ada", "").await, 1);
    assert_eq!(call(&one, "ada", "").await, 1);
    assert_eq!(call(&one, "eve", "").await, 2);
    assert_eq!(call(&one, "ada", "north").await, 3);
    assert_eq!(call(&two, "ada", "").await, 4, "another revision");
    let meta = json!({"com.example/user": "ada", "com.example/scopes": "files:read"});
    one.ok("tools/call", json!({"name": "write", "_meta": meta})).await;
    assert_eq!(calls.swap(4, Ordering::SeqCst), 5, "another token of the same user");
    assert_eq!(call(&one, "ada", "").await, 4);
    layer.clear();
    assert_eq!(call(&one, "ada", "").await, 5);
    // A tool that is replaced at runtime.
    let replaced = ToolRoute::builder("write").handler(|| async { "new" });
    server.handle().set_tool(replaced).unwrap();
    let meta = json!({"com.example/user": "ada"});
    let result = one.ok("tools/call", json!({"name": "write", "_meta": meta})).await;
    assert_eq!(text_of(&result), "new");
}

#[tokio::test(start_paused = true)]
async fn cached_results_are_bounded() {
    let cached = |change: fn(&mut ResponseCacheLimits)| {
        let mut limits = ResponseCacheLimits::new();
        change(&mut limits);
        let (server, calls) = counting();
        let layer = ResponseCacheLayer::new(Duration::from_secs(60)).limits(limits);
        (built(server.layer(layer)), calls)
    };
    let runs = async |server: &mcp_server::Server, calls: &AtomicUsize, arguments: Value| {
        let client = Client::connect(server, Transport::Memory, MODERN[0]).await;
        let before = calls.load(Ordering::SeqCst);
        client.tool("read", arguments).await;
        calls.load(Ordering::SeqCst) > before
    };
    let (server, calls) = cached(|limits| limits.max_entries = 2);
    for (number, is_run) in [(1, true), (2, true), (1, false), (3, true), (2, false), (1, true)] {
        assert_eq!(runs(&server, &calls, json!({"a": number})).await, is_run, "{number}");
    }
    let (server, calls) = cached(|limits| limits.max_bytes = 10_000);
    for (number, is_run) in [(1, true), (2, true), (1, false), (3, true), (1, true), (3, false)] {
        let arguments = json!({"a": number, "size": 4_000});
        assert_eq!(runs(&server, &calls, arguments).await, is_run, "{number}");
    }
    let (server, calls) = cached(|limits| limits.max_entry_bytes = 1_000);
    for (size, is_run) in [(100, true), (100, false), (1_000, true), (1_000, true)] {
        assert_eq!(runs(&server, &calls, json!({"size": size})).await, is_run, "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restricted_cache_caches_other_tools_not() {
    let (server, calls) = counting();
    let layer = ResponseCacheLayer::new(Duration::from_secs(60)).for_tools(["write"]);
    let server = built(server.layer(layer));
    let client = Client::connect(&server, Transport::Memory, MODERN[0]).await;
    client.tool("read", json!({})).await;
    client.tool("read", json!({})).await;
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}
