//! What hosts break on is found, and logged when a server is built.

use mcp_server::dialect::SchemaDialect;
use mcp_server::extract::Args;
use mcp_server::tool::ToolRoute;
use mcp_server::types::Schema;
use mcp_server::{ServerBuilder, schemars};
use mcp_test_support::Log;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{built, server};

#[derive(Deserialize, schemars::JsonSchema)]
#[expect(dead_code, reason = "only the schema is of interest")]
struct Tree {
    value: Value,
    children: Vec<Tree>,
}

fn with_schema(name: &str, schema: Value) -> ToolRoute {
    let schema = Schema::try_from(schema).unwrap();
    ToolRoute::builder(name).input_schema(schema).handler(|| async { "" })
}

fn findings(server: ServerBuilder) -> Vec<String> {
    built(server).lint().iter().map(ToString::to_string).collect()
}

/// Asserts that there are findings, each with this beginning.
#[track_caller]
fn begin_with(server: ServerBuilder, expected: &[&str]) {
    let found = findings(server);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn each_problem_is_found_with_its_tool_and_pointer() {
    let tree = ToolRoute::builder("tree").handler(|Args(_): Args<Tree>| async { "" });
    begin_with(
        server().tool(tree),
        &[
            "tool \"tree\" at #/properties/value: a schema without a type",
            "tool \"tree\" at #/properties/children/items: a schema that refers to itself",
        ],
    );
    let schema = json!({
        "type": "object",
        "properties": {
            "pair": {"type": "array", "prefixItems": [{"type": "string"}]},
            "unit": {"oneOf": [{"const": "a"}, {"const": "b"}]},
            "a b/c": {"type": "string"},
            "map": {"type": "object", "additionalProperties": true},
        },
        "anyOf": [{"required": ["pair"]}, {"required": ["unit"]}],
    });
    begin_with(
        server().tool(with_schema("all", schema)),
        &[
            "tool \"all\" at #: alternatives at the root",
            "tool \"all\" at #/properties/pair: a tuple (prefixItems)",
            "tool \"all\" at #/properties/unit: an enum with documented variants",
            "tool \"all\" at #/properties/a b~1c: the name of an argument",
            "tool \"all\" at #/properties/map/additionalProperties: a schema without a type",
        ],
    );
    let plain = json!({"type": "object"});
    begin_with(
        server().tool(with_schema("files.read", plain.clone())),
        &["tool \"files.read\": a name with a dot"],
    );
    begin_with(
        server().tool(with_schema(&"n".repeat(41), plain.clone())),
        &[&format!("tool \"{}\": a name of 41 characters", "n".repeat(41))],
    );
    begin_with(server().tool(with_schema(&"n".repeat(40), plain)), &[]);
}

#[test]
fn the_schema_in_its_dialect_is_what_is_checked() {
    let schema = json!({
        "type": "object",
        "properties": {
            "pair": {"type": "array", "prefixItems": [{"type": "string"}, true]},
            "unit": {"oneOf": [{"const": "a"}, {"const": "b"}]},
        },
    });
    let server =
        |dialect| server().tool(with_schema("all", schema.clone())).schema_dialect(dialect);
    assert_eq!(findings(server(SchemaDialect::AsWritten)).len(), 3);
    begin_with(server(SchemaDialect::Strict), &[]);
    begin_with(server(SchemaDialect::Flat), &[]);
}

#[test]
fn findings_are_logged_once_when_a_server_is_built_unless_that_is_off() {
    let server = || server().tool(with_schema("a.b", json!({"type": "object"})));
    let (log, _guard) = Log::capture();
    drop(built(server().schema_lints(false)));
    assert_eq!(log.text(), "");
    let server = built(server());
    let _ = server.lint();
    let text = log.text();
    assert_eq!(text.matches("a name with a dot").count(), 1, "{text}");
    assert!(text.contains("WARN") && text.contains("server=\"test-server\""), "{text}");
}

#[test]
fn the_findings_that_are_logged_are_bounded() {
    let tools = (0..20).map(|index| with_schema(&format!("a.{index}"), json!({"type": "object"})));
    let (log, _guard) = Log::capture();
    drop(built(server().tools(tools)));
    let text = log.text();
    assert_eq!(text.matches("a name with a dot").count(), 16, "{text}");
    assert!(text.contains("4 more findings about tools; Server::lint returns all"), "{text}");
}
