//! A program with a JSON-RPC API by jsonrpsee becomes an MCP server, and its MCP tools become
//! methods of the API.
//!
//! `cargo run -p mcp-examples --features jsonrpsee --example jsonrpsee`
//!
//! It serves MCP over standard input and output, and JSON-RPC at <http://127.0.0.1:9944>:
//!
//! ```console
//! $ curl -H 'content-type: application/json' http://127.0.0.1:9944 \
//!     -d '{"jsonrpc":"2.0","id":1,"method":"tool.units","params":{"wei":"1500000000000000000"}}'
//! {"jsonrpc":"2.0","id":1,"result":"1.5"}
//! ```

use jsonrpsee::core::{RpcResult, SubscriptionResult, async_trait, to_json_raw_value};
use jsonrpsee::proc_macros::rpc;
use jsonrpsee::server::{Methods, PendingSubscriptionSink, Server as RpcServer};
use jsonrpsee::types::ErrorObjectOwned;
use mcp_server::bridge::jsonrpsee::{RpcModuleBuilder, RpcTools, rpc_schemas};
use mcp_server::{Server, ToolError, routes, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A block of the chain.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    height: u64,
    hash: String,
}

// The API as it was before, with one line more.
#[rpc_schemas]
#[rpc(server, namespace = "chain")]
pub trait Chain {
    /// Returns the block at a height.
    #[method(name = "getBlock")]
    async fn block(&self, height: u64) -> RpcResult<Block>;

    /// Counts the blocks that a hash begins with. Slow.
    #[method(name = "countPrefix", blocking)]
    fn count_prefix(&self, prefix: String) -> RpcResult<u64>;

    /// Follows new blocks.
    #[subscription(name = "subscribeBlocks", item = Block)]
    async fn follow(&self) -> SubscriptionResult;
}

struct Node {
    height: u64,
}

fn block(height: u64) -> Block {
    Block { height, hash: format!("{:016x}", height.wrapping_mul(0x9E37_79B9_7F4A_7C15)) }
}

#[async_trait]
impl ChainServer for Node {
    async fn block(&self, height: u64) -> RpcResult<Block> {
        if height > self.height {
            let message = format!("there is no block {height}; the last one is {}", self.height);
            return Err(ErrorObjectOwned::owned(1001, message, None::<()>));
        }
        Ok(block(height))
    }

    fn count_prefix(&self, prefix: String) -> RpcResult<u64> {
        let blocks = (0..=self.height).map(block);
        Ok(blocks.filter(|block| block.hash.starts_with(&prefix)).count() as u64)
    }

    async fn follow(&self, pending: PendingSubscriptionSink) -> SubscriptionResult {
        let sink = pending.accept().await?;
        for height in self.height.saturating_sub(2)..=self.height {
            sink.send(to_json_raw_value(&block(height))?).await?;
        }
        Ok(())
    }
}

/// Convert an amount from wei to ether.
#[tool(read_only)]
fn units(
    /** the amount in wei */
    wei: String,
) -> Result<String, ToolError> {
    let wei: u128 = wei.parse()?;
    let (ether, rest) = (wei / 10_u128.pow(18), wei % 10_u128.pow(18));
    let rest = format!("{rest:018}");
    Ok(format!("{ether}.{rest}").trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// The MCP server: a tool of its own, and the methods of the module.
fn mcp(node: Methods) -> Result<Server, mcp_server::BuildError> {
    let tools = RpcTools::new(node).schemas(chain_schemas()).build()?;
    Server::builder("node", "1.0.0").routes(routes![units]).tools(tools).build()
}

/// The JSON-RPC API: the methods as before, and all tools of the MCP server.
fn api(mut node: Methods, mcp: Server) -> Result<Methods, Box<dyn std::error::Error>> {
    node.merge(RpcModuleBuilder::new(mcp).build()?)?;
    Ok(node)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = Methods::from(Node { height: 1_000 }.into_rpc());
    let mcp = mcp(node.clone())?;
    let rpc = RpcServer::builder().build("127.0.0.1:9944").await?;
    let rpc = rpc.start(api(node, mcp.clone())?);
    mcp.serve_stdio().await?;
    rpc.stop()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use mcp_client::Client;
    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    #[tokio::test]
    async fn a_model_calls_the_methods_of_the_module() -> TestResult {
        let client =
            Client::connect_memory(&mcp(Node { height: 1_000 }.into_rpc().into())?).await?;
        let reply = client.call_tool("chain_getBlock", &json!({ "height": 7 })).await?;
        assert_eq!(reply.structured::<Block>()?.height, 7);
        let reply = client.call_tool("chain_countPrefix", &json!({ "prefix": "0" })).await?;
        assert_eq!(reply.structured::<u64>()?, 63);
        let reply = client.call_tool("chain_subscribeBlocks", &()).await?;
        let value: Value = reply.structured()?;
        assert_eq!((&value["items"], &value["last"]["height"]), (&json!(3), &json!(1_000)));
        Ok(())
    }

    #[tokio::test]
    async fn a_program_calls_the_tools_over_http() -> TestResult {
        let node = Methods::from(Node { height: 1_000 }.into_rpc());
        let server = RpcServer::builder().build("127.0.0.1:0").await?;
        let address = server.local_addr()?;
        let mcp = mcp(node.clone())?;
        let running = server.start(api(node, mcp)?);
        let answers = [
            ("tool.units", json!({"wei": "1500000000000000000"}), json!({"result": "1.5"})),
            ("chain_getBlock", json!([7]), json!({"result": block(7)})),
            ("tool.chain_getBlock", json!([7]), json!({"result": block(7)})),
        ];
        for (method, params, mut expected) in answers {
            let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
            expected["jsonrpc"] = json!("2.0");
            expected["id"] = json!(1);
            assert_eq!(post(address, &call).await?, expected, "{method}");
        }
        let call =
            json!({"jsonrpc": "2.0", "id": 1, "method": "tool.chain_getBlock", "params": [1001]});
        let error = &post(address, &call).await?["error"];
        assert_eq!(error["code"], 1001);
        running.stop()?;
        running.stopped().await;
        Ok(())
    }

    async fn post(
        address: std::net::SocketAddr,
        call: &Value,
    ) -> Result<Value, Box<dyn std::error::Error>> {
        let body = call.to_string();
        let length = body.len();
        let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json";
        let mut stream = TcpStream::connect(address).await?;
        let request =
            format!("{head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await?;
        let mut response = String::new();
        stream.read_to_string(&mut response).await?;
        let (_, body) = response.split_once("\r\n\r\n").ok_or("no body")?;
        Ok(serde_json::from_str(body)?)
    }
}
