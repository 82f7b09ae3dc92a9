//! Schemas in a dialect: what `tools/list` shows, and calls in its form.

use std::collections::BTreeMap;

use mcp_server::dialect::{DialectErrorKind, SchemaDialect};
use mcp_server::extract::Args;
use mcp_server::tool::{Structured, ToolRoute};
use mcp_server::types::Schema;
use mcp_server::{BuildError, Context, Limits, Revision, ServerBuilder, schemars, serde};
use mcp_test_support::message::text_of;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::harness::{Client, Transport, built, everywhere, server};

#[derive(Deserialize, Serialize, JsonSchema)]
struct Forecast {
    city: String,
    #[serde(default = "three")]
    days: u32,
    wind: Option<Wind>,
    labels: BTreeMap<String, i64>,
}

fn three() -> u32 {
    3
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Wind {
    /// In metres per second.
    #[serde(default)]
    speed: f64,
    unit: Unit,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unit {
    /// Metres per second.
    Metres,
    Knots,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Node {
    children: Vec<Node>,
}

/// Returns its arguments.
fn echo() -> ToolRoute {
    ToolRoute::builder("echo").handler(|Args(it): Args<Forecast>| async { Structured(it) })
}

fn recursive() -> mcp_server::tool::ToolBuilder {
    ToolRoute::builder("recursive")
}

fn recursive_tool(builder: mcp_server::tool::ToolBuilder) -> ToolRoute {
    builder.handler(|Args(node): Args<Node>| async move { node.children.len().to_string() })
}

async fn tools(client: &Client) -> Vec<Value> {
    client.ok("tools/list", json!({})).await["tools"].as_array().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn a_call_in_the_form_of_the_dialect_is_understood() {
    for dialect in [SchemaDialect::Strict, SchemaDialect::Flat] {
        everywhere(
            || server().tool(echo()).schema_dialect(dialect),
            async |client| {
                let call = json!({
                    "city": "Bergen",
                    "days": null,
                    "wind": {"speed": null, "unit": "knots"},
                    "labels": [{"key": "a", "value": 1}],
                });
                let text = client.tool_text("echo", call).await;
                let expected = json!({
                    "city": "Bergen",
                    "days": 3,
                    "wind": {"speed": 0.0, "unit": "knots"},
                    "labels": {"a": 1},
                });
                assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
                let written = json!({"city": "Oslo", "labels": {"b": 2}, "days": 1});
                let text = client.tool_text("echo", written).await;
                let expected = json!({"city": "Oslo", "days": 1, "wind": null, "labels": {"b": 2}});
                assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
            },
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_list_has_the_schemas_of_the_dialect_in_every_revision() {
    let server = || server().tool(echo()).schema_dialect(SchemaDialect::Strict);
    everywhere(server, async |client| {
        let schema = tools(&client).await[0]["inputSchema"].clone();
        assert_eq!(schema["required"], json!(["city", "days", "wind", "labels"]));
        assert_eq!(schema["properties"]["labels"]["type"], "array");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_tool_may_have_another_dialect_than_its_server() {
    let builder = recursive().schema_dialect(SchemaDialect::AsWritten);
    let server =
        server().schema_dialect(SchemaDialect::Flat).tool(recursive_tool(builder)).tool(echo());
    let client = Client::connect(&built(server), Transport::Memory, Revision::LATEST).await;
    let [recursive, echo] = &tools(&client).await[..] else { panic!("two tools") };
    assert!(recursive["inputSchema"].to_string().contains("$ref"));
    assert!(!echo["inputSchema"].to_string().contains("$ref"));
    let unit = json!({"type": "string", "enum": ["knots", "metres"]});
    let listed = &echo["inputSchema"]["properties"]["wind"]["properties"]["unit"];
    assert_eq!((&listed["type"], &listed["enum"]), (&unit["type"], &unit["enum"]));
    assert!(!echo["outputSchema"].to_string().contains("$ref"), "{echo}");
    let answer = client.tool("recursive", json!({"children": [{"children": []}]})).await;
    assert_eq!(text_of(&answer), "1");
}

#[tokio::test(start_paused = true)]
async fn a_handler_without_types_gets_the_arguments_as_written() {
    let schema = json!({
        "type": "object",
        "properties": {
            "limit": {"type": "integer"},
            "filter": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    });
    let route = ToolRoute::builder("raw")
        .input_schema(Schema::try_from(schema).unwrap())
        .schema_dialect(SchemaDialect::Strict)
        .raw(|call| {
            let text = call.arguments().as_str().to_owned();
            Box::pin(async move { Ok(mcp_server::types::CallToolResult::text(text)) })
        });
    let server = built(server().tool(route));
    let client = Client::connect(&server, Transport::Memory, Revision::LATEST).await;
    let call = json!({"limit": null, "filter": [{"key": "a", "value": "b"}]});
    assert_eq!(client.tool_text("raw", call).await, r#"{"filter":{"a":"b"}}"#);
    let entry = json!({"key": "a", "value": "b"});
    let twice = client.tool("raw", json!({"filter": [entry, entry]})).await;
    assert_eq!(twice["isError"], true);
    assert!(text_of(&twice).contains("/filter/1/key: the key \"a\" occurs twice"), "{twice}");
}

#[tokio::test(start_paused = true)]
async fn a_schema_without_a_form_is_reported_at_the_build_and_later() {
    let flat = || server().schema_dialect(SchemaDialect::Flat);
    let error = flat().tool(recursive_tool(recursive())).build().unwrap_err();
    let BuildError::Dialect { tool, schema, dialect, error: reason } = &error else {
        panic!("{error}");
    };
    assert_eq!((&**tool, *schema, *dialect), ("recursive", "input", SchemaDialect::Flat));
    assert!(matches!(reason.kind, DialectErrorKind::Recursive { .. }));
    let text = error.to_string();
    assert!(text.starts_with(
        "the input schema of the tool \"recursive\" has no form in the dialect Flat: at #/"
    ));
    let handle = built(flat().tools([])).handle();
    assert_eq!(handle.set_tool(recursive_tool(recursive())), Err(error.clone()));
    assert_eq!(handle.replace_tools([recursive_tool(recursive())]), Err(error));
    assert_eq!(handle.set_tool(echo()), Ok(()));
}

#[test]
fn the_length_of_a_schema_in_a_dialect_is_limited() {
    let mut limits = Limits::default();
    limits.max_dialect_schema_bytes = 512;
    let server = |dialect| server().limits(limits.clone()).tool(echo()).schema_dialect(dialect);
    let error = server(SchemaDialect::Flat).build().unwrap_err();
    let BuildError::Dialect { error, .. } = error else { panic!("{error}") };
    assert_eq!(error.kind, DialectErrorKind::TooLarge { max_bytes: 512 });
    assert!(server(SchemaDialect::AsWritten).build().is_ok());
}

#[test]
fn a_schema_that_was_read_before_has_the_limit_of_its_server() {
    let mut limits = Limits::default();
    limits.max_dialect_schema_bytes = 512;
    let tool = ToolRoute::builder("echo")
        .schema_dialect(SchemaDialect::Flat)
        .handler(|Args(it): Args<Forecast>| async { Structured(it) });
    assert!(tool.tool().input_schema.get().len() > 512);
    let error = server().limits(limits).tool(tool).build().unwrap_err();
    let BuildError::Dialect { error, .. } = error else { panic!("{error}") };
    assert_eq!(error.kind, DialectErrorKind::TooLarge { max_bytes: 512 });
}

#[tokio::test(start_paused = true)]
async fn input_schemas_always_have_properties_and_required() {
    let any = Schema::any_object();
    let server: fn() -> ServerBuilder = || {
        server().tool(ToolRoute::builder("none").handler(|_: Context| async { "" })).tool(
            ToolRoute::builder("any").input_schema(Schema::any_object()).handler(|| async { "" }),
        )
    };
    assert!(any.as_value().get("required").is_none());
    everywhere(server, async |client| {
        for tool in tools(&client).await {
            let schema = &tool["inputSchema"];
            assert_eq!((&schema["properties"], &schema["required"]), (&json!({}), &json!([])));
        }
    })
    .await;
}
