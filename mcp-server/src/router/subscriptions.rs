//! `subscriptions/listen`: a request that stays open and sends change notifications. Spec:
//! basic/patterns/subscriptions.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::stream::{SelectAll, StreamExt as _};
use mcp_core::json::{JsonBytes, JsonObject};
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::meta::Meta;
use mcp_core::method::notification;
use mcp_core::types::{
    CancelledParams, SubscriptionAcknowledgedParams, SubscriptionFilter, SubscriptionsListenParams,
    SubscriptionsListenResult,
};
use serde_json::Value;

use super::request::RoutedRequest;
use crate::call::Binding;
use crate::extension::{Notifications, of_subscription};
use crate::registry::Registry;
use crate::subscription::Filter;

pub(super) async fn listen(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    let params: SubscriptionsListenParams = request.parse()?;
    let RoutedRequest { server, context, .. } = *request;
    let call = context.call();
    let asked = match server.filters.is_empty() {
        true => Value::Null,
        false => serde_json::to_value(&params.notifications).map_err(|error| internal(&error))?,
    };
    let accepted = accept(params.notifications, request.registry);
    let limits = server.limits();
    let uris = accepted.resource_subscriptions.iter().flatten();
    if uris.clone().count() > limits.max_subscribed_uris
        || uris.clone().any(|uri| uri.len() > limits.max_uri_bytes)
    {
        return Err(ErrorObject::invalid_params(format!(
            "/notifications/resourceSubscriptions: at most {} URIs (max_subscribed_uris) of at most {} bytes \
             (max_uri_bytes)",
            limits.max_subscribed_uris, limits.max_uri_bytes
        )));
    }
    let max = match call.conversation.binding {
        Binding::Stream => limits.max_subscriptions,
        #[cfg(feature = "http")]
        Binding::HttpSession => limits.max_subscriptions,
        #[cfg(feature = "http-sse")]
        Binding::HttpSse => limits.max_subscriptions,
        #[cfg(feature = "http")]
        Binding::Http => usize::MAX, // The HTTP transport limits them.
    };
    let _permit = SubscriptionPermit::take(&call.conversation.listening, max)?;
    let (extended, mut streams) = listen_to_extensions(request, &asked).await?;
    let listener = server.live.hub.listen(Filter {
        tools: accepted.tools_list_changed == Some(true),
        prompts: accepted.prompts_list_changed == Some(true),
        resources: accepted.resources_list_changed == Some(true),
        uris: uris.cloned().collect(),
    });
    let id = &call.id;
    let peer = &call.peer;
    let acknowledged = SubscriptionAcknowledgedParams::new(extend(accepted, extended)?)
        .meta(subscription_meta(id));
    context.notify::<notification::SubscriptionAcknowledged>(&acknowledged).await;
    let mut drained = std::pin::pin!(call.conversation.drained());
    let principal = context.principal();
    let mut expired = std::pin::pin!(async {
        match principal {
            Some(principal) => principal.expired().await,
            None => std::future::pending().await,
        }
    });
    loop {
        // The stream of an extension may always be ready.
        tokio::task::consume_budget().await;
        let notification = tokio::select! {
            biased; // Pending changes are sent before the end. Extensions do not delay it.
            change = listener.next() => change.into_notification(Some(id)),
            () = &mut drained => break,
            // The client listens again with its next token.
            () = &mut expired => break,
            Some((method, params)) = streams.next() => match of_subscription(method, params, id) {
                Ok(notification) => notification,
                Err(error) => {
                    tracing::error!(method, %error, "a notification could not be written");
                    continue;
                }
            },
        };
        peer.notify(notification).await;
    }
    if call.conversation.binding == Binding::Stream {
        let cancelled =
            CancelledParams::new().request_id(id.clone()).reason("the connection is closing");
        context.notify::<notification::Cancelled>(&cancelled).await;
    }
    context.encode(SubscriptionsListenResult::new().meta(subscription_meta(id)))
}

/// Begins to listen to what the filters of extensions ask for. Returns what they accept, and their
/// notifications. Members that no extension defines are ignored.
///
/// # Errors
/// Those of [`ListenFilter::listen`](crate::extension::ListenFilter::listen).
async fn listen_to_extensions(
    request: &RoutedRequest<'_>,
    asked: &Value,
) -> Result<(JsonObject, SelectAll<Notifications>), ErrorObject> {
    let (mut accepted, mut streams) = (JsonObject::new(), SelectAll::new());
    for filter in &request.server.filters {
        let Some(value) = asked.get(filter.member).filter(|value| !value.is_null()) else {
            continue;
        };
        if let Some(listening) = filter.listen(request.context, value).await? {
            accepted.insert(filter.member.to_owned(), listening.accepted);
            streams.push(listening.notifications);
        }
    }
    Ok((accepted, streams))
}

/// Adds what extensions accept to the accepted part of a filter.
fn extend(
    accepted: SubscriptionFilter,
    extended: JsonObject,
) -> Result<SubscriptionFilter, ErrorObject> {
    if extended.is_empty() {
        return Ok(accepted);
    }
    let mut members = serde_json::to_value(accepted).map_err(|error| internal(&error))?;
    if let Some(members) = members.as_object_mut() {
        members.extend(extended);
    }
    serde_json::from_value(members).map_err(|error| internal(&error))
}

fn internal(error: &serde_json::Error) -> ErrorObject {
    crate::error::internal("accepting the filter of a subscription", error)
}

/// Returns the part of a filter that the server supports. The acknowledgement omits the rest.
fn accept(asked: SubscriptionFilter, registry: &Registry) -> SubscriptionFilter {
    let mut accepted = SubscriptionFilter::new();
    accepted.tools_list_changed = asked.tools_list_changed.filter(|_| registry.tools.is_offered());
    accepted.prompts_list_changed =
        asked.prompts_list_changed.filter(|_| registry.prompts.is_offered());
    accepted.resources_list_changed =
        asked.resources_list_changed.filter(|_| registry.resources.is_offered());
    accepted.resource_subscriptions =
        asked.resource_subscriptions.filter(|_| registry.resources.is_offered());
    accepted
}

fn subscription_meta(id: &RequestId) -> Meta {
    Meta::new().with_subscription_id(id.clone())
}

/// A permit for one open subscription of a conversation.
struct SubscriptionPermit<'a>(&'a AtomicUsize);

impl<'a> SubscriptionPermit<'a> {
    fn take(count: &'a AtomicUsize, max: usize) -> Result<Self, ErrorObject> {
        let permit = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) >= max {
            return Err(ErrorObject::invalid_params(format!(
                "a connection can have at most {max} subscriptions (max_subscriptions); cancel one first"
            ))); // Drops `permit`.
        }
        Ok(permit)
    }
}

impl Drop for SubscriptionPermit<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
