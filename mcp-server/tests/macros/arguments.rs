//! What a caller is told when the arguments do not fit: every mistake at once, each by its JSON
//! pointer.

use std::collections::HashMap;

use mcp_server::{Revision, Server, ServerBuilder, routes, tool};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::client::{Client, mistakes};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Style {
    VeryPlain,
    Ornate,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Leg {
    to: String,
    days: u8,
}

#[tool]
fn plan(
    city: String,
    days: u8,
    #[arg(name = "a/b")] odd: Option<bool>,
    #[arg(default = 1)] people: u32,
    style: Option<Style>,
    legs: Vec<Leg>,
    prices: Option<HashMap<String, f64>>,
    first: Option<Leg>,
) -> String {
    let _ = (odd, style, legs, prices, first);
    format!("{city} {days} {people}")
}

#[tool]
fn nothing() {}

#[tool]
fn spread(#[arg(flatten)] leg: Leg) -> String {
    leg.to
}

fn server() -> ServerBuilder {
    Server::builder("test", "1").routes(routes![plan, nothing, spread])
}

#[tokio::test]
async fn every_mistake_is_named_at_once() {
    let client = Client::new(server()).await;
    let found = client
        .mistakes(
            "plan",
            json!({
                "days": 300,
                "a/b": "yes",
                "people": -1,
                "style": "baroque",
                "legs": [{"to": "Rome", "days": 1}, {"to": "Oslo", "days": "two"}],
                "prices": {"train": "dear", "bus": 1, "ship": false},
                "first": {"to": 1, "days": 2.5, "by": "train"},
                "colour": "red",
            }),
        )
        .await;
    assert_eq!(
        found,
        [
            "/city: the argument is required",
            "/days: expected an integer from 0 to 255, got the integer 300",
            "/a~1b: expected a boolean, got the string \"yes\"",
            "/people: expected a non-negative integer of 32 bits, got the integer -1",
            "/style: expected one of very-plain, ornate, got \"baroque\"",
            "/legs/1/days: expected an integer from 0 to 255, got the string \"two\"",
            "/prices/train: expected a number, got the string \"dear\"",
            "/prices/ship: expected a number, got the boolean false",
            "/first/to: expected a string, got the integer 1",
            "/first/days: expected an integer from 0 to 255, got the number 2.5",
            "/first/by: unknown member; known are to, days",
            "/colour: unknown argument; the tool takes city, days, a/b, people, style, legs, prices, first",
        ]
    );
}

#[tokio::test]
async fn no_arguments_at_all() {
    let client = Client::new(server()).await;
    let required = ["/city: the argument is required", "/days: the argument is required"];
    let found = client.mistakes("plan", json!({})).await;
    assert_eq!(found[..2], required);
    assert_eq!(found[2..], ["/legs: the argument is required"]);
    // `arguments` may be absent altogether.
    let result = client.request("tools/call", json!({"name": "plan"})).await.unwrap();
    assert_eq!(mistakes(result["content"][0]["text"].as_str().unwrap()), found);
}

#[tokio::test]
async fn a_required_argument_is_not_null() {
    let client = Client::new(server()).await;
    let found = client.mistakes("plan", json!({"city": null, "days": 1, "legs": []})).await;
    assert_eq!(found, ["/city: expected a string, got null"]);
}

#[tokio::test]
async fn a_tool_without_arguments_takes_none() {
    let client = Client::new(server()).await;
    assert_eq!(client.call("nothing", json!({})).await["content"], json!([]));
    let found = client.mistakes("nothing", json!({"a": 1, "b": 2})).await;
    assert_eq!(found, ["/a: unknown member; there are none", "/b: unknown member; there are none"]);
}

#[tokio::test]
async fn a_spread_struct_is_read_as_far_as_it_goes() {
    let client = Client::new(server()).await;
    let found = client.mistakes("spread", json!({"to": 1, "days": "two", "by": 3})).await;
    assert_eq!(
        found,
        [
            "/to: expected a string, got the integer 1",
            "/days: expected an integer from 0 to 255, got the string \"two\"",
            "/by: unknown member; known are to, days",
        ]
    );
    assert_eq!(
        client.mistakes("spread", json!({"days": 1})).await,
        ["/to: the member is required"]
    );
}

#[tokio::test]
async fn mistakes_are_a_result_or_a_protocol_error_by_revision() {
    for revision in Revision::ALL {
        let client = Client::speaking(revision, server()).await;
        let answer = client.try_call("plan", json!({"days": 1, "legs": []})).await;
        let text = match answer {
            Ok(result) => {
                assert!(revision >= Revision::V2025_11_25, "{revision}");
                assert_eq!(result["isError"], true);
                result["content"][0]["text"].as_str().unwrap().to_owned()
            }
            Err(error) => {
                assert!(revision < Revision::V2025_11_25, "{revision}");
                assert_eq!(error.code(), -32602);
                error.message().to_owned()
            }
        };
        assert_eq!(mistakes(&text), ["/city: the argument is required"]);
    }
}

#[tokio::test]
async fn arguments_are_an_object() {
    let client = Client::new(server()).await;
    for arguments in [json!([]), json!("x"), json!(1)] {
        assert_eq!(client.try_call("plan", arguments).await.unwrap_err().code(), -32602);
    }
    let unknown = client.try_call("plans", json!({})).await.unwrap_err();
    assert_eq!((unknown.code(), unknown.message()), (-32602, "unknown tool: plans"));
}
