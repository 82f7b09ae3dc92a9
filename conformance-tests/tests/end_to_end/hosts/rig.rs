//! As in rig: the tools of servers become objects of the framework, which a model is shown and
//! which are called with the text that it wrote; a change of the list replaces the objects.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use futures::StreamExt as _;
use futures::future::BoxFuture;
use mcp_client::json::RawJson;
use mcp_client::types::{SubscriptionFilter, Tool};
use mcp_client::{Client, Error, ErrorKind, Event};
use mcp_server::tool::ToolRoute;
use mcp_test_support::soon;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::ERAS;
use crate::server::fixture;
use crate::transports::Transport;

/// What a model is shown of a tool.
#[derive(Debug, Clone, PartialEq)]
struct ToolDefinition {
    name: String,
    description: String,
    parameters: Value,
}

/// A tool of the framework, of whatever kind.
trait ToolDyn: Send + Sync {
    fn definition(&self) -> ToolDefinition;

    /// Calls it with the arguments that a model wrote.
    fn call(&self, arguments: String) -> BoxFuture<'_, Result<String, ToolError>>;
}

#[derive(Debug)]
enum ToolError {
    /// The model wrote no JSON.
    Arguments(serde_json::Error),
    /// The tool ran and failed: its text is for the model.
    Failed(String),
    /// There is no result.
    Lost(Error),
}

/// A tool of a server.
struct McpTool {
    client: Client,
    tool: Tool,
}

impl ToolDyn for McpTool {
    fn definition(&self) -> ToolDefinition {
        ToolDefinition {
            name: self.tool.name.clone(),
            description: self.tool.description.clone().unwrap_or_default(),
            parameters: self.tool.input_schema.as_value(),
        }
    }

    fn call(&self, arguments: String) -> BoxFuture<'_, Result<String, ToolError>> {
        Box::pin(async move {
            // Some models write nothing for a tool without arguments.
            let text = if arguments.trim().is_empty() { "{}" } else { &arguments };
            let arguments: RawJson = serde_json::from_str(text).map_err(ToolError::Arguments)?;
            let reply = self.client.call_tool(&self.tool.name, &arguments).await;
            let reply = reply.map_err(ToolError::Lost)?;
            let text = reply.text();
            reply.into_result().map(|_| text.clone()).map_err(|error| match error.kind() {
                ErrorKind::Tool => ToolError::Failed(text),
                _ => ToolError::Lost(error),
            })
        })
    }
}

type Tools = BTreeMap<String, Arc<dyn ToolDyn>>;

/// The tools of a server, as it lists them now.
struct ToolServer {
    tools: Arc<RwLock<Tools>>,
    /// Counts the lists that were read.
    lists: watch::Receiver<u64>,
    refresh: AbortHandle,
}

impl ToolServer {
    async fn connect(client: Client) -> Result<Self, Error> {
        let mut filter = SubscriptionFilter::new();
        filter.tools_list_changed = Some(true);
        // Before the first list, so that no change is missed.
        let mut changes = client.subscribe(filter).await?;
        let tools = Arc::new(RwLock::new(Self::list(&client).await?));
        let (listed, lists) = watch::channel(1);
        let current = Arc::clone(&tools);
        let refresh = tokio::spawn(async move {
            while let Some(event) = changes.next().await {
                if matches!(event, Event::ToolsListChanged | Event::Gap | Event::Lagged(_))
                    && let Ok(tools) = Self::list(&client).await
                {
                    *current.write().expect("no panic") = tools;
                    listed.send_modify(|lists| *lists += 1);
                }
            }
        });
        Ok(Self { tools, lists, refresh: refresh.abort_handle() })
    }

    async fn list(client: &Client) -> Result<Tools, Error> {
        let tools = client.list_tools().await?;
        let tool = |tool: Tool| -> (String, Arc<dyn ToolDyn>) {
            (tool.name.clone(), Arc::new(McpTool { client: client.clone(), tool }))
        };
        Ok(tools.into_iter().map(tool).collect())
    }

    fn definitions(&self) -> Vec<ToolDefinition> {
        self.tools.read().expect("no panic").values().map(|tool| tool.definition()).collect()
    }

    fn get(&self, name: &str) -> Option<Arc<dyn ToolDyn>> {
        self.tools.read().expect("no panic").get(name).cloned()
    }

    /// Waits until the tools are such.
    async fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        while !is_so(self) {
            soon(self.lists.changed()).await.expect("the server is there");
        }
    }
}

impl Drop for ToolServer {
    fn drop(&mut self) {
        self.refresh.abort();
    }
}

#[tokio::test]
async fn tools_are_objects_that_follow_the_list_of_the_server() {
    for revision in ERAS {
        for transport in [Transport::Stream, Transport::Memory, Transport::Http] {
            let fixture = fixture();
            let builder = Client::builder().revision(revision);
            let client = transport.connect(&fixture.server, builder).await;
            let mut server = ToolServer::connect(client).await.expect("the tools");
            let definitions = server.definitions();
            let multiply = definitions.iter().find(|it| it.name == "multiply").expect("multiply");
            assert_eq!(multiply.description, "Multiply.");
            assert_eq!(multiply.parameters["properties"]["a"]["type"], "integer");

            let tool = server.get("multiply").expect("multiply");
            let product = tool.call(r#"{"a": 6, "b": 7}"#.to_owned()).await;
            assert_eq!(product.expect("a result"), "42");
            let error = tool.call("{a: 6".to_owned()).await.expect_err("no JSON");
            assert!(
                matches!(&error, ToolError::Arguments(error) if error.is_syntax()),
                "{error:?}"
            );
            let tool = server.get("fail").expect("fail");
            let error = tool.call(String::new()).await.expect_err("as asked");
            assert!(matches!(&error, ToolError::Failed(text) if text == "as asked"), "{error:?}");

            // A tool is added, and the objects follow; it is removed, and an old object says so.
            let ping = ToolRoute::builder("ping").handler(|| async { "pong" });
            fixture.handle.set_tool(ping).expect("a tool");
            server.until(|server| server.get("ping").is_some()).await;
            let tool = server.get("ping").expect("ping");
            assert_eq!(tool.call(String::new()).await.expect("a result"), "pong");
            assert!(fixture.handle.remove_tool("ping"));
            server.until(|server| server.get("ping").is_none()).await;
            let error = tool.call(String::new()).await.expect_err("it is gone");
            assert!(matches!(&error, ToolError::Lost(error) if error.kind() == ErrorKind::Peer));
            assert_eq!(server.definitions(), definitions);
        }
    }
}
