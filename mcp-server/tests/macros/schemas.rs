//! The exact schemas of parameters and returned types.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use mcp_server::dialect::SchemaDialect;
use mcp_server::extract::State;
use mcp_server::types::{CallToolResult, Content};
use mcp_server::{ErrorObject, Server, routes, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::Client;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Place {
    /// Where it is.
    city_name: String,
    zip: Option<u32>,
}

#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Unit {
    #[default]
    Celsius,
    Fahrenheit,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64 },
}

#[tool]
fn numbers(a: u8, b: i8, c: i64, d: u64, e: f32, f: usize, g: Option<i16>) -> String {
    format!("{a} {b} {c} {d} {e} {f} {g:?}")
}

/// All forms of optional arguments.
#[tool]
fn optional(
    /// The first.
    required: bool,
    /** The second. */
    option: Option<String>,
    aliased: Maybe<u8>,
    #[arg(default = 10)] limit: u8,
    #[arg(default = "eu")] zone: String,
    #[arg(default)] unit: Unit,
    #[arg(default)] list: Vec<String>,
    #[arg(default = None)] nothing: Option<String>,
    #[arg(default = Some(3))] three: Option<u8>,
    #[arg(default = Unprintable)] secret: Unprintable,
    #[arg(default = json!([1]))] any: Value,
) -> String {
    let _ = secret;
    format!(
        "{required} {option:?} {aliased:?} {limit} {zone} {unit:?} {list:?} {nothing:?} {three:?} {any}"
    )
}

type Maybe<T> = Option<T>;

/// It does not implement `Serialize`, so its default is not in the schema.
#[derive(Debug, Deserialize, JsonSchema)]
struct Unprintable;

#[tool]
fn structures(
    /// From here.
    from: Place,
    to: Option<Place>,
    via: Vec<Place>,
    by: HashMap<String, u8>,
    unit: Unit,
    shape: Shape,
    #[arg(name = "maybe-unit")] maybe_unit: Option<Unit>,
    text: Cow<'static, str>,
    pair: (u8, String),
    any: Value,
) -> String {
    format!(
        "{from:?} {to:?} {via:?} {by:?} {unit:?} {shape:?} {maybe_unit:?} {text} {pair:?} {any}"
    )
}

#[tool]
fn headers(
    #[arg(header = "Region")] region: String,
    #[arg(header = "Tenant", name = "tenant-id")] tenant: Option<u32>,
    #[arg(header = "Dry-Run", default = false)] dry_run: bool,
) -> String {
    format!("{region} {tenant:?} {dry_run}")
}

/// A search.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    /// What for.
    text: String,
    #[serde(default = "ten")]
    limit: u8,
    #[serde(rename = "in")]
    place: Option<Place>,
}

fn ten() -> u8 {
    10
}

#[tool]
fn search(#[arg(flatten)] Search { text, limit, place }: Search, state: State<u8>) -> String {
    format!("{text} {limit} {place:?} {}", *state)
}

#[tool]
fn any_arguments(#[arg(flatten)] all: BTreeMap<String, i32>) -> i32 {
    all.values().sum()
}

type Outcome<T> = Result<T, ErrorObject>;
type Places = Outcome<Vec<Place>>;

#[tool]
fn text() -> Outcome<String> {
    Ok(String::new())
}

#[tool]
fn data() -> Outcome<Place> {
    Err(ErrorObject::internal())
}

#[tool]
fn list() -> Places {
    Ok(Vec::new())
}

#[tool]
fn number() -> u8 {
    7
}

#[tool]
fn perhaps() -> Maybe<Unit> {
    None
}

#[tool]
fn blocks() -> Outcome<Vec<Content>> {
    Ok(Vec::new())
}

#[tool(output_schema = tool::output_schema::<Unit>())]
fn explicit_schema() -> CallToolResult {
    CallToolResult::structured(&Unit::Celsius).unwrap()
}

async fn client() -> Client {
    let routes = routes![
        numbers,
        optional,
        structures,
        headers,
        search,
        any_arguments,
        text,
        data,
        list,
        number,
        perhaps,
        blocks,
        explicit_schema
    ];
    Client::new(Server::builder("test", "1").state(5u8).routes(routes)).await
}

async fn input(tool: &str) -> Value {
    client().await.tool(tool).await["inputSchema"].take()
}

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

#[tokio::test]
async fn numbers_have_their_ranges_and_no_format() {
    assert_eq!(
        input("numbers").await,
        json!({
            "$schema": DIALECT,
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "a": {"type": "integer", "minimum": 0, "maximum": 255},
                "b": {"type": "integer", "minimum": -128, "maximum": 127},
                "c": {"type": "integer"},
                "d": {"type": "integer", "minimum": 0},
                "e": {"type": "number"},
                "f": {"type": "integer", "minimum": 0},
                "g": {"type": "integer", "minimum": -32768, "maximum": 32767},
            },
            "required": ["a", "b", "c", "d", "e", "f"],
        })
    );
    for tool in client().await.list("tools").await {
        assert!(!tool.to_string().contains("\"format\""), "{tool}");
    }
}

