//! Subscribing in the era of the conversation.

use mcp_core::types::SubscriptionFilter;

use super::handle::Subscription;
use super::listen::listen;
use super::watch::watch;
use crate::client::Client;
use crate::error::Error;

/// Subscribes to what the filter asks for.
pub(crate) async fn subscribe(
    client: &Client,
    filter: SubscriptionFilter,
) -> Result<Subscription, Error> {
    if client.session().is_modern() {
        listen(client, filter).await
    } else {
        watch(client, filter).await
    }
}
