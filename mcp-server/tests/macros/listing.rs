//! The attributes of tools in lists, except their schemas.

use mcp_server::meta::Meta;
use mcp_server::types::Icon;
use mcp_server::{Server, routes, tool};
use serde_json::json;

use crate::client::Client;

const TITLE: &str = "A title";

fn meta() -> Meta {
    let mut meta = Meta::new();
    meta.insert("example.com/owner", json!("us"));
    meta
}

/// First line.
///
/// Second paragraph.
#[tool]
fn plain() {}

#[tool]
fn bare() {}

#[tool(
    name = "all.of-them",
    title = TITLE,
    description = concat!("An explicit", " description."),
    read_only,
    destructive = false,
    idempotent = true,
    open_world = false,
    icons = [Icon::new("https://example.com/icon.png")],
    meta = meta()
)]
/// Overridden.
fn everything() {}

#[tool(destructive)]
fn one_hint() {}

mod elsewhere {
    /// In a module.
    #[mcp_server::tool(name = "elsewhere.divide")]
    pub(super) fn divide(a: f64, b: f64) -> f64 {
        a / b
    }
}

#[tool]
fn r#match(r#type: String) -> String {
    r#type
}

async fn client() -> Client {
    let routes = routes![plain, bare, everything, one_hint, elsewhere::divide, r#match];
    Client::new(Server::builder("test", "1").routes(routes)).await
}

#[tokio::test]
async fn tools_are_listed_in_the_order_of_registration() {
    let names: Vec<_> =
        client().await.list("tools").await.into_iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, ["plain", "bare", "all.of-them", "one_hint", "elsewhere.divide", "match"]);
}

#[tokio::test]
async fn options_of_the_attribute_appear_in_the_list() {
    let client = client().await;
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "properties": {},
        "required": [],
    });
    assert_eq!(
        client.tool("all.of-them").await,
        json!({
            "name": "all.of-them",
            "title": "A title",
            "description": "An explicit description.",
            "inputSchema": schema,
            "annotations": {
                "readOnlyHint": true,
                "destructiveHint": false,
                "idempotentHint": true,
                "openWorldHint": false,
            },
            "icons": [{"src": "https://example.com/icon.png"}],
            "_meta": {"example.com/owner": "us"},
        })
    );
    assert_eq!(client.tool("bare").await, json!({"name": "bare", "inputSchema": schema}));
    assert_eq!(client.tool("one_hint").await["annotations"], json!({"destructiveHint": true}));
}

#[tokio::test]
async fn the_doc_comment_is_the_description() {
    let client = client().await;
    assert_eq!(client.tool("plain").await["description"], "First line.\n\nSecond paragraph.");
    assert_eq!(client.tool("elsewhere.divide").await["description"], "In a module.");
}

#[tokio::test]
async fn raw_identifiers_are_listed_without_their_prefix() {
    let client = client().await;
    assert_eq!(client.tool("match").await["inputSchema"]["required"], json!(["type"]));
    assert_eq!(client.text("match", json!({"type": "x"})).await, "x");
}

#[tokio::test]
async fn a_marked_function_stays_callable() {
    plain();
    assert_eq!(elsewhere::divide(1.0, 2.0), 0.5);
    let function: fn(String) -> String = r#match;
    assert_eq!(function("x".to_owned()), "x");
}

#[test]
fn a_duplicate_tool_is_refused_when_the_server_is_built() {
    let in_one_list =
        Server::builder("test", "1").routes(routes![plain, bare, plain]).build().unwrap_err();
    let in_one_list = in_one_list.to_string();
    assert!(in_one_list.starts_with("the tool \"plain\" is registered twice: "), "{in_one_list}");
    let in_two_lists =
        Server::builder("test", "1").routes(routes![plain]).routes(routes![bare, plain]).build();
    assert_eq!(in_two_lists.unwrap_err().to_string(), in_one_list);
}