#[tokio::test]
async fn an_optional_argument_is_not_required_and_shows_its_default() {
    assert_eq!(
        input("optional").await,
        json!({
            "$schema": DIALECT,
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "required": {"type": "boolean", "description": "The first."},
                "option": {"type": "string", "description": "The second."},
                "aliased": {"type": "integer", "minimum": 0, "maximum": 255},
                "limit": {"type": "integer", "minimum": 0, "maximum": 255, "default": 10},
                "zone": {"type": "string", "default": "eu"},
                "unit": {"$ref": "#/$defs/Unit", "default": "celsius"},
                "list": {"type": "array", "items": {"type": "string"}, "default": []},
                "nothing": {"type": "string"},
                "three": {"type": "integer", "minimum": 0, "maximum": 255, "default": 3},
                "secret": {"$ref": "#/$defs/Unprintable"},
                "any": {"default": [1]},
            },
            "required": ["required"],
            "$defs": {
                "Unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "Unprintable": {
                    "description": "It does not implement `Serialize`, so its default is not in the schema.",
                    "type": "null",
                },
            },
        })
    );
}

#[tokio::test]
async fn structures_are_local_definitions() {
    let number = json!({"type": "number"});
    let shape = |kind: &str, member: &str| {
        json!({
            "type": "object",
            "properties": {member: number, "kind": {"type": "string", "const": kind}},
            "required": ["kind", member],
        })
    };
    assert_eq!(
        input("structures").await,
        json!({
            "$schema": DIALECT,
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "from": {"$ref": "#/$defs/Place", "description": "From here."},
                "to": {"$ref": "#/$defs/Place"},
                "via": {"type": "array", "items": {"$ref": "#/$defs/Place"}},
                "by": {
                    "type": "object",
                    "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 255},
                },
                "unit": {"$ref": "#/$defs/Unit"},
                "shape": {"$ref": "#/$defs/Shape"},
                "maybe-unit": {"$ref": "#/$defs/Unit"},
                "text": {"type": "string"},
                "pair": {
                    "type": "array",
                    "prefixItems": [{"type": "integer", "minimum": 0, "maximum": 255}, {"type": "string"}],
                    "minItems": 2,
                    "maxItems": 2,
                },
                "any": {},
            },
            "required": ["from", "via", "by", "unit", "shape", "text", "pair", "any"],
            "$defs": {
                "Place": {
                    "type": "object",
                    "properties": {
                        "cityName": {"type": "string", "description": "Where it is."},
                        "zip": {"type": "integer", "minimum": 0},
                    },
                    "additionalProperties": false,
                    "required": ["cityName"],
                },
                "Unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "Shape": {"oneOf": [shape("circle", "radius"), shape("square", "side")]},
            },
        })
    );
}

#[tokio::test]
async fn mirrored_arguments_have_a_header_annotation() {
    assert_eq!(
        input("headers").await["properties"],
        json!({
            "region": {"type": "string", "x-mcp-header": "Region"},
            "tenant-id": {"type": "integer", "minimum": 0, "x-mcp-header": "Tenant"},
            "dry_run": {"type": "boolean", "x-mcp-header": "Dry-Run", "default": false},
        })
    );
}

#[tokio::test]
async fn the_schema_of_a_flattened_struct_is_the_input_schema() {
    assert_eq!(
        input("search").await,
        json!({
            "$schema": DIALECT,
            "description": "A search.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "text": {"type": "string", "description": "What for."},
                "limit": {"type": "integer", "minimum": 0, "maximum": 255, "default": 10},
                "in": {"$ref": "#/$defs/Place"},
            },
            "required": ["text"],
            "$defs": {
                "Place": {
                    "type": "object",
                    "properties": {
                        "cityName": {"type": "string", "description": "Where it is."},
                        "zip": {"type": "integer", "minimum": 0},
                    },
                    "additionalProperties": false,
                    "required": ["cityName"],
                },
            },
        })
    );
    assert_eq!(
        input("any_arguments").await,
        json!({
            "$schema": DIALECT,
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "properties": {},
            "required": [],
        })
    );
}

