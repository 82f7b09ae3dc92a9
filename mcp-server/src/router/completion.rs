//! `completion/complete`. Spec: server/utilities/completion.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::{Complete, Method as _};
use mcp_core::types::{CompleteParams, CompleteResult, Completion, CompletionReference};

use super::request::{RoutedRequest, require};
use crate::completion::{Completers, CompletionCall};
use crate::error::{no_such_prompt, no_such_template};
use crate::registry::Registry;
use crate::resource::ResourceKind;

pub(super) async fn complete(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    let context = request.context;
    let params: CompleteParams = request.parse()?;
    require(request.registry.has_completers(), Complete::NAME)?;
    let (names, completers) = find(request.registry, &params.reference)?;
    let argument = params.argument;
    if !names.contains(&argument.name) {
        let known = names.join(", ");
        return Err(ErrorObject::invalid_params(format!(
            "/argument/name: expected one of {known}"
        )));
    }
    let mut completion = match completers.get(&argument.name) {
        None => Completion::new(),
        Some(completer) => {
            let arguments =
                params.context.and_then(|context| context.arguments).unwrap_or_default();
            let call =
                CompletionCall { context: context.clone(), value: argument.value, arguments };
            completer.complete(call).await?
        }
    };
    // CMP-2: at most 100 values; `total` and `hasMore` describe the rest.
    if completion.values.len() > Completion::MAX_VALUES {
        let all = i64::try_from(completion.values.len()).ok();
        completion.values.truncate(Completion::MAX_VALUES);
        completion.has_more = Some(true);
        if completion.total.is_none() {
            completion.total = all.and_then(|all| all.try_into().ok());
        }
    }
    context.encode(CompleteResult::new(completion))
}

/// Returns the argument names of the referenced prompt or template, and their completers.
fn find<'a>(
    registry: &'a Registry,
    reference: &CompletionReference,
) -> Result<(Vec<String>, &'a Completers), ErrorObject> {
    match reference {
        CompletionReference::Prompt(prompt) => {
            let route = (registry.prompts.get(&prompt.name)).ok_or_else(no_such_prompt)?;
            let names =
                route.prompt.arguments.iter().flatten().map(|argument| argument.name.clone());
            Ok((names.collect(), &route.completers))
        }
        CompletionReference::Resource(resource) => {
            // The URI template, or a URI that matches one.
            let route = (registry.templates.get(&resource.uri))
                .or_else(|| registry.resource(&resource.uri).map(|(route, _)| route))
                .ok_or_else(no_such_template)?;
            let names = match &route.kind {
                ResourceKind::Template { template: Ok(template), .. } => {
                    template.variables().map(str::to_owned).collect()
                }
                _ => Vec::new(),
            };
            Ok((names, &route.completers))
        }
        _ => Err(ErrorObject::invalid_params("/ref/type: expected ref/prompt or ref/resource")),
    }
}
