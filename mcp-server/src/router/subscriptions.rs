//! `subscriptions/listen`: a request that stays open while changes are told. Spec: basic/patterns/subscriptions.

use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::meta::Meta;
use mcp_core::service::Notification;
use mcp_core::types::{
    CancelledParams, SubscriptionAcknowledgedParams, SubscriptionFilter, SubscriptionsListenParams,
    SubscriptionsListenResult,
};

use super::parse;
use crate::context::Context;
use crate::era::Binding;
use crate::registry::Registry;
use crate::subscription::Filter;

pub(super) async fn listen(
    context: &Context,
    params: &JsonBytes,
) -> Result<JsonBytes, ErrorObject> {
    let params: SubscriptionsListenParams = parse(params)?;
    let server = &context.0.server;
    let honoured = honour(params.notifications, &server.live.registry());
    let limits = &server.limits;
    let uris = honoured.resource_subscriptions.iter().flatten();
    if uris.clone().count() > limits.subscribed_uris
        || uris.clone().any(|uri| uri.len() > limits.uri_bytes)
    {
        return Err(ErrorObject::invalid_params(format!(
            "/notifications/resourceSubscriptions: at most {} URIs of at most {} bytes",
            limits.subscribed_uris, limits.uri_bytes
        )));
    }
    let most = match context.0.conversation.binding {
        Binding::Stream => limits.subscriptions,
        #[cfg(feature = "http")]
        Binding::HttpSession => limits.subscriptions,
        #[cfg(feature = "http")]
        Binding::Http => usize::MAX, // The binding bounds them before they get here.
    };
    let _place = Place::take(&context.0.conversation.listening, most)?;
    let listener = server.live.hub.listen(Filter {
        tools: honoured.tools_list_changed == Some(true),
        prompts: honoured.prompts_list_changed == Some(true),
        resources: honoured.resources_list_changed == Some(true),
        uris: uris.cloned().collect(),
    });
    let id = &context.0.id;
    let peer = &context.0.peer;
    let acknowledged = SubscriptionAcknowledgedParams::new(honoured).meta(belongs_to(id));
    peer.notify(notification("notifications/subscriptions/acknowledged", &acknowledged)?).await;
    let mut drained = std::pin::pin!(context.0.conversation.drained());
    loop {
        let change = tokio::select! {
            biased; // What is left is told before the end.
            change = listener.next() => change,
            () = &mut drained => break,
        };
        peer.notify(change.into_notification(Some(id))).await;
    }
    if context.0.conversation.binding == Binding::Stream {
        let cancelled =
            CancelledParams::new().request_id(id.clone()).reason("the conversation ends");
        peer.notify(notification("notifications/cancelled", &cancelled)?).await;
    }
    server.encode(SubscriptionsListenResult::new().meta(belongs_to(id)), context.revision())
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

fn notification(
    method: &'static str,
    params: &impl serde::Serialize,
) -> Result<Notification, ErrorObject> {
    let params = JsonBytes::new(params)
        .map_err(|error| crate::error::internal("writing a notification", &error))?;
    Ok(Notification::new(method, params))
}

/// One of the subscriptions that a conversation may have open.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(count: &'a AtomicUsize, most: usize) -> Result<Self, ErrorObject> {
        let place = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) >= most {
            return Err(ErrorObject::invalid_params(format!(
                "at most {most} subscriptions at a time"
            ))); // Drops `place`.
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
