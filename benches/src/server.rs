//! The server of the benches as a user of this SDK would write it. `echo`, `add` and the extra
//! tools are functions with `#[tool]`; the trivial ones are registered by hand.

use mcp_core::types::{CallToolResult, Schema};
use mcp_server::input::AskError;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Elicit, Server, ServerBuilder, routes, tool};
use serde::Deserialize;

use crate::{
    Error,
    fixture::{
        record::Record,
        tools::{self, Choice, TRIVIAL_ANSWER, ToolSpec},
    },
};

/// Give the text back.
#[tool]
async fn echo(text: String) -> String {
    text
}

/// Add two numbers.
#[tool]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Return a record with 50 fields.
#[tool]
async fn record() -> Record {
    Record::sample()
}

/// Take an order with 20 arguments.
#[tool]
#[expect(unused_variables, reason = "only the decoding is measured")]
async fn form(
    name: String,
    street: String,
    city: String,
    country: String,
    language: String,
    mail: String,
    phone: String,
    subject: String,
    comment: String,
    coupon: String,
    quantity: u32,
    price: u32,
    weight: u32,
    width: u32,
    height: u32,
    depth: u32,
    gift: bool,
    express: bool,
    insured: bool,
    newsletter: bool,
) -> String {
    format!("{quantity} for {name}")
}

#[derive(Deserialize, Elicit)]
struct Confirm {
    /// Is it right?
    sure: bool,
}

/// Ask the user, and answer what they say.
#[tool]
async fn ask(ctx: &Context) -> Result<String, AskError> {
    let Confirm { sure } = ctx.elicit(tools::QUESTION).await?;
    Ok(tools::answer_to_question(sure).to_owned())
}

/// Report progress `count` times.
#[tool]
async fn flood(ctx: &Context, count: u32) -> String {
    for done in 1..=count {
        ctx.progress(f64::from(done), f64::from(count)).await;
    }
    TRIVIAL_ANSWER.to_owned()
}

fn trivial(tool: ToolSpec) -> Result<ToolRoute, Error> {
    let schema: Schema = serde_json::from_str(&tool.input_schema)?;
    let route = ToolRoute::builder(tool.name)
        .description(tool.description)
        .input_schema(schema)
        .raw(|_| Box::pin(async { Ok(CallToolResult::text(TRIVIAL_ANSWER)) }));
    Ok(route)
}

/// Creates a server with these tools.
pub fn with_tools(choice: Choice) -> Result<ServerBuilder, Error> {
    let Choice { count, extra } = choice;
    let server = Server::builder("bench", "1.0.0");
    let server =
        if count < 2 { server.routes(routes![echo]) } else { server.routes(routes![echo, add]) };
    let server = if extra { server.routes(routes![record, form, ask, flood]) } else { server };
    let others: Result<Vec<_>, _> = tools::table(count).into_iter().skip(2).map(trivial).collect();
    Ok(server.tools(others?))
}
