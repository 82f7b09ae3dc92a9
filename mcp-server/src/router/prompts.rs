//! `prompts/list` and `prompts/get`. Spec: server/prompts.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::GetPromptParams;

use super::{Cursor, parse, require};
use crate::context::Context;

pub(super) async fn get(context: Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let params: GetPromptParams = parse(params)?;
    let registry = context.0.server.live.registry();
    require(registry.prompts.is_offered(), "prompts/get")?;
    let Some(route) = registry.prompts.get(&params.name) else {
        let shown: String =
            params.name.chars().filter(|character| !character.is_control()).take(128).collect();
        return Err(ErrorObject::invalid_params(format!("unknown prompt: {shown}")));
    };
    let arguments = params.arguments.unwrap_or_default();
    let missing: Vec<_> = (route.prompt.arguments.iter().flatten())
        .filter(|argument| argument.required == Some(true) && !arguments.contains_key(&argument.name))
        .map(|argument| format!("/arguments/{}: the argument is required", argument.name))
        .collect();
    if !missing.is_empty() {
        return Err(ErrorObject::invalid_params(missing.join("; ")));
    }
    let mut result = route.get(context.clone(), arguments).await?;
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
