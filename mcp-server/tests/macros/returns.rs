//! What a returned value becomes.

use std::borrow::Cow;
use std::fmt;

use mcp_server::tool::{Audio, Image, IntoToolError, Structured};
use mcp_server::types::{CallToolResult, Content};
use mcp_server::{ErrorObject, Revision, Server, ServerBuilder, ToolError, routes, tool};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::client::Client;

#[derive(Serialize, JsonSchema)]
struct Report {
    lines: u32,
}

/// An error that has nothing but `Display`.
#[derive(Debug)]
struct Failed(&'static str);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed: {}", self.0)
    }
}

impl std::error::Error for Failed {}

/// An error that chooses, value by value.
enum Chosen {
    Model,
    Peer,
}

impl IntoToolError for Chosen {
    fn into_tool_error(self) -> Result<CallToolResult, ErrorObject> {
        match self {
            Self::Model => Ok(CallToolResult::error("for the model")),
            Self::Peer => Err(ErrorObject::new(-32001, "for the peer")),
        }
    }
}

type Outcome<T, E = Failed> = Result<T, E>;
type Boxed = Outcome<Report, Box<dyn std::error::Error + Send + Sync>>;

#[tool]
fn unit() {}
#[tool]
fn string() -> String {
    "s".to_owned()
}
#[tool]
fn literal() -> &'static str {
    "l"
}
#[tool]
fn cow() -> Cow<'static, str> {
    "c".into()
}
#[tool]
fn boxed_text() -> Box<str> {
    "b".into()
}
#[tool]
fn content() -> Content {
    Content::text("one")
}
#[tool]
async fn contents() -> Vec<Content> {
    vec![Content::text("one"), Content::text("two")]
}
#[tool]
fn image() -> Image {
    Image { bytes: vec![1, 2, 3], mime_type: "image/png".into() }
}
#[tool]
fn audio() -> Audio<&'static [u8]> {
    Audio { bytes: &[1, 2, 3], mime_type: "audio/wav".into() }
}
#[tool]
fn data() -> Report {
    Report { lines: 2 }
}
#[tool]
fn wrapped() -> Structured<Report> {
    Structured(Report { lines: 3 })
}
#[tool]
fn number() -> i64 {
    9_007_199_254_740_993
}
#[tool]
fn truth() -> bool {
    true
}
#[tool]
fn list() -> Vec<Report> {
    vec![Report { lines: 4 }]
}
#[tool]
fn nothing() -> Option<Report> {
    None
}
#[tool]
fn json_value() -> Value {
    json!({"a": [1]})
}
#[tool]
fn result() -> CallToolResult {
    CallToolResult::error("no").structured_content(json!({"a": 1}))
}

#[tool]
fn good() -> Outcome<Report> {
    Ok(Report { lines: 5 })
}
#[tool]
fn displayed() -> Outcome<Report> {
    Err(Failed("shown"))
}
#[tool]
fn boxed() -> Boxed {
    Err(Failed("boxed"))?
}
#[tool]
fn text_error() -> Outcome<(), String> {
    Err("text".to_owned())
}
#[tool]
async fn tool_error() -> Outcome<String, ToolError> {
    let number: u8 = "x".parse()?;
    Ok(number.to_string())
}
#[tool]
async fn protocol_error() -> Outcome<Report, ErrorObject> {
    Err(ErrorObject::invalid_params("not so"))
}
#[tool]
fn chosen(peer: bool) -> Outcome<(), Chosen> {
    Err(if peer { Chosen::Peer } else { Chosen::Model })
}

fn server() -> ServerBuilder {
    let routes = routes![
        unit,
        string,
        literal,
        cow,
        boxed_text,
        content,
        contents,
        image,
        audio,
        data,
        wrapped,
        number,
        truth,
        list,
        nothing,
        json_value,
        result,
        good,
        displayed,
        boxed,
        text_error,
        tool_error,
        protocol_error,
        chosen
    ];
    Server::builder("test", "1").routes(routes)
}

