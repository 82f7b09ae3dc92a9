//! What a client learns from a list that another client put into a shared cache.

use mcp_client::{Client, SharedCache};
use mcp_test_support::message::text;
use mcp_test_support::with;
use serde_json::json;

use crate::script::modern;

#[tokio::test(start_paused = true)]
async fn a_cached_list_says_which_arguments_are_mirrored() {
    let cache = SharedCache::new();
    let builder = |principal| Client::builder().shared_cache(&cache, "server", principal);
    let schema = json!({
        "type": "object",
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    });
    let (alice, mut of_alice) = modern(builder("alice")).await;
    with(alice.list_tools(), async {
        let tools = json!([{"name": "query", "inputSchema": schema}]);
        of_alice.expect("tools/list").await.reply(json!({
            "resultType": "complete",
            "tools": tools,
            "ttlMs": 60_000,
            "cacheScope": "public",
        }));
    })
    .await
    .unwrap();

    let (bob, mut of_bob) = modern(builder("bob")).await;
    assert_eq!(bob.list_tools().await.unwrap().len(), 1, "from the cache");
    with(bob.call_tool("query", &json!({"region": "eu"})), async {
        let exchange = of_bob.expect("tools/call").await;
        assert_eq!(exchange.header("mcp-param-region"), Some("eu"));
        exchange.reply(text("done"));
    })
    .await
    .unwrap();
}
