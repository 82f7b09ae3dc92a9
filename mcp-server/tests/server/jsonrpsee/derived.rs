//! `#[rpc_schemas]` above `#[rpc]`.

use jsonrpsee::core::{RpcResult, SubscriptionResult, async_trait, to_json_raw_value};
use jsonrpsee::proc_macros::rpc;
use jsonrpsee::{PendingSubscriptionSink, core::server::RpcModule};
use mcp_server::bridge::jsonrpsee::{RpcTools, rpc_schemas};
use mcp_server::{schemars, serde};
use mcp_test_support::message::text_of;
use serde_json::{Value, json};

use super::fixture::serving;
use crate::harness::{MODERN, each};

/// A block of the chain.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "serde")]
#[schemars(crate = "schemars")]
pub struct Block<Hash> {
    hash: Hash,
    height: u64,
}

#[rpc_schemas]
#[rpc(server, namespace = "chain", namespace_separator = ".")]
pub trait Chain<Hash: Clone> {
    /// Returns a block.
    ///
    /// It has no transactions.
    #[method(name = "getBlock", aliases = ["chain_getBlock"])]
    async fn block(
        &self,
        /// the hash
        hash: Hash,
        #[argument(rename = "atHeight")] at_height: Option<u64>,
    ) -> RpcResult<Block<Hash>>;

    #[method(name = "height", param_kind = map, blocking)]
    fn height(&self) -> RpcResult<u64>;

    /// Follows new blocks.
    #[subscription(name = "subscribeBlocks" => "block", item = Block<Hash>)]
    async fn follow(&self, count: u64) -> SubscriptionResult;
}

struct Node;

#[async_trait]
impl ChainServer<String> for Node {
    async fn block(&self, hash: String, at_height: Option<u64>) -> RpcResult<Block<String>> {
        Ok(Block { hash, height: at_height.unwrap_or(7) })
    }

    fn height(&self) -> RpcResult<u64> {
        Ok(7)
    }

    async fn follow(&self, pending: PendingSubscriptionSink, count: u64) -> SubscriptionResult {
        let sink = pending.accept().await?;
        for height in 0..count {
            let block = Block { hash: "0x0".to_owned(), height };
            sink.send(to_json_raw_value(&block)?).await?;
        }
        Ok(())
    }
}

fn tools() -> RpcTools {
    RpcTools::new(ChainServer::into_rpc(Node)).schemas(chain_schemas::<String>())
}

#[test]
fn the_trait_is_the_schema() {
    let tools = tools().build().unwrap();
    let tools: Vec<Value> =
        tools.iter().map(|route| serde_json::to_value(route.tool()).unwrap()).collect();
    let names: Vec<_> = tools.iter().map(|tool| &tool["name"]).collect();
    assert_eq!(names, ["chain_getBlock", "chain_height", "chain_subscribeBlocks"]);
    let [block, height, follow] = &tools[..] else { panic!("{tools:?}") };
    assert_eq!(block["description"], "Returns a block.\n\nIt has no transactions.");
    let properties = json!({
        "hash": {"type": "string", "description": "the hash"},
        "atHeight": {"type": "integer", "minimum": 0},
    });
    assert_eq!(block["inputSchema"]["properties"], properties);
    assert_eq!(block["inputSchema"]["required"], json!(["hash"]));
    assert_eq!(block["outputSchema"]["properties"]["hash"], json!({"type": "string"}));
    assert_eq!(height["outputSchema"]["type"], "integer");
    let last = &follow["outputSchema"]["properties"]["last"]["anyOf"][0]["$ref"];
    assert!(last.as_str().unwrap().starts_with("#/$defs/Block"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn methods_take_what_the_schemas_say() {
    each(
        &MODERN,
        || serving(tools()),
        async |client| {
            let block = client.tool("chain_getBlock", json!({"hash": "0xa", "atHeight": 3})).await;
            assert_eq!(block["structuredContent"], json!({"hash": "0xa", "height": 3}));
            let block = client.tool("chain_getBlock", json!({"hash": "0xa"})).await;
            assert_eq!(block["structuredContent"]["height"], 7);
            let height = client.tool("chain_height", json!({})).await;
            assert_eq!(text_of(&height), "7");
            let follow = client.tool("chain_subscribeBlocks", json!({"count": 3})).await;
            assert_eq!(follow["structuredContent"]["last"]["height"], 2);
        },
    )
    .await;
}

/// Nothing is left of the attribute in the trait: the module is as jsonrpsee makes it.
#[test]
fn the_module_is_unchanged() {
    let module: RpcModule<Node> = ChainServer::into_rpc(Node);
    assert!(module.method("chain.getBlock").is_some());
    assert!(module.method("chain_getBlock").is_some());
}
