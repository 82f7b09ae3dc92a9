//! `tools/list` and `tools/call`. Spec: server/tools.

use std::borrow::Cow;

use mcp_core::era::wrap_structured;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::Structured;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Cursor, parse, require};
use crate::context::Context;

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

pub(super) async fn call(context: Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let Params { name, arguments } = parse(params)?;
    let arguments = match arguments {
        None => JsonBytes::empty_object(),
        Some(raw) if raw.get().starts_with('{') => params.slice_of(raw),
        Some(raw) if raw.get() == "null" => JsonBytes::empty_object(),
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