#[tokio::test]
async fn the_output_schema_sees_through_aliases() {
    let client = client().await;
    let output = async |tool| client.tool(tool).await.get("outputSchema").cloned();
    for tool in ["text", "blocks", "numbers"] {
        assert_eq!(output(tool).await, None, "{tool}");
    }
    // Results keep null in their schemas, because clients read them and models do not write them.
    let place = json!({
        "type": "object",
        "properties": {
            "cityName": {"type": "string", "description": "Where it is."},
            "zip": {"type": ["integer", "null"], "minimum": 0},
        },
        "additionalProperties": false,
        "required": ["cityName", "zip"],
    });
    let mut root = place.clone();
    root["$schema"] = DIALECT.into();
    assert_eq!(output("data").await, Some(root));
    assert_eq!(
        output("list").await,
        Some(json!({
            "$schema": DIALECT,
            "type": "array",
            "items": {"$ref": "#/$defs/Place"},
            "$defs": {"Place": place},
        }))
    );
    assert_eq!(
        output("number").await,
        Some(json!({"$schema": DIALECT, "type": "integer", "minimum": 0, "maximum": 255}))
    );
    assert_eq!(
        output("explicit_schema").await,
        Some(json!({"$schema": DIALECT, "type": "string", "enum": ["celsius", "fahrenheit"]}))
    );
    let perhaps = output("perhaps").await.unwrap();
    assert_eq!(perhaps["anyOf"], json!([{"$ref": "#/$defs/Unit"}, {"type": "null"}]));
}

#[tokio::test]
async fn defaults_are_filled_in() {
    let client = client().await;
    let bare = "true None None 10 eu Celsius [] None Some(3) [1]";
    assert_eq!(client.text("optional", json!({"required": true})).await, bare);
    let nulls = json!({
        "required": true, "option": null, "aliased": null, "limit": null, "zone": null, "unit": null,
        "list": null, "nothing": null, "three": null, "secret": null, "any": null,
    });
    assert_eq!(client.text("optional", nulls).await, bare);
    let all = json!({
        "required": false, "option": "o", "aliased": 1, "limit": 2, "zone": "us", "unit": "fahrenheit",
        "list": ["a"], "nothing": "n", "three": 4, "any": {"b": 1},
    });
    assert_eq!(
        client.text("optional", all).await,
        r#"false Some("o") Some(1) 2 us Fahrenheit ["a"] Some("n") Some(4) {"b":1}"#
    );
}

#[tokio::test]
async fn arguments_of_every_type_are_decoded() {
    let client = client().await;
    let numbers = json!({
        "a": 255, "b": -128, "c": i64::MIN, "d": u64::MAX, "e": 0.5, "f": 9_007_199_254_740_993u64,
    });
    assert_eq!(
        client.text("numbers", numbers).await,
        "255 -128 -9223372036854775808 18446744073709551615 0.5 9007199254740993 None"
    );
    let structures = json!({
        "from": {"cityName": "Rome", "zip": 1},
        "to": {"cityName": "Oslo"},
        "via": [{"cityName": "Bern", "zip": null}],
        "by": {"train": 2},
        "unit": "celsius",
        "shape": {"kind": "circle", "radius": 2},
        "maybe-unit": "fahrenheit",
        "text": "t",
        "pair": [1, "one"],
        "any": null,
    });
    assert_eq!(
        client.text("structures", structures).await,
        "Place { city_name: \"Rome\", zip: Some(1) } Some(Place { city_name: \"Oslo\", zip: None }) \
         [Place { city_name: \"Bern\", zip: None }] {\"train\": 2} Celsius Circle { radius: 2.0 } \
         Some(Fahrenheit) t (1, \"one\") null"
    );
    assert_eq!(client.text("headers", json!({"region": "eu"})).await, "eu None false");
    assert_eq!(
        client.text("headers", json!({"region": "eu", "tenant-id": 7})).await,
        "eu Some(7) false"
    );
    assert_eq!(client.text("search", json!({"text": "x", "in": null})).await, "x 10 None 5");
    assert_eq!(client.text("any_arguments", json!({"a": 1, "b": 2})).await, "3");
}

/// Search.
#[tool(dialect = "strict")]
fn strict_search(_query: String, _limit: Option<u8>) {}

/// Search.
#[tool(dialect = "as_written")]
fn written_search(_query: String, _limit: Option<u8>) {}

#[tokio::test]
async fn a_tool_may_set_the_dialect_of_its_schemas() {
    let server = Server::builder("test", "1")
        .schema_dialect(SchemaDialect::Flat)
        .routes(routes![strict_search, written_search]);
    let client = Client::new(server).await;
    let strict = client.tool("strict_search").await["inputSchema"].clone();
    assert_eq!(strict["required"], json!(["query", "limit"]));
    assert_eq!(strict["properties"]["limit"]["anyOf"][1], json!({"type": "null"}));
    let written = client.tool("written_search").await["inputSchema"].clone();
    assert_eq!(written["required"], json!(["query"]));
    assert_eq!(written["$schema"], DIALECT);
    let answer = client.call("strict_search", json!({"query": "a", "limit": null})).await;
    assert_ne!(answer["isError"], true);
}
