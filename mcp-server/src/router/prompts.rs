//! `prompts/list` and `prompts/get`. Spec: server/prompts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::{Method as _, PromptsGet, PromptsList};
use serde::Deserialize;

use super::known_digests;
use super::request::{RoutedRequest, require};
use crate::error::unknown_route;
use crate::input::{self, RoundInput};

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default)]
    arguments: Option<BTreeMap<String, String>>,
}

pub(super) async fn get(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    let RoutedRequest { registry, context, params, .. } = *request;
    let Params { name, arguments } = request.parse()?;
    require(registry.prompts.is_offered(), PromptsGet::NAME)?;
    known_digests::check(request);
    let Some(route) = registry.prompts.get(&name) else {
        return Err(unknown_route("prompt", &name));
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
    let input = RoundInput::read(PromptsGet::NAME, params)?;
    let begin = || route.get(context.clone(), arguments.clone());
    input::answer(context, input, begin, |result| {
        if result.description.is_none() {
            result.description.clone_from(&route.prompt.description);
        }
        Ok(())
    })
    .await?
    .into_result()
}

pub(super) fn list(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    require(request.registry.prompts.is_offered(), PromptsList::NAME)?;
    request.list(request.server.page_sizes.prompts, |registry, page| registry.list_prompts(page))
}
