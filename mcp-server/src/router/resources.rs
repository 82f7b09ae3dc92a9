//! `resources/list`, `resources/templates/list`, `resources/read`, and the legacy `resources/subscribe` and
//! `resources/unsubscribe`. Spec: server/resources.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::types::SubscribeParams;
use serde::Deserialize;

use super::{Cursor, empty, parse, require};
use crate::context::Context;
use crate::input::{self, Ended, Leg};

#[derive(Deserialize)]
struct Params {
    uri: String,
}

pub(super) async fn read(context: Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let Params { uri } = parse(params)?;
    check_uri(&context, &uri)?;
    let registry = context.0.server.live.registry();
    require(registry.resources.is_offered(), "resources/read")?;
    let Some((route, variables)) = registry.resource(&uri) else { return Err(not_found(&uri)) };
    let leg = Leg::new("resources/read", params)?;
    input::open(&context, &leg)?;
    let handler = route.read(context.clone(), uri, variables);
    let again = || {
        let Params { uri } = parse(params)?;
        let variables = registry.resource(&uri).map(|(_, variables)| variables);
        Ok(route.read(context.clone(), uri, variables.unwrap_or_default()))
    };
    let result = match input::run(&context, leg, handler, again).await? {
        Ended::Complete(result) => result,
        Ended::InputRequired(result) => return context.0.server.encode_input_required(result),
    };
    context.0.server.encode(result, context.revision())
}

pub(super) fn list(context: &Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let cursor: Cursor<'_> = parse(params)?;
    let registry = context.0.server.live.registry();
    require(registry.resources.is_offered(), "resources/list")?;
    registry.list_resources(&cursor.ask(context, context.0.server.page_sizes.resources))
}

pub(super) fn list_templates(
    context: &Context,
    params: &JsonBytes,
) -> Result<JsonBytes, ErrorObject> {
    let cursor: Cursor<'_> = parse(params)?;
    let registry = context.0.server.live.registry();
    require(registry.resources.is_offered(), "resources/templates/list")?;
    registry.list_templates(&cursor.ask(context, context.0.server.page_sizes.resources))
}

pub(super) fn subscribe(context: &Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let SubscribeParams { uri, .. } = parse(params)?;
    check_uri(context, &uri)?;
    let registry = context.0.server.live.registry();
    require(registry.resources.is_offered(), "resources/subscribe")?;
    let most = context.0.server.limits.subscribed_uris;
    if let Some(session) = &context.0.session
        && !session.listener.watch(uri, most)
    {
        return Err(ErrorObject::invalid_params(format!(
            "at most {most} resources can be watched"
        )));
    }
    empty(context)
}

pub(super) fn unsubscribe(context: &Context, params: &JsonBytes) -> Result<JsonBytes, ErrorObject> {
    let SubscribeParams { uri, .. } = parse(params)?;
    require(context.0.server.live.registry().resources.is_offered(), "resources/unsubscribe")?;
    if let Some(session) = &context.0.session {
        session.listener.unwatch(&uri);
    }
    empty(context)
}

fn check_uri(context: &Context, uri: &str) -> Result<(), ErrorObject> {
    let longest = context.0.server.limits.uri_bytes;
    if uri.len() > longest {
        return Err(ErrorObject::invalid_params(format!("/uri: longer than {longest} bytes")));
    }
    Ok(())
}

/// In the code of the legacy era; the router fits it to the revision.
fn not_found(uri: &str) -> ErrorObject {
    ErrorObject::new(code::RESOURCE_NOT_FOUND, "resource not found")
        .with_data(&serde_json::json!({ "uri": uri }))
}
