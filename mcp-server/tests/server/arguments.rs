//! Invalid arguments: the errors enable a model to correct its call. Spec: server/tools, error
//! handling.

use std::collections::BTreeMap;

use mcp_server::extract::Args;
use mcp_server::schemars::JsonSchema;
use mcp_server::tool::{Field, ToolCall, ToolRoute, decode};
use mcp_server::types::Schema;
use mcp_server::{Revision, ServerBuilder};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{Client, Transport, everywhere, server};

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "mcp_server::schemars")]
#[serde(deny_unknown_fields)]
struct Trip {
    city: String,
    days: u8,
    stops: Option<Vec<BTreeMap<String, i64>>>,
}

impl Trip {
    fn describe(&self) -> String {
        format!("{} {} {}", self.city, self.days, self.stops.as_ref().map_or(0, Vec::len))
    }
}

const FIELDS: &[Field] = &[
    Field::new::<String>("city"),
    Field::new::<u8>("days"),
    Field::new::<Option<Vec<BTreeMap<String, i64>>>>("stops"),
];

/// A tool with the extractor, which reports the first error, and one that lists its fields and
/// reports all.
fn travel() -> ServerBuilder {
    let each = |call: ToolCall| -> mcp_server::tool::ToolFuture {
        Box::pin(async move {
            match decode::<Trip>(&call, FIELDS) {
                Ok(trip) => Ok(mcp_server::types::CallToolResult::text(trip.describe())),
                Err(errors) => call.reject(errors),
            }
        })
    };
    server()
        .tool(
            ToolRoute::builder("first")
                .handler(|Args(trip): Args<Trip>| async move { trip.describe() }),
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
async fn valid_arguments_are_decoded() {
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

/// Gemini CLI adds it to the schema of every tool that it shows to its model.
#[tokio::test(start_paused = true)]
async fn the_argument_that_a_host_adds_is_ignored() {
    everywhere(travel, async |client| {
        for tool in ["first", "all"] {
            let arguments = json!({"city": "Oslo", "days": 3, "wait_for_previous": true});
            assert_eq!(client.tool_text(tool, arguments).await, "Oslo 3 0");
            let arguments = json!({"city": "Oslo", "days": 300, "wait_for_previous": true});
            let text = rejected(&client, tool, arguments).await;
            assert!(text.contains("/days: expected") && !text.contains("wait_for"), "{text}");
        }
    })
    .await;
}

/// A tool that has an argument of this name receives it.
#[tokio::test(start_paused = true)]
async fn an_argument_of_the_tool_is_not_one_of_the_host() {
    #[derive(Deserialize, JsonSchema)]
    #[schemars(crate = "mcp_server::schemars")]
    #[serde(deny_unknown_fields)]
    struct Wait {
        wait_for_previous: u8,
    }
    let wait = || {
        let route = ToolRoute::builder("wait");
        server().tool(
            route.handler(|Args(it): Args<Wait>| async move { it.wait_for_previous.to_string() }),
        )
    };
    everywhere(wait, async |client| {
        assert_eq!(client.tool_text("wait", json!({"wait_for_previous": 7})).await, "7");
        let text = rejected(&client, "wait", json!({"wait_for_previous": true})).await;
        assert!(text.contains("/wait_for_previous: expected"), "{text}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_first_error_has_its_pointer() {
    everywhere(travel, async |client| {
        for (arguments, error) in [
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
                format!("The arguments do not match the tool's input schema:\n- {error}");
            assert_eq!(rejected(&client, "first", arguments).await, expected);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn all_errors_are_reported_at_once_if_the_fields_are_known() {
    everywhere(travel, async |client| {
        let arguments = json!({"city": 1, "stops": [{"a": 1.5}], "dayz": 3});
        let expected = "The arguments do not match the tool's input schema:\n\
             - /city: expected a string, got the integer 1\n\
             - /days: the argument is required\n\
             - /stops/0/a: expected an integer, got the number 1.5\n\
             - /dayz: unknown argument; the tool takes city, days, stops";
        assert_eq!(rejected(&client, "all", arguments).await, expected);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_invalid_value_is_truncated_in_the_error() {
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
async fn a_duplicate_member_is_an_error() {
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

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "mcp_server::schemars")]
struct Order {
    #[schemars(range(min = 1, max = 5))]
    count: i64,
    #[schemars(length(min = 2, max = 4))]
    name: Option<String>,
    #[schemars(pattern(r"^[a-z]+$"))]
    code: Option<String>,
    #[schemars(length(max = 2))]
    tags: Option<Vec<String>>,
    deep: Option<Deep>,
    how: Option<How>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "mcp_server::schemars")]
struct Deep {
    #[serde(alias = "y")]
    x: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(crate = "mcp_server::schemars")]
#[serde(rename_all = "lowercase")]
enum How {
    #[serde(alias = "speedy")]
    Fast,
    Slow {
        #[schemars(range(max = 9))]
        days: u8,
    },
}

fn ordering() -> ServerBuilder {
    server()
        .tool(ToolRoute::builder("order").handler(|Args(order): Args<Order>| async move {
            let Order { count, name, code, tags, deep, how } = order;
            let days = match how {
                Some(How::Slow { days }) => days,
                Some(How::Fast) | None => 0,
            };
            format!("{count} {name:?} {code:?} {tags:?} {:?} {days}", deep.map(|deep| deep.x))
        }))
        .tool(
            ToolRoute::builder("explicit")
                .input_schema(
                    Schema::try_from(json!({
                        "type": "object",
                        "properties": {"color": {"enum": ["red", "blue"]}},
                        "required": ["color"],
                        "additionalProperties": false,
                    }))
                    .unwrap(),
                )
                .handler(|Args(all): Args<Value>| async move { all.to_string() }),
        )
}

#[tokio::test(start_paused = true)]
async fn constraints_of_the_schema_are_enforced() {
    everywhere(ordering, async |client| {
        for (arguments, errors) in [
            (json!({"count": 0}), "/count: must be at least 1, got 0"),
            (json!({"count": 6}), "/count: must be at most 5, got 6"),
            (
                json!({"count": 1, "name": "a", "code": "A1", "tags": ["a", "b", "c"]}),
                "/name: must have at least 2 characters, got 1\n\
                 - /code: must match the pattern ^[a-z]+$\n\
                 - /tags: must have at most 2 items, got 3",
            ),
            (
                json!({"count": 1, "how": {"slow": {"days": 10}}}),
                "/how/slow/days: must be at most 9, got 10",
            ),
            // A value of the wrong type, and a violated bound elsewhere.
            (
                json!({"count": "1", "name": "abcde"}),
                "/count: expected an integer, got the string \"1\"\n\
                 - /name: must have at most 4 characters, got 5",
            ),
        ] {
            let expected =
                format!("The arguments do not match the tool's input schema:\n- {errors}");
            assert_eq!(rejected(&client, "order", arguments).await, expected);
        }
        let arguments = json!({
            "count": 5, "name": "äöüß", "code": "abc", "tags": ["a", "b"], "deep": {"x": "y"},
            "how": {"slow": {"days": 9}},
        });
        assert_eq!(
            client.tool_text("order", arguments).await,
            "5 Some(\"äöüß\") Some(\"abc\") Some([\"a\", \"b\"]) Some(\"y\") 9"
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_explicit_schema_is_enforced_as_a_whole() {
    everywhere(ordering, async |client| {
        for (arguments, error) in [
            (json!({}), "/color: the member is required"),
            (json!({"color": "green"}), "/color: expected one of \"red\", \"blue\""),
            (json!({"color": "red", "x": 1}), "/x: unknown member; known are color"),
        ] {
            let expected =
                format!("The arguments do not match the tool's input schema:\n- {error}");
            assert_eq!(rejected(&client, "explicit", arguments).await, expected);
        }
        assert_eq!(
            client.tool_text("explicit", json!({"color": "red"})).await,
            r#"{"color":"red"}"#
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_struct_is_decoded_only_from_an_object() {
    everywhere(ordering, async |client| {
        let text = rejected(&client, "order", json!({"count": 1, "deep": ["hidden"]})).await;
        assert!(text.ends_with("- /deep: expected an object, got an array"), "{text}");
        let text = rejected(&client, "order", json!({"count": 1, "how": {"slow": [3]}})).await;
        assert!(text.contains("/how/slow: expected an object, got an array"), "{text}");
        // A serde alias is accepted if no header mirrors the argument.
        let arguments = json!({"count": 1, "deep": {"y": "z"}, "how": "speedy"});
        assert_eq!(client.tool_text("order", arguments).await, "1 None None None Some(\"z\") 0");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_number_without_a_fraction_is_an_integer() {
    everywhere(ordering, async |client| {
        for count in ["5.0", "5e0", "0.5e1"] {
            let arguments: Value = serde_json::from_str(&format!(
                r#"{{"count": {count}, "how": {{"slow": {{"days": 3.0}}}}}}"#
            ))
            .unwrap();
            assert_eq!(client.tool_text("order", arguments).await, "5 None None None None 3");
        }
        let text = rejected(&client, "order", json!({"count": 5.5})).await;
        assert!(text.ends_with("/count: expected an integer, got the number 5.5"), "{text}");
        let text = rejected(&client, "order", json!({"count": 6.0})).await;
        assert!(text.ends_with("/count: must be at most 5, got 6"), "{text}");
    })
    .await;
}

/// A call that hides a mirrored argument from intermediaries that read only headers (HDR-16).
#[tokio::test(start_paused = true)]
async fn a_mirrored_argument_cannot_be_hidden() {
    #[derive(Deserialize, JsonSchema)]
    #[schemars(crate = "mcp_server::schemars")]
    struct Outer {
        deep: Option<Inner>,
    }
    #[derive(Deserialize, JsonSchema)]
    #[schemars(crate = "mcp_server::schemars")]
    struct Inner {
        #[serde(alias = "zone")]
        #[schemars(extend("x-mcp-header" = "Region"))]
        region: Option<String>,
    }
    let server = || {
        let run = |Args(Outer { deep }): Args<Outer>| async move {
            format!("{:?}", deep.and_then(|deep| deep.region))
        };
        let schema = json!({
            "type": "object",
            "properties": {"deep": {
                "type": "object",
                "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
            }},
        });
        let schema = Schema::try_from(schema).unwrap();
        server().tool(ToolRoute::builder("explicit").input_schema(schema).handler(run))
    };
    everywhere(server, async |client| {
        let is_mirrored =
            !client.is_legacy() && !Transport::CONNECTIONS.contains(&client.transport);
        let hidden = json!({"deep": ["hidden"]});
        if is_mirrored {
            let params = json!({"name": "explicit", "arguments": hidden});
            let error = client.err("tools/call", params).await;
            assert_eq!(error.code, -32020, "{}", error.message);
            assert!(error.message.contains("/deep: expected an object"), "{}", error.message);
        } else {
            let text = rejected(&client, "explicit", hidden).await;
            assert!(text.ends_with("- /deep: expected an object, got an array"), "{text}");
        }
        let text = rejected(&client, "explicit", json!({"deep": {"zone": "hidden"}})).await;
        assert!(text.ends_with("- /deep/zone: unknown member; known are region"), "{text}");
        assert_eq!(client.tool_text("explicit", json!({"deep": {}})).await, "None");
        assert_eq!(client.tool_text("explicit", json!({"deep": null})).await, "None");
    })
    .await;
}

#[derive(Deserialize, JsonSchema)]
struct Word {
    text: String,
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_was_set_is_kept_even_if_it_is_empty() {
    let server = || {
        let tool = ToolRoute::builder("any").input_schema(Schema::empty_object());
        server().tool(tool.handler(|Args(Word { text }): Args<Word>| async { text }))
    };
    everywhere(server, async |client| {
        let tools = client.ok("tools/list", json!({})).await;
        assert_eq!(tools["tools"][0]["inputSchema"], Schema::empty_object().as_value());
        let text = rejected(&client, "any", json!({"text": "a"})).await;
        assert!(text.ends_with("- /text: unknown member"), "{text}");
    })
    .await;
}
