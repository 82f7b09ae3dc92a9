//! `subscriptions/listen`: a request that stays open and sends change notifications. Spec:
//! basic/patterns/subscriptions.

use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::meta::Meta;
use mcp_core::method::notification;
use mcp_core::types::{
    CancelledParams, SubscriptionAcknowledgedParams, SubscriptionFilter, SubscriptionsListenParams,
    SubscriptionsListenResult,
};

use super::request::RoutedRequest;
use crate::call::Binding;
use crate::registry::Registry;
use crate::subscription::Filter;

pub(super) async fn listen(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    let params: SubscriptionsListenParams = request.parse()?;
    let RoutedRequest { server, context, .. } = *request;
    let call = context.call();
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
    let listener = server.live.hub.listen(Filter {
        tools: accepted.tools_list_changed == Some(true),
        prompts: accepted.prompts_list_changed == Some(true),
        resources: accepted.resources_list_changed == Some(true),
        uris: uris.cloned().collect(),
    });
    let id = &call.id;
    let peer = &call.peer;
    let acknowledged = SubscriptionAcknowledgedParams::new(accepted).meta(subscription_meta(id));
    context.notify::<notification::SubscriptionAcknowledged>(&acknowledged).await;
    let mut drained = std::pin::pin!(call.conversation.drained());
    loop {
        let change = tokio::select! {
            biased; // Pending changes are sent before the end.
            change = listener.next() => change,
            () = &mut drained => break,
        };
        peer.notify(change.into_notification(Some(id))).await;
    }
    if call.conversation.binding == Binding::Stream {
        let cancelled =
            CancelledParams::new().request_id(id.clone()).reason("the connection is closing");
        context.notify::<notification::Cancelled>(&cancelled).await;
    }
    context.encode(SubscriptionsListenResult::new().meta(subscription_meta(id)))
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
