//! Capabilities are derived from what is registered. Spec: basic/lifecycle, server/discover.

use mcp_server::extension::ServerExtension;
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::types::{Completion, PromptArgument};
use mcp_server::{Context, Revision, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::{Client, Setup, Transport, built, named, server};

async fn capabilities(server: ServerBuilder, transport: Transport, revision: Revision) -> Value {
    let client: Client = Setup::default().open(&built(server), transport, revision);
    let result = if client.is_legacy() {
        client.initialize().await
    } else {
        client.request("server/discover", json!({})).await
    };
    result.unwrap()["capabilities"].clone()
}

async fn all(server: impl Fn() -> ServerBuilder, expected: impl Fn(Revision) -> Value) {
    for &transport in Transport::ALL {
        for revision in Revision::ALL {
            named(&format!("{transport:?}, {revision}"), async {
                assert_eq!(capabilities(server(), transport, revision).await, expected(revision));
            })
            .await;
        }
    }
}

fn prompt() -> mcp_server::prompt::PromptBuilder {
    PromptRoute::builder("p").argument(PromptArgument::new("a"))
}

#[tokio::test(start_paused = true)]
async fn an_empty_server_declares_only_logging() {
    all(server, |_| json!({"logging": {}})).await;
}

#[tokio::test(start_paused = true)]
async fn tools_declare_tools() {
    let with_tool = || server().tool(ToolRoute::builder("t").handler(|_: Context| async { "" }));
    all(with_tool, |_| json!({"logging": {}, "tools": {"listChanged": true}})).await;
    all(|| server().tools([]), |_| json!({"logging": {}, "tools": {"listChanged": true}})).await;
}

#[tokio::test(start_paused = true)]
async fn prompts_declare_prompts_and_completers_declare_completions() {
    let plain = || server().prompt(prompt().handler(|| async { "" }));
    all(plain, |_| json!({"logging": {}, "prompts": {"listChanged": true}})).await;
    let completing = || {
        let completer = |_| -> mcp_server::completion::CompletionFuture {
            Box::pin(async { Ok(Completion::new()) })
        };
        server().prompt(prompt().complete("a", completer).handler(|| async { "" }))
    };
    all(completing, |revision| match revision {
        Revision::V2024_11_05 => json!({"logging": {}, "prompts": {"listChanged": true}}),
        _ => json!({"logging": {}, "completions": {}, "prompts": {"listChanged": true}}),
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn resources_and_templates_declare_resources() {
    for uri in ["a://b", "a://{b}"] {
        let server =
            || server().resource(ResourceRoute::builder(uri, "b").handler(|| async { "" }));
        all(
            server,
            |_| json!({"logging": {}, "resources": {"listChanged": true, "subscribe": true}}),
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn extensions_are_declared_with_their_settings() {
    let extension = || ServerExtension::declared("com.example/ext", json!({"depth": 3}));
    let server = || server().extension(extension());
    all(server, |_| json!({"logging": {}, "extensions": {"com.example/ext": {"depth": 3}}})).await;
}

#[tokio::test(start_paused = true)]
async fn a_capability_stays_declared_when_its_last_route_is_removed() {
    let server = server().tool(ToolRoute::builder("t").handler(|_: Context| async { "" }));
    let server = built(server);
    let client = Client::connect(&server, Transport::Memory, Revision::V2026_07_28).await;
    assert!(server.handle().remove_tool("t"));
    assert_eq!(client.ok("tools/list", json!({})).await["tools"], json!([]));
    let discovered = client.ok("server/discover", json!({})).await;
    assert_eq!(discovered["capabilities"]["tools"], json!({"listChanged": true}));
}
