//! Arguments that do not fit: told so that a model can repair its call. Spec: server/tools, error handling.

use std::collections::BTreeMap;

use mcp_server::extract::Args;
use mcp_server::schemars::JsonSchema;
use mcp_server::tool::{Field, ToolCall, ToolRoute, decode};
use mcp_server::{Revision, ServerBuilder};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{Client, everywhere, server};

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "mcp_server::schemars")]
#[serde(deny_unknown_fields)]
struct Trip {
    city: String,
    days: u8,
    stops: Option<Vec<BTreeMap<String, i64>>>,
}

impl Trip {
    fn told(&self) -> String {
        format!("{} {} {}", self.city, self.days, self.stops.as_ref().map_or(0, Vec::len))
    }
}

const FIELDS: &[Field] = &[
    Field::new::<String>("city"),
    Field::new::<u8>("days"),
    Field::new::<Option<Vec<BTreeMap<String, i64>>>>("stops"),
];

/// One tool over an extractor, which names the first mistake; one that knows its fields and names them all.
fn travel() -> ServerBuilder {
    let each = |call: ToolCall| -> mcp_server::tool::ToolFuture {
        Box::pin(async move {
            match decode::<Trip>(&call, FIELDS) {
                Ok(trip) => Ok(mcp_server::types::CallToolResult::text(trip.told())),
                Err(errors) => call.reject(errors),
            }
        })
    };
    server()
        .tool(
            ToolRoute::builder("first")
                .handler(|Args(trip): Args<Trip>| async move { trip.told() }),
        )
        .tool(
            ToolRoute::builder("all")
                .input_schema(mcp_server::tool::input_schema::<Trip>())
                .raw(each),
        )
}

async fn rejected(client: &Client, tool: &str, arguments: Value) -> String {
    let params = json!({"name": tool, "arguments": arguments});
    if client.revision >= Revision::V2025_11_25 {
        let result = client.ok("tools/call", params).await;
        assert_eq!(result["isError"], true);
        assert_eq!(result["content"].as_array().unwrap().len(), 1);
        result["content"][0]["text"].as_str().unwrap().to_owned()
    } else {
        let error = client.err("tools/call", params).await;
        assert_eq!(error.code, -32602);
        error.message
    }
}

#[tokio::test(start_paused = true)]
async fn arguments_that_fit_are_read() {
    everywhere(travel, async |client| {
        for tool in ["first", "all"] {
            assert_eq!(
                client.tool_text(tool, json!({"city": "Oslo", "days": 3})).await,
                "Oslo 3 0"
            );
            let arguments = json!({"city": "Oslo", "days": 3, "stops": [{"museum": 1}]});
            assert_eq!(client.tool_text(tool, arguments).await, "Oslo 3 1");
            assert_eq!(
                client.tool_text(tool, json!({"city": "Oslo", "days": 3, "stops": null})).await,
                "Oslo 3 0"
            );
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_first_mistake_has_its_pointer() {
    everywhere(travel, async |client| {
        for (arguments, mistake) in [
            (json!({"city": 1, "days": 3}), "/city: expected a string, got the integer 1"),
            (json!({"city": "Oslo"}), "/days: the member is required"),
            (
                json!({"city": "Oslo", "days": 300}),
                "/days: expected an integer from 0 to 255, got the integer 300",
            ),
            (
                json!({"city": "Oslo", "days": 1.5}),
                "/days: expected an integer from 0 to 255, got the number 1.5",
            ),
            (
                json!({"city": "Oslo", "days": 1, "x/y": 0}),
                "/x~1y: unknown member; known are city, days, stops",
            ),
            (
                json!({"city": "Oslo", "days": 1, "stops": [{"a": 1}, {"b": "two"}]}),
                "/stops/1/b: expected an integer, got the string \"two\"",
            ),
            (json!({"city": null, "days": 1}), "/city: expected a string, got null"),
        ] {
            let expected =
                format!("The arguments do not fit the tool's input schema:\n- {mistake}");
            assert_eq!(rejected(&client, "first", arguments).await, expected);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn all_mistakes_are_told_at_once_where_the_fields_are_known() {
    everywhere(travel, async |client| {
        let arguments = json!({"city": 1, "stops": [{"a": 1.5}], "dayz": 3});
        let expected = "The arguments do not fit the tool's input schema:\n\
             - /city: expected a string, got the integer 1\n\
             - /days: the argument is required\n\
             - /stops/0/a: expected an integer, got the number 1.5\n\
             - /dayz: unknown argument; the tool takes city, days, stops";
        assert_eq!(rejected(&client, "all", arguments).await, expected);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_came_is_echoed_cut_short() {
    everywhere(travel, async |client| {
        let text =
            rejected(&client, "first", json!({"city": "Oslo", "days": "9".repeat(10_000)})).await;
        assert!(text.len() < 300, "{text}");
        let text =
            rejected(&client, "all", json!({"city": "Oslo", "days": 1, ("n".repeat(10_000)): 1}))
                .await;
        assert!(text.len() < 300, "{text}");
        let flood: serde_json::Map<_, _> =
            (0..1_000).map(|number| (format!("x{number}"), json!(1))).collect();
        let text = rejected(&client, "all", Value::Object(flood)).await;
        assert!(text.len() < 2_000, "{text}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_given_twice_is_a_mistake() {
    let mut raw =
        crate::harness::Raw::session(&crate::harness::built(travel()), "2025-11-25").await;
    for tool in ["first", "all"] {
        let line = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"city":"a","days":1,"city":"b"}}}}}}"#
        );
        raw.send_bytes(format!("{line}\n").as_bytes()).await;
        let answer = raw.next().await.unwrap();
        let text = answer["result"]["content"][0]["text"].as_str().unwrap();
        assert!(text.contains("duplicate field `city`"), "{text}");
    }
}
