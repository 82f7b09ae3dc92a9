//! `tools/list` and `tools/call`. Spec: server/tools.

use std::borrow::Cow;

use mcp_core::era::wrap_structured;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::Structured;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Cursor, parse, present, require};
use crate::context::Context;
use crate::input::{self, Ended, Leg};

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "inputResponses", deserialize_with = "present")]
    input_responses: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "requestState")]
    request_state: Option<&'a RawValue>,
}

impl Params<'_> {
    fn arguments(&self, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
        match self.arguments {
            None => Ok(JsonBytes::empty_object()),
            Some(raw) if raw.get().starts_with('{') => Ok(params.slice_of(raw)),
            Some(raw) if raw.get() == "null" => Ok(JsonBytes::empty_object()),
            Some(_) => Err(ErrorObject::invalid_params("/arguments: expected an object")),
        }
    }
}

pub(super) async fn call(context: Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let parsed: Params<'_> = parse(params)?;
    let arguments = parsed.arguments(params)?;
    let registry = context.0.server.live.registry();
    require(registry.tools.is_offered(), "tools/call")?;
    let Some(route) = registry.tools.get(&parsed.name) else { return Err(unknown(&parsed.name)) };
    let (input_responses, request_state) = (parsed.input_responses, parsed.request_state);
    let leg = Leg { method: "tools/call", params, input_responses, request_state };
    input::open(&context, &leg)?;
    let handler = route.call(context.clone(), arguments);
    let again = || Ok(route.call(context.clone(), parsed.arguments(params)?));
    let mut result = match input::run(&context, leg, handler, again).await? {
        Ended::Complete(result) => result,
        Ended::InputRequired(result) => return context.0.server.encode_input_required(result),
    };
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
