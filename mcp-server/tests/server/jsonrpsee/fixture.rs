//! A module of 100 methods, as a node of a blockchain has it.

use jsonrpsee::core::server::{Extensions, Methods, PendingSubscriptionSink, RpcModule};
use jsonrpsee::core::{SubscriptionError, to_json_raw_value};
use jsonrpsee::types::{ErrorObjectOwned, Params};
use mcp_server::bridge::jsonrpsee::{MethodSchema, RpcTools};
use mcp_server::schemars::{self, JsonSchema};
use mcp_server::serde::{Deserialize, Serialize};
use mcp_server::serde_json::value::RawValue;
use mcp_server::{ServerBuilder, serde};

use crate::harness::server;

/// What a method does, by the remainder of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sync,
    Async,
    Blocking,
    Subscription,
}

/// The number of methods. Those that unsubscribe are not counted.
pub const METHODS: usize = 100;

pub fn kind(number: usize) -> Kind {
    match number % 10 {
        0..4 => Kind::Sync,
        4..7 => Kind::Async,
        7 | 8 => Kind::Blocking,
        _ => Kind::Subscription,
    }
}

/// The name of a method.
pub fn name(number: usize) -> &'static str {
    format!("{}.method{number}", format!("{:?}", kind(number)).to_lowercase()).leak()
}

/// The name of its tool.
pub fn tool(number: usize) -> String {
    name(number).replace('.', "_")
}

/// Whether the method is described; otherwise it is open.
pub fn is_described(number: usize) -> bool {
    !number.is_multiple_of(3)
}

/// The result of some of the methods: it has the text of the parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "serde")]
#[schemars(crate = "schemars")]
pub struct Echo {
    pub method: usize,
    pub params: String,
}

/// Returns the result of a method: an object, an integer, a string, an array or nothing.
fn result(number: usize, params: &Params<'_>) -> Result<Box<RawValue>, ErrorObjectOwned> {
    let text = params.as_str().unwrap_or("none").to_owned();
    let echo = Echo { method: number, params: text };
    let raw = match number % 5 {
        0 => to_json_raw_value(&echo),
        1 => to_json_raw_value(&number),
        2 => to_json_raw_value(&format!("text \"{number}\": {}", echo.params)),
        3 => to_json_raw_value(&[&echo, &echo]),
        _ => to_json_raw_value(&()),
    };
    Ok(raw.unwrap())
}

async fn count(
    number: usize,
    params: Params<'static>,
    pending: PendingSubscriptionSink,
) -> Result<(), SubscriptionError> {
    let sink = pending.accept().await?;
    for value in 0..3 {
        let text = params.as_str().unwrap_or("none").to_owned();
        let echo = Echo { method: number * 10 + value, params: text };
        sink.send(to_json_raw_value(&echo)?).await?;
    }
    Ok(())
}

pub fn module() -> RpcModule<()> {
    let mut module = RpcModule::new(());
    for number in 0..METHODS {
        let name = name(number);
        let registered = match kind(number) {
            Kind::Sync => module.register_method(name, move |params, _, _| result(number, &params)),
            Kind::Async => module.register_async_method(name, move |params, _, _| async move {
                tokio::task::yield_now().await;
                result(number, &params)
            }),
            Kind::Blocking => module
                .register_blocking_method(name, move |params, _, _: Extensions| {
                    result(number, &params)
                }),
            Kind::Subscription => module.register_subscription(
                name,
                "values",
                format!("{name}.end").leak(),
                move |params, pending, _, _| count(number, params, pending),
            ),
        };
        registered.unwrap();
    }
    module
}

/// Describes a method with two parameters.
pub fn schema(number: usize) -> MethodSchema {
    let schema = MethodSchema::new(name(number)).param::<u64>("a").param::<Option<String>>("b");
    let schema = if number.is_multiple_of(2) { schema } else { schema.by_position() };
    match (kind(number), number % 5) {
        (Kind::Subscription, _) | (_, 0) => schema.returns::<Echo>(),
        (_, 1) => schema.returns::<usize>(),
        (_, 2) => schema.returns::<String>(),
        (_, 3) => schema.returns::<Vec<Echo>>(),
        _ => schema.returns::<()>(),
    }
}

/// The tools of the module.
pub fn tools(module: impl Into<Methods>) -> RpcTools {
    let described = (0..METHODS).filter(|number| is_described(*number)).map(schema);
    RpcTools::new(module).schemas(described.collect())
}

/// A server with tools.
pub fn serving(tools: RpcTools) -> ServerBuilder {
    server().tools(tools.build().expect("the tools can be built"))
}
