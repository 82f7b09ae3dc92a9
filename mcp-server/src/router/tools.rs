//! `tools/list` and `tools/call`. Spec: server/tools.

use std::borrow::Cow;

use mcp_core::era::wrap_structured;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::Structured;
use serde::Deserialize;

use super::{Cursor, invalid_params, parse, require};
use crate::context::Context;

/// A text that is borrowed where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

pub(super) async fn call(context: Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let [name, arguments] = params.members(["name", "arguments"]).map_err(|error| invalid_params(&error))?;
    let Some(name) = name else { return Err(ErrorObject::invalid_params("missing field `name`")) };
    let Text(name) = parse(&name)?;
    let arguments = match arguments {
        None => JsonBytes::empty_object(),
        Some(raw) if raw.as_bytes().starts_with(b"{") => raw,
        Some(raw) if raw.as_bytes() == b"null" => JsonBytes::empty_object(),
        Some(_) => return Err(ErrorObject::invalid_params("/arguments: expected an object")),
    };
    let registry = context.0.server.live.registry();
    require(registry.tools.is_offered(), "tools/call")?;
    let Some(route) = registry.tools.get(&name) else { return Err(unknown(&name)) };
    let mut result = route.call(context.clone(), arguments).await?;
    if route.wraps && context.rules().structured == Structured::Object {
        wrap_structured(&mut result);
    }
    context.0.server.encode(result, context.revision())
}

#[cold]
fn unknown(name: &str) -> ErrorObject {
    let shown: String = name.chars().filter(|character| !character.is_control()).take(128).collect();
    ErrorObject::invalid_params(format!("unknown tool: {shown}"))
}

pub(super) fn list(context: &Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let cursor: Cursor<'_> = parse(params)?;
    let registry = context.0.server.live.registry();
    require(registry.tools.is_offered(), "tools/list")?;
    registry.list_tools(&cursor.ask(context, context.0.server.page_sizes.tools))
}
