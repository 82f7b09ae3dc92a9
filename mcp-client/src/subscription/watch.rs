//! Subscriptions of the legacy era: `resources/subscribe` for each resource, and changes of lists,
//! which servers announce without being asked. Spec: server/resources, until 2025-11-25.

use std::sync::Arc;

use mcp_core::json::Extra;
use mcp_core::types::SubscriptionFilter;

use super::guard::{Guard, Watch};
use super::handle::Subscription;
use crate::client::Client;
use crate::error::Error;

/// Subscribes to each resource on a legacy server.
pub(super) async fn watch(
    client: &Client,
    filter: SubscriptionFilter,
) -> Result<Subscription, Error> {
    let wire = client.wire();
    let queue = wire.inbound.hub.listen(Some(filter.clone()));
    wire.connection.outbound().listening().await;
    let mut watch = Watch::new(client.clone());
    for uri in filter.resource_subscriptions.iter().flatten() {
        client.subscribe_resource(uri).await?;
        watch.add(uri);
    }
    let capabilities = client.server_capabilities();
    let announces = |changes: Option<bool>| changes == Some(true);
    let mut acknowledged = filter.clone();
    // Legacy subscriptions have no members of extensions.
    acknowledged.task_ids = None;
    acknowledged.extra = Extra::default();
    if !capabilities.tools.as_ref().is_some_and(|tools| announces(tools.list_changed)) {
        acknowledged.tools_list_changed = None;
    }
    if !capabilities.prompts.as_ref().is_some_and(|prompts| announces(prompts.list_changed)) {
        acknowledged.prompts_list_changed = None;
    }
    if !capabilities.resources.as_ref().is_some_and(|resources| announces(resources.list_changed)) {
        acknowledged.resources_list_changed = None;
    }
    Ok(Subscription::new(queue, filter, acknowledged, Arc::default(), Guard::Legacy(watch)))
}