/// `content`, `structuredContent` and `isError` of a result.
async fn parts(client: &Client, tool: &str) -> (Value, Option<Value>, Option<Value>) {
    let mut result = client.call(tool, json!({})).await;
    (
        result["content"].take(),
        result.get("structuredContent").cloned(),
        result.get("isError").cloned(),
    )
}

#[tokio::test]
async fn texts_and_content() {
    let client = Client::new(server()).await;
    let text = |text: &str| json!({"type": "text", "text": text});
    for (tool, content) in [
        ("unit", json!([])),
        ("string", json!([text("s")])),
        ("literal", json!([text("l")])),
        ("cow", json!([text("c")])),
        ("boxed_text", json!([text("b")])),
        ("content", json!([text("one")])),
        ("contents", json!([text("one"), text("two")])),
        ("image", json!([{"type": "image", "data": "AQID", "mimeType": "image/png"}])),
        ("audio", json!([{"type": "audio", "data": "AQID", "mimeType": "audio/wav"}])),
    ] {
        assert_eq!(parts(&client, tool).await, (content, None, None), "{tool}");
    }
}

#[tokio::test]
async fn data_is_structured_and_text() {
    let client = Client::new(server()).await;
    for (tool, data) in [
        ("data", json!({"lines": 2})),
        ("wrapped", json!({"lines": 3})),
        ("number", json!(9_007_199_254_740_993_i64)),
        ("truth", json!(true)),
        ("list", json!([{"lines": 4}])),
        ("nothing", json!(null)),
        ("json_value", json!({"a": [1]})),
        ("good", json!({"lines": 5})),
    ] {
        let text = json!([{"type": "text", "text": data.to_string()}]);
        assert_eq!(parts(&client, tool).await, (text, Some(data), None), "{tool}");
        assert!(client.tool(tool).await.get("outputSchema").is_some(), "{tool}");
    }
}

#[tokio::test]
async fn older_revisions_get_data_in_their_form() {
    let client = Client::speaking(Revision::V2025_06_18, server()).await;
    assert_eq!(client.call("data", json!({})).await["structuredContent"], json!({"lines": 2}));
    assert_eq!(client.call("truth", json!({})).await["structuredContent"], json!({"result": true}));
    let schema = client.tool("truth").await["outputSchema"].take();
    assert_eq!(schema["properties"], json!({"result": {"type": "boolean"}}));
    let client = Client::speaking(Revision::V2025_03_26, server()).await;
    let result = client.call("data", json!({})).await;
    assert_eq!(result, json!({"content": [{"type": "text", "text": "{\"lines\":2}"}]}));
}

#[tokio::test]
async fn a_result_is_what_it_is() {
    let client = Client::new(server()).await;
    let (content, structured, is_error) = parts(&client, "result").await;
    assert_eq!(content[0]["text"], "no");
    assert_eq!((structured, is_error), (Some(json!({"a": 1})), Some(json!(true))));
}

#[tokio::test]
async fn the_model_sees_errors_that_can_be_shown() {
    let client = Client::new(server()).await;
    for (tool, text) in [
        ("displayed", "failed: shown"),
        ("boxed", "failed: boxed"),
        ("text_error", "text"),
        ("tool_error", "invalid digit found in string"),
    ] {
        let (content, structured, is_error) = parts(&client, tool).await;
        assert_eq!(content, json!([{"type": "text", "text": text}]), "{tool}");
        assert_eq!((structured, is_error), (None, Some(json!(true))), "{tool}");
    }
}

#[tokio::test]
async fn the_peer_sees_errors_of_the_protocol() {
    let client = Client::new(server()).await;
    let error = client.try_call("protocol_error", json!({})).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (-32602, "not so"));
    let error = client.try_call("chosen", json!({"peer": true})).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (-32001, "for the peer"));
    let result = client.call("chosen", json!({"peer": false})).await;
    assert_eq!(
        (&result["isError"], &result["content"][0]["text"]),
        (&json!(true), &json!("for the model"))
    );
}
