//! A server whose tools have all that converters of hosts break on, over stdio, for the tests of
//! schema dialects in `tests/peers/dialects.rs` and of hosts in `cargo xtask newcomer`.
//!
//! `dialect-server as-written|strict|flat`. Each tool returns its arguments as it received them.
//! Only `as-written` has the tool `recursive`.

use std::collections::{BTreeMap, HashMap};

use mcp_server::dialect::SchemaDialect;
use mcp_server::extract::Args;
use mcp_server::serde_json::{Map, Value};
use mcp_server::tool::{Structured, ToolRoute};
use mcp_server::{Context, ServeError, Server};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unit {
    /// Degrees Celsius.
    Celsius,
    /// Degrees Fahrenheit.
    Fahrenheit,
}

/// A place on a map.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Place {
    /// Degrees north.
    #[schemars(range(min = -90.0, max = 90.0))]
    latitude: f64,
    longitude: f64,
    label: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nested {
    from: Place,
    /// Where to go.
    to: Option<Place>,
    stops: Vec<Place>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Enums {
    unit: Unit,
    maybe: Option<Unit>,
    several: Vec<Unit>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    /// A circle.
    Circle {
        center: Place,
        radius: Option<f64>,
    },
    /// A line.
    Line {
        from: Place,
        to: Place,
    },
    Nothing,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Action {
    Move(Place),
    Turn { degrees: i32 },
    Stop,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Id {
    Number(u32),
    Text(String),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Variants {
    shapes: Vec<Shape>,
    action: Action,
    id: Id,
    maybe: Option<Shape>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Tuples {
    pair: (String, u8),
    pairs: Vec<(f64, Option<Place>)>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Maps {
    counts: BTreeMap<String, Option<i64>>,
    places: BTreeMap<String, Place>,
    by_number: HashMap<u32, String>,
    anything: Map<String, Value>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Untyped {
    value: Value,
    maybe: Option<Value>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Defaults {
    #[serde(default = "ten")]
    limit: u32,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    nested: Inner,
}

#[derive(Serialize, Deserialize, JsonSchema, Default)]
struct Inner {
    #[serde(default)]
    depth: u8,
    unit: Option<Unit>,
}

fn ten() -> u32 {
    10
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Constraints {
    #[schemars(length(min = 2, max = 5), regex(pattern = "^[a-z]+$"))]
    code: String,
    #[schemars(range(min = 1, max = 20), extend("multipleOf" = 2))]
    even: u32,
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    positive: f64,
    #[schemars(length(min = 1, max = 3), extend("uniqueItems" = true))]
    items: Vec<String>,
    #[schemars(extend("format" = "uri"))]
    link: String,
    #[schemars(extend("format" = "date-time"))]
    at: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Flattened {
    name: String,
    #[serde(flatten)]
    shape: Shape,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Node {
    name: String,
    children: Vec<Node>,
}

/// Creates a tool that returns its arguments.
fn echo<T>(name: &str) -> ToolRoute
where
    T: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
{
    ToolRoute::builder(name)
        .description(format!("Return the arguments of {name}."))
        .handler(|Args(arguments): Args<T>| async { Structured(arguments) })
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    let dialect = match std::env::args().nth(1).as_deref() {
        Some("strict") => SchemaDialect::Strict,
        Some("flat") => SchemaDialect::Flat,
        _ => SchemaDialect::AsWritten,
    };
    let mut server = Server::builder("dialect-server", "1.0.0")
        .schema_dialect(dialect)
        .schema_lints(false)
        .tool(ToolRoute::builder("nothing").handler(|_: Context| async { "nothing" }))
        .tool(echo::<Nested>("nested"))
        .tool(echo::<Enums>("enums"))
        .tool(echo::<Variants>("variants"))
        .tool(echo::<Shape>("shape"))
        .tool(echo::<Flattened>("flattened"))
        .tool(echo::<Tuples>("tuples"))
        .tool(echo::<Maps>("maps"))
        .tool(echo::<Untyped>("untyped"))
        .tool(echo::<Defaults>("defaults"))
        .tool(echo::<Constraints>("constraints"));
    if dialect == SchemaDialect::AsWritten {
        server = server.tool(echo::<Node>("recursive"));
    }
    server.serve_stdio().await
}
