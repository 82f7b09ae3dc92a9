#![deny(warnings)]

use std::{borrow::Cow, collections::HashMap, fmt};

use mcp_server::types::{CallToolResult, Content};
use mcp_server::{ErrorObject, ToolError, routes, tool};

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Report {
    lines: u32,
}

#[derive(Debug)]
struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Failed {}

type Outcome<T, E = Failed> = std::result::Result<T, E>;
type Anything = Outcome<Report, Box<dyn std::error::Error + Send + Sync>>;

#[tool]
fn unit() {}
#[tool]
fn text() -> String {
    String::new()
}
#[tool]
fn fixed() -> &'static str {
    ""
}
#[tool]
fn either() -> Cow<'static, str> {
    "".into()
}
#[tool]
fn contents() -> Vec<Content> {
    Vec::new()
}
#[tool]
fn number() -> f32 {
    0.5
}
#[tool]
fn data() -> Report {
    Report { lines: 1 }
}
#[tool]
fn map() -> HashMap<String, Vec<Report>> {
    HashMap::new()
}
#[tool]
fn seen_by_the_model() -> Outcome<Report> {
    Err(Failed)
}
#[tool]
async fn chosen() -> Outcome<Option<Report>, ToolError> {
    Err(ToolError::new("no"))
}
#[tool]
async fn protocol_error() -> Outcome<(), ErrorObject> {
    Err(ErrorObject::internal())
}
#[tool]
fn boxed() -> Anything {
    Err(Box::new(Failed))
}
#[tool(output_schema = mcp_server::tool::output_schema::<Report>())]
fn by_hand() -> Result<CallToolResult, ErrorObject> {
    Err(ErrorObject::internal())
}

#[test]
fn every_kind_of_return_type_is_accepted() {
    let _ = routes![
        unit,
        text,
        fixed,
        either,
        contents,
        number,
        data,
        map,
        seen_by_the_model,
        chosen,
        protocol_error,
        boxed,
        by_hand
    ];
}
