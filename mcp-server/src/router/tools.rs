//! `tools/list` and `tools/call`. Spec: server/tools.

use std::borrow::Cow;

use mcp_core::era::wrap_structured;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::Structured;
use serde::Deserialize;

use super::{Cursor, invalid_params, parse, require};
use crate::context::Context;
use crate::input::{self, Ended, Leg};

/// A text that is borrowed where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

pub(super) async fn call(context: Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let [name, arguments, input_responses, request_state] = (context.0.meta.params)
        .members(params, ["name", "arguments", "inputResponses", "requestState"])
        .map_err(|error| invalid_params(&error))?;
    let Some(name) = name else { return Err(ErrorObject::invalid_params("missing field `name`")) };
    let Text(name) = parse(&name)?;
    let arguments = object(arguments)?;
    let registry = context.0.server.live.registry();
    require(registry.tools.is_offered(), "tools/call")?;
    let Some(route) = registry.tools.get(&name) else { return Err(unknown(&name)) };
    let leg = Leg { method: "tools/call", params, input_responses, request_state };
    input::open(&context, &leg)?;
    let handler = route.call(context.clone(), arguments);
    let again = || {
        let [arguments] = context
            .0
            .meta
            .params
            .members(params, ["arguments"])
            .map_err(|error| invalid_params(&error))?;
        Ok(route.call(context.clone(), object(arguments)?))
    };
    let mut result = match input::run(&context, leg, handler, again).await? {
        Ended::Complete(result) => result,
        Ended::InputRequired(result) => return context.0.server.encode_input_required(result),
    };
    if route.wraps && context.rules().structured == Structured::Object {
        wrap_structured(&mut result);
    }
    context.0.server.encode(result, context.revision())
}

fn object(arguments: Option<JsonBytes>) -> Result<JsonBytes, ErrorObject> {
    match arguments {
        None => Ok(JsonBytes::empty_object()),
        Some(raw) if raw.as_bytes().starts_with(b"{") => Ok(raw),
        Some(raw) if raw.as_bytes() == b"null" => Ok(JsonBytes::empty_object()),
        Some(_) => Err(ErrorObject::invalid_params("/arguments: expected an object")),
    }
}

#[cold]
fn unknown(name: &str) -> ErrorObject {
    let shown: String =
        name.chars().filter(|character| !character.is_control()).take(128).collect();
    ErrorObject::invalid_params(format!("unknown tool: {shown}"))
}

pub(super) fn list(context: &Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let cursor: Cursor<'_> = parse(params)?;
    let registry = context.0.server.live.registry();
    require(registry.tools.is_offered(), "tools/list")?;
    registry.list_tools(&cursor.ask(context, context.0.server.page_sizes.tools))
}
