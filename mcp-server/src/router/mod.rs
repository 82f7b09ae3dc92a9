//! From a method to the function that answers it: one match, then one map look-up on the name (step 5 of the
//! walk of a call). One file per family of methods.

mod completion;
mod custom;
mod discover;
mod logging;
mod prompts;
mod resources;
mod stack;
mod subscriptions;
mod tools;

use std::borrow::Cow;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::service::{Notification, Reply, Request, Service};
use mcp_core::types::EmptyResult;
use serde::Deserialize;

pub(crate) use custom::CustomMethod;
pub(crate) use stack::Stack;

use crate::context::Context;
use crate::registry::ListAsk;

/// The innermost service: takes requests that have a [`Context`].
#[derive(Debug)]
pub(crate) struct Router;

impl Service for Router {
    async fn call(&self, mut request: Request) -> Reply {
        let Some(context) = Context::take(&mut request) else {
            // A layer made a request of its own, or lost the extensions of the one it got.
            let error = &"a layer passed on a request without its extensions";
            return Err(crate::error::internal("finding the context of a call", error).into());
        };
        let answer = route(context.clone(), request).await;
        Ok(answer.map_err(|error| fit_error(error, &context))?)
    }

    async fn notify(&self, _: Notification) {}
}

async fn route(context: Context, request: Request) -> Result<JsonBytes, ErrorObject> {
    let params = &request.params;
    match &*request.method {
        "tools/call" => tools::call(context, params).await,
        "tools/list" => tools::list(&context, params),
        "prompts/get" => prompts::get(context, params).await,
        "prompts/list" => prompts::list(&context, params),
        "resources/read" => resources::read(context, params).await,
        "resources/list" => resources::list(&context, params),
        "resources/templates/list" => resources::list_templates(&context, params),
        "resources/subscribe" => resources::subscribe(&context, params),
        "resources/unsubscribe" => resources::unsubscribe(&context, params),
        "completion/complete" => completion::complete(context, params).await,
        "server/discover" => discover::discover(&context),
        "subscriptions/listen" => subscriptions::listen(&context, params).await,
        "logging/setLevel" => logging::set_level(&context, params),
        "ping" => empty(&context),
        name => custom::call(context.clone(), name, params).await,
    }
}

/// −32002 for an unknown resource is −32602 where the revision says so, and is never sent there (ERR-5).
fn fit_error(error: ErrorObject, context: &Context) -> ErrorObject {
    if error.code() != code::RESOURCE_NOT_FOUND {
        return error;
    }
    let fitted = ErrorObject::new(context.rules().resource_not_found_code, error.message());
    match error.data() {
        Some(data) => fitted.with_data(&data),
        None => fitted,
    }
}

/// −32602 with the place in the parameters, as far as it is known.
pub(crate) fn invalid_params(error: &dyn std::fmt::Display) -> ErrorObject {
    let text = error.to_string();
    ErrorObject::invalid_params(text.split(" at line ").next().unwrap_or_default())
}

fn parse<'a, T: Deserialize<'a>>(params: &'a JsonBytes) -> Result<T, ErrorObject> {
    params.parse().map_err(|error| invalid_params(&error))
}

fn empty(context: &Context) -> Result<JsonBytes, ErrorObject> {
    context.0.server.encode(EmptyResult::new(), context.revision())
}

/// A method of a capability that is not offered does not exist (ERR-9).
fn require(offered: bool, method: &str) -> Result<(), ErrorObject> {
    if offered { Ok(()) } else { Err(ErrorObject::method_not_found(method)) }
}

/// Parameters of a list.
#[derive(Deserialize)]
struct Cursor<'a> {
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
}

impl Cursor<'_> {
    fn ask<'a>(&'a self, context: &'a Context, page_size: usize) -> ListAsk<'a> {
        ListAsk {
            cursor: self.cursor.as_deref(),
            revision: context.revision(),
            encoder: &context.0.server.encoder,
            page_size,
        }
    }
}
