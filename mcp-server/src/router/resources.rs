//! `resources/list`, `resources/templates/list`, `resources/read`, and the legacy
//! `resources/subscribe` and `resources/unsubscribe`. Spec: server/resources.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::{
    Method as _, ResourceTemplatesList, ResourcesList, ResourcesRead, ResourcesSubscribe,
    ResourcesUnsubscribe,
};
use mcp_core::types::{CacheScope, ReadResourceResult, SubscribeParams};
use serde::Deserialize;

use super::known_digests;
use super::request::{RoutedRequest, require};
use crate::context::Context;
use crate::error::resource_not_found;
use crate::input::{self, RoundInput};
use crate::registry::RouteFilters;

#[derive(Deserialize)]
struct Params {
    uri: String,
}

pub(super) async fn read(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    let RoutedRequest { registry, context, params, .. } = *request;
    let Params { uri } = request.parse()?;
    check_uri(context, &uri)?;
    require(registry.resources.is_offered(), ResourcesRead::NAME)?;
    known_digests::check(request);
    let Some((route, variables)) = registry.resource(&uri) else {
        registry.log_mismatches(&uri);
        return Err(resource_not_found(&uri));
    };
    let input = RoundInput::read(ResourcesRead::NAME, params)?;
    let begin = || route.read(context.clone(), uri.clone(), variables.clone());
    let finish = |result: &mut ReadResourceResult| {
        let is_restricted = context.extensions().get::<RouteFilters>().is_some();
        if is_restricted || !route.scopes.is_empty() {
            result.cache_scope = Some(CacheScope::Private); // Not every user may read it.
        }
        Ok(())
    };
    input::answer(context, input, begin, finish).await?.into_result()
}

pub(super) fn list(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    require(request.registry.resources.is_offered(), ResourcesList::NAME)?;
    request
        .list(request.server.page_sizes.resources, |registry, page| registry.list_resources(page))
}

pub(super) fn list_templates(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    require(request.registry.resources.is_offered(), ResourceTemplatesList::NAME)?;
    request
        .list(request.server.page_sizes.resources, |registry, page| registry.list_templates(page))
}

pub(super) async fn subscribe(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    let context = request.context;
    let SubscribeParams { uri, .. } = request.parse()?;
    check_uri(context, &uri)?;
    require(request.registry.resources.is_offered(), ResourcesSubscribe::NAME)?;
    if let Some(session) = &context.call().session {
        session.watch(&uri, request.server.limits().max_subscribed_uris).await?;
    }
    request.empty()
}

pub(super) async fn unsubscribe(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    let SubscribeParams { uri, .. } = request.parse()?;
    require(request.registry.resources.is_offered(), ResourcesUnsubscribe::NAME)?;
    if let Some(session) = &request.context.call().session {
        session.unwatch(&uri).await?;
    }
    request.empty()
}

fn check_uri(context: &Context, uri: &str) -> Result<(), ErrorObject> {
    let max = context.call().environment.limits.max_uri_bytes;
    if uri.len() > max {
        return Err(ErrorObject::invalid_params(format!(
            "/uri: {} bytes exceed the limit of {max} bytes (max_uri_bytes)",
            uri.len()
        )));
    }
    Ok(())
}
