//! `subscriptions/listen`: a request that stays open while changes are told. Spec:
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
    let honoured = honour(params.notifications, request.registry);
    let limits = server.limits();
    let uris = honoured.resource_subscriptions.iter().flatten();
    if uris.clone().count() > limits.max_subscribed_uris
        || uris.clone().any(|uri| uri.len() > limits.max_uri_bytes)
    {
        return Err(ErrorObject::invalid_params(format!(
            "/notifications/resourceSubscriptions: at most {} URIs of at most {} bytes",
            limits.max_subscribed_uris, limits.max_uri_bytes
        )));
    }
    let most = match call.conversation.binding {
        Binding::Stream => limits.max_subscriptions,
        #[cfg(feature = "http")]
        Binding::HttpSession => limits.max_subscriptions,
        #[cfg(feature = "http")]
        Binding::Http => usize::MAX, // The binding bounds them before they get here.
    };
    let _permit = SubscriptionPermit::take(&call.conversation.listening, most)?;
    let listener = server.live.hub.listen(Filter {
        tools: honoured.tools_list_changed == Some(true),
        prompts: honoured.prompts_list_changed == Some(true),
        resources: honoured.resources_list_changed == Some(true),
        uris: uris.cloned().collect(),
    });
    let id = &call.id;
    let peer = &call.peer;
    let acknowledged = SubscriptionAcknowledgedParams::new(honoured).meta(belongs_to(id));
    context.notify::<notification::SubscriptionAcknowledged>(&acknowledged).await;
    let mut drained = std::pin::pin!(call.conversation.drained());
    loop {
        let change = tokio::select! {
            biased; // What is left is told before the end.
            change = listener.next() => change,
            () = &mut drained => break,
        };
        peer.notify(change.into_notification(Some(id))).await;
    }
    if call.conversation.binding == Binding::Stream {
        let cancelled =
            CancelledParams::new().request_id(id.clone()).reason("the conversation ends");
        context.notify::<notification::Cancelled>(&cancelled).await;
    }
    context.encode(SubscriptionsListenResult::new().meta(belongs_to(id)))
}

/// What of a filter can be served: the rest is left out of the acknowledgement.
fn honour(asked: SubscriptionFilter, registry: &Registry) -> SubscriptionFilter {
    let mut honoured = SubscriptionFilter::new();
    honoured.tools_list_changed = asked.tools_list_changed.filter(|_| registry.tools.is_offered());
    honoured.prompts_list_changed =
        asked.prompts_list_changed.filter(|_| registry.prompts.is_offered());
    honoured.resources_list_changed =
        asked.resources_list_changed.filter(|_| registry.resources.is_offered());
    honoured.resource_subscriptions =
        asked.resource_subscriptions.filter(|_| registry.resources.is_offered());
    honoured
}

fn belongs_to(id: &RequestId) -> Meta {
    Meta::new().with_subscription_id(id.clone())
}

/// One of the subscriptions that a conversation may have open.
struct SubscriptionPermit<'a>(&'a AtomicUsize);

impl<'a> SubscriptionPermit<'a> {
    fn take(count: &'a AtomicUsize, most: usize) -> Result<Self, ErrorObject> {
        let permit = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) >= most {
            return Err(ErrorObject::invalid_params(format!(
                "at most {most} subscriptions at a time"
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
