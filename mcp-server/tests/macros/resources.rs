//! Resources and resource templates.

use std::sync::Arc;

use mcp_server::extract::State;
use mcp_server::types::{Annotations, Icon, ReadResourceResult, ResourceContents};
use mcp_server::{Context, ErrorObject, Server, resource, routes, tools};
use serde_json::json;

use crate::client::Client;

/// The settings.
#[resource("config://app", mime = "application/json", size = 2)]
fn config() -> &'static str {
    "{}"
}

#[resource(
    "data://all",
    name = "everything",
    title = "Everything",
    description = "All of it.",
    icons = [Icon::new("https://example.com/all.png")],
    annotations = Annotations::new().priority(0.5)
)]
async fn all(state: State<u8>) -> Vec<u8> {
    vec![*state, 2, 3]
}

/// A file.
#[resource("file:///{+path}", blocking)]
fn file(context: &Context, path: String) -> std::io::Result<String> {
    let _ = context;
    match path.as_str() {
        "missing" => Err(std::io::Error::other("a secret path")),
        path => Ok(path.to_owned()),
    }
}

#[resource("db://{table}/rows/{row}", mime = "text/csv")]
fn row(
    #[arg(name = "row")] index: u32,
    #[arg(complete = ["users", "units"])] table: String,
) -> String {
    format!("{table},{index}")
}

/// Search in the documents.
#[resource("search://{folder*}{?words,limit,raw}")]
fn search(
    folder: String,
    words: String,
    #[arg(default = 10u8)] limit: u8,
    raw: Option<bool>,
) -> String {
    format!("{folder} {words:?} {limit} {raw:?}")
}

#[resource("many://x")]
fn many() -> Vec<ResourceContents> {
    vec![
        ResourceContents::text("many://x/1", "one"),
        ResourceContents::blob("many://x/2", [1, 2, 3]),
    ]
}

#[resource("whole://x")]
fn whole() -> Result<ReadResourceResult, ErrorObject> {
    Err(ErrorObject::new(-32001, "not now"))
}

/// A provider that returns what it borrows from itself.
struct Page {
    text: String,
    bytes: Vec<u8>,
}

#[tools]
impl Page {
    #[resource("page://text")]
    fn text(&self) -> &str {
        &self.text
    }

    #[resource("page://bytes", mime = "image/png")]
    async fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[prompt]
    fn ask(&self) -> &str {
        &self.text
    }
}

async fn client() -> Client {
    let routes = routes![config, all, file, row, search, many, whole];
    let page = Arc::new(Page { text: "t".to_owned(), bytes: vec![1] });
    Client::new(Server::builder("test", "1").state(1u8).routes(routes).with_shared(page)).await
}

#[tokio::test]
async fn resources_and_templates_are_listed_separately() {
    let client = client().await;
    let resources = client.list("resources").await;
    assert_eq!(
        resources[..2],
        [
            json!({
                "uri": "config://app",
                "name": "config",
                "description": "The settings.",
                "mimeType": "application/json",
                "size": 2,
            }),
            json!({
                "uri": "data://all",
                "name": "everything",
                "title": "Everything",
                "description": "All of it.",
                "icons": [{"src": "https://example.com/all.png"}],
                "annotations": {"priority": 0.5},
            }),
        ]
    );
    assert_eq!(
        client.list("templates").await,
        [
            json!({"uriTemplate": "file:///{+path}", "name": "file", "description": "A file."}),
            json!({"uriTemplate": "db://{table}/rows/{row}", "name": "row", "mimeType": "text/csv"}),
            json!({
                "uriTemplate": "search://{folder*}{?words,limit,raw}",
                "name": "search",
                "description": "Search in the documents.",
            }),
        ]
    );
}

#[tokio::test]
async fn a_resource_can_return_every_supported_type() {
    let client = client().await;
    for (uri, contents) in [
        (
            "config://app",
            json!({"uri": "config://app", "mimeType": "application/json", "text": "{}"}),
        ),
        ("data://all", json!({"uri": "data://all", "blob": "AQID"})),
        ("page://text", json!({"uri": "page://text", "text": "t"})),
        ("page://bytes", json!({"uri": "page://bytes", "mimeType": "image/png", "blob": "AQ=="})),
    ] {
        assert_eq!(client.read(uri).await.unwrap(), contents);
    }
    let result = client.request("resources/read", json!({"uri": "many://x"})).await.unwrap();
    assert_eq!(
        result["contents"],
        json!([{"uri": "many://x/1", "text": "one"}, {"uri": "many://x/2", "blob": "AQID"}])
    );
    assert_eq!(client.prompt("ask", json!({})).await.unwrap(), "t");
}

#[tokio::test]
async fn variables_are_typed() {
    let client = client().await;
    let contents = client.read("db://users/rows/7").await.unwrap();
    assert_eq!(
        contents,
        json!({"uri": "db://users/rows/7", "mimeType": "text/csv", "text": "users,7"})
    );
    let error = client.read("db://users/rows/seven").await.unwrap_err();
    assert_eq!(error.code(), -32602);
    assert!(error.message().contains("row"), "{}", error.message());
    assert_eq!(client.read("file:///a/b%20c").await.unwrap()["text"], "a/b c");
    let suggested = client.complete(
        json!({"type": "ref/resource", "uri": "db://{table}/rows/{row}"}),
        "table",
        "un",
    );
    assert_eq!(suggested.await, json!(["units"]));
}

#[tokio::test]
async fn parameters_of_the_query_may_be_missing() {
    let client = client().await;
    for (uri, text) in [
        ("search://docs/en?words=a%20b", r#"docs/en "a b" 10 None"#),
        ("search://docs?raw=true&words=", r#"docs "" 10 Some(true)"#),
        ("search://docs?limit=3&words=x", r#"docs "x" 3 None"#),
    ] {
        assert_eq!(client.read(uri).await.unwrap()["text"], text, "{uri}");
    }
    for (uri, says) in [
        ("search://docs", "/arguments/words: the argument is required"),
        ("search://docs?words=x&limit=many", "/arguments/limit: expected a non-negative"),
        ("search://docs?words=x&page=2", "resource not found: search://docs?words=x&page=2"),
        ("search://docs?words=x&words=y", "resource not found: "),
        ("search://docs/../x?words=x", "resource not found: "),
    ] {
        let error = client.read(uri).await.unwrap_err();
        assert_eq!(error.code(), -32602, "{uri}");
        assert!(error.message().starts_with(says), "{uri}: {}", error.message());
    }
}

#[tokio::test]
async fn only_protocol_errors_are_sent_to_the_client() {
    let client = client().await;
    let error = client.read("file:///missing").await.unwrap_err();
    assert_eq!(error.code(), -32603);
    assert!(!error.message().contains("secret"));
    let error = client.read("whole://x").await.unwrap_err();
    assert_eq!((error.code(), error.message()), (-32001, "not now"));
    assert_eq!(client.read("nothing://x").await.unwrap_err().code(), -32602);
}

#[test]
fn a_marked_function_stays_callable() {
    assert_eq!(config(), "{}");
    assert_eq!(row(1, "t".to_owned()), "t,1");
}
