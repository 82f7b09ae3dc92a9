//! `prompts/list` and `prompts/get`. Spec: server/prompts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use serde::Deserialize;

use super::{Cursor, parse, require};
use crate::context::Context;
use crate::input::{self, Ended, Leg};

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default)]
    arguments: Option<BTreeMap<String, String>>,
}

pub(super) async fn get(context: Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let Params { name, arguments } = parse(params)?;
    let registry = context.0.server.live.registry();
    require(registry.prompts.is_offered(), "prompts/get")?;
    let Some(route) = registry.prompts.get(name.as_ref()) else {
        let shown: String =
            name.chars().filter(|character| !character.is_control()).take(128).collect();
        return Err(ErrorObject::invalid_params(format!("unknown prompt: {shown}")));
    };
    let arguments = arguments.unwrap_or_default();
    let missing: Vec<_> = (route.prompt.arguments.iter().flatten())
        .filter(|argument| {
            argument.required == Some(true) && !arguments.contains_key(&argument.name)
        })
        .map(|argument| format!("/arguments/{}: the argument is required", argument.name))
        .collect();
    if !missing.is_empty() {
        return Err(ErrorObject::invalid_params(missing.join("; ")));
    }
    let leg = Leg::new("prompts/get", params)?;
    input::open(&context, &leg)?;
    let handler = route.get(context.clone(), arguments);
    let again = || {
        let again: Params<'_> = parse(params)?;
        Ok(route.get(context.clone(), again.arguments.unwrap_or_default()))
    };
    let mut result = match input::run(&context, leg, handler, again).await? {
        Ended::Complete(result) => result,
        Ended::InputRequired(result) => return context.0.server.encode_input_required(result),
    };
    if result.description.is_none() {
        result.description.clone_from(&route.prompt.description);
    }
    context.0.server.encode(result, context.revision())
}

pub(super) fn list(context: &Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let cursor: Cursor<'_> = parse(params)?;
    let registry = context.0.server.live.registry();
    require(registry.prompts.is_offered(), "prompts/list")?;
    registry.list_prompts(&cursor.ask(context, context.0.server.page_sizes.prompts))
}
