//! `tools/list` and `tools/call`. Spec: server/tools.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::{Method as _, ToolsCall, ToolsList};

use super::known_digests;
use super::request::{RoutedRequest, require};
use crate::error::{invalid_params, unknown_route};
#[cfg(feature = "tasks")]
use crate::input::CallAnswer;
use crate::input::{self, RoundInput};
use crate::json_text::read_text;
#[cfg(feature = "tasks")]
use crate::task::{self, CallMode};
use crate::tool::Translation;

pub(super) async fn call(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    let RoutedRequest { registry, context, params, .. } = *request;
    let [name, arguments, input_responses, request_state] = params
        .member_texts(["name", "arguments", "inputResponses", "requestState"])
        .map_err(|error| ErrorObject::invalid_params(error.to_string()))?;
    let Some(name) = name else { return Err(ErrorObject::invalid_params("missing field `name`")) };
    let name = read_text(name).map_err(|error| invalid_params(&error))?;
    let arguments = object(arguments)?;
    let arguments = || arguments.map_or(JsonBytes::empty_object(), |text| params.slice_ref(text));
    require(registry.tools.is_offered(), ToolsCall::NAME)?;
    known_digests::check(request);
    let Some(route) = registry.tools.get(&name) else { return Err(unknown_route("tool", &name)) };
    let input = RoundInput { method: ToolsCall::NAME, params, input_responses, request_state };
    let refused = match registry.tools.has_dialects() {
        true => {
            let translation = context.call().extensions.get::<Translation>();
            translation.and_then(|it| it.errors_in(arguments().as_str()))
        }
        false => None,
    };
    let begin = || route.call(context.clone(), arguments());
    #[cfg(feature = "tasks")]
    if let Some(tasks) = &request.server.tasks {
        let [task] = params
            .member_texts(["task"])
            .map_err(|error| ErrorObject::invalid_params(error.to_string()))?;
        match task::mode(context, route, task)? {
            CallMode::InPlace => {}
            // What cannot be translated is refused below.
            CallMode::Task if refused.is_some() => {}
            CallMode::Task => {
                // A round before may have asked in place.
                input::open(context, &input).await?;
                return Box::pin(tasks.start(context, route, params)).await;
            }
            CallMode::Task2025(ttl) => {
                if let Some(errors) = refused {
                    return Err(ErrorObject::invalid_params(errors.to_string()));
                }
                return Box::pin(tasks.start_2025(context, route, params, ttl)).await;
            }
        }
    }
    if let Some(errors) = refused {
        let begin = || route.refuse(context.clone(), arguments(), errors.clone());
        return input::answer(context, input, begin, |_| Ok(())).await?.into_result();
    }
    let answer =
        input::answer(context, input, begin, |result| route.finish(context, result)).await?;
    #[cfg(feature = "tasks")]
    if let (CallAnswer::Detached, Some(tasks)) = (&answer, &request.server.tasks) {
        return Box::pin(tasks.start(context, route, params)).await;
    }
    answer.into_result()
}

/// Returns the text of the arguments, an object. `null` counts as absent.
fn object(arguments: Option<&str>) -> Result<Option<&str>, ErrorObject> {
    match arguments {
        None | Some("null") => Ok(None),
        Some(text) if text.starts_with('{') => Ok(Some(text)),
        Some(_) => Err(ErrorObject::invalid_params("/arguments: expected an object")),
    }
}

pub(super) fn list(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    require(request.registry.tools.is_offered(), ToolsList::NAME)?;
    request.list(request.server.page_sizes.tools, |registry, page| registry.list_tools(page))
}
