//! The innermost service. It dispatches by method.

use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, Params};
use mcp_core::method::{
    Complete, Discover, Method as _, Ping, PromptsGet, PromptsList, ResourceTemplatesList,
    ResourcesList, ResourcesRead, ResourcesSubscribe, ResourcesUnsubscribe, SetLevel,
    SubscriptionsListen, ToolsCall, ToolsList,
};
use mcp_core::service::{Notification, Reply, Request, Service};

use super::request::RoutedRequest;
use super::{completion, discover, logging, prompts, resources, subscriptions, tools};
use crate::auth::Principal;
use crate::call::Call;
use crate::context::{Context, HandlerFuture};
use crate::definition::ServerDefinition;
use crate::registry::Registry;

/// The innermost service. It answers requests that have a [`Context`].
#[derive(Debug)]
pub(crate) struct Router(Arc<ServerDefinition>);

impl Router {
    pub(crate) const fn new(server: Arc<ServerDefinition>) -> Self {
        Self(server)
    }

    /// Answers a call that no layer has changed.
    pub(super) async fn answer(&self, call: &Arc<Call>) -> Reply {
        let context = Context::new(Arc::clone(call));
        Ok(self.route(&context, &call.method, &call.params).await?)
    }

    /// Checks the scopes of a request that has passed layers: they may have changed what it asks for.
    fn check_scopes(&self, context: &Context, request: &Request) -> Result<(), ErrorObject> {
        let call = context.call();
        let principal = call.extensions.get::<Principal>();
        let Some(registry) = call.snapshot.downcast_ref::<Registry>() else { return Ok(()) };
        if principal.is_none() && !call.conversation.binding.is_http() {
            return Ok(());
        }
        self.0.access.check(registry, &request.method, &request.params, principal)
    }

    async fn route(
        &self,
        context: &Context,
        method: &str,
        params: &Params,
    ) -> Result<JsonBytes, ErrorObject> {
        // `Connection::begin` set it.
        let Some(registry) = context.call().snapshot.downcast_ref::<Registry>() else {
            return Err(crate::error::internal("routing a call", &"the call has no registry"));
        };
        let routed = RoutedRequest { server: &self.0, registry, context, params };
        match method {
            ToolsCall::NAME => tools::call(&routed).await,
            ToolsList::NAME => tools::list(&routed),
            PromptsGet::NAME => prompts::get(&routed).await,
            PromptsList::NAME => prompts::list(&routed),
            ResourcesRead::NAME => resources::read(&routed).await,
            ResourcesList::NAME => resources::list(&routed),
            ResourceTemplatesList::NAME => resources::list_templates(&routed),
            ResourcesSubscribe::NAME => Box::pin(resources::subscribe(&routed)).await,
            ResourcesUnsubscribe::NAME => Box::pin(resources::unsubscribe(&routed)).await,
            // Boxed, because they are rare and would increase the size of every call's future.
            Complete::NAME => Box::pin(completion::complete(&routed)).await,
            Discover::NAME => discover::discover(&routed),
            SubscriptionsListen::NAME => Box::pin(subscriptions::listen(&routed)).await,
            SetLevel::NAME => Box::pin(logging::set_level(&routed)).await,
            Ping::NAME => routed.empty(),
            #[cfg(feature = "tasks")]
            name if context.rules().core_tasks && self.0.tasks.is_some() => {
                let answer = match &self.0.tasks {
                    Some(tasks) => Box::pin(tasks.answer_2025(context, name, params)).await,
                    None => None,
                };
                match answer {
                    Some(answer) => answer,
                    None => self.custom(context, name, params).await,
                }
            }
            name => self.custom(context, name, params).await,
        }
    }

    /// Answers a request that is not part of the core protocol.
    fn custom(&self, context: &Context, name: &str, params: &Params) -> HandlerFuture<JsonBytes> {
        match self.0.methods.get(name) {
            Some(method) if method.is_in(context.revision()) => {
                method.call(context.clone(), params)
            }
            _ => Box::pin(std::future::ready(Err(ErrorObject::method_not_found(name)))),
        }
    }
}

impl Service for Router {
    async fn call(&self, mut request: Request) -> Reply {
        let Some(context) = Context::take(&mut request) else {
            // A layer created a request, or dropped the extensions of the one it received.
            let error = &"a layer forwarded a request without its extensions";
            return Err(crate::error::internal("routing a call", error).into());
        };
        self.check_scopes(&context, &request)?;
        Ok(self.route(&context, &request.method, &request.params).await?)
    }

    async fn notify(&self, _: Notification) {}
}
