//! A change of what a server offers, and its notification.

use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::RequestId;
use mcp_core::meta::Meta;
use mcp_core::method::NotificationMethod as _;
use mcp_core::method::notification::{
    PromptsListChanged, ResourceUpdated, ResourcesListChanged, ToolsListChanged,
};
use mcp_core::service::Notification;
use mcp_core::types::{NotificationParams, ResourceUpdatedParams};

/// A change of what a server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Tools,
    Prompts,
    Resources,
    Resource(Arc<str>),
    /// Any of the above may have happened. Each listener receives all that it listens to.
    #[cfg(feature = "http")]
    All,
}

impl Change {
    /// Converts into the notification, with the id of its subscription.
    pub(crate) fn into_notification(self, subscription: Option<&RequestId>) -> Notification {
        let (method, uri) = match self {
            Self::Tools => (ToolsListChanged::NAME, None),
            Self::Prompts => (PromptsListChanged::NAME, None),
            Self::Resources => (ResourcesListChanged::NAME, None),
            // A listener never returns it, but what it stands for.
            #[cfg(feature = "http")]
            Self::All => (ResourcesListChanged::NAME, None),
            Self::Resource(uri) => (ResourceUpdated::NAME, Some(uri)),
        };
        let meta = subscription.map(|id| Meta::new().with_subscription_id(id.clone()));
        let params = match uri {
            Some(uri) => {
                let mut params = ResourceUpdatedParams::new(&*uri);
                params.meta = meta;
                JsonBytes::new(&params)
            }
            None => {
                let mut params = NotificationParams::new();
                params.meta = meta;
                JsonBytes::new(&params)
            }
        };
        Notification::new(method, params.unwrap_or_else(|_| JsonBytes::empty_object()))
    }
}
