//! What a server reports without being asked.

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::method::NotificationMethod as _;
use mcp_core::method::notification::{
    ElicitationComplete, Message, PromptsListChanged, ResourceUpdated, ResourcesListChanged,
    ToolsListChanged,
};
use mcp_core::types::{
    ElicitationCompleteParams, LogMessageParams, ResourceUpdatedParams, SubscriptionFilter,
};

use crate::event_queue::QueuedEvent;

/// A notification of the server.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use futures::StreamExt as _;
/// use mcp_client::Event;
/// use mcp_client::types::SubscriptionFilter;
///
/// let filter = SubscriptionFilter::new().tools_list_changed(true);
/// let mut changes = client.subscribe(filter).await?;
/// assert_eq!(changes.next().await, Some(Event::ToolsListChanged));
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The list of tools changed.
    ToolsListChanged,
    /// The list of prompts changed.
    PromptsListChanged,
    /// The list of resources changed.
    ResourcesListChanged,
    /// A resource changed, or one below it.
    ResourceUpdated(ResourceUpdatedParams),
    /// A log message. Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the
    /// protocol no earlier than 2027-07-28.
    Log(LogMessageParams),
    /// The user is done with a URL. 2025-11-25 only.
    ElicitationComplete(ElicitationCompleteParams),
    /// Another notification.
    Other {
        /// Its method.
        method: String,
        /// Its params.
        params: RawJson,
    },
    /// This many events were dropped, because the stream was not read fast enough.
    Lagged(u64),
    /// The connection was interrupted and works again. Changes may have been missed in the
    /// meantime, so everything that is watched may be stale.
    Gap,
}

impl Event {
    /// Reads a notification; `None` when its params are not what its method says.
    pub(crate) fn read(method: &str, params: &JsonBytes) -> Option<Self> {
        Some(match method {
            ToolsListChanged::NAME => Self::ToolsListChanged,
            PromptsListChanged::NAME => Self::PromptsListChanged,
            ResourcesListChanged::NAME => Self::ResourcesListChanged,
            ResourceUpdated::NAME => Self::ResourceUpdated(params.parse().ok()?),
            Message::NAME => Self::Log(params.parse().ok()?),
            ElicitationComplete::NAME => Self::ElicitationComplete(params.parse().ok()?),
            _ => Self::Other { method: method.to_owned(), params: params.parse().ok()? },
        })
    }

    /// Whether a filter asks for this event.
    pub(crate) fn is_wanted_by(&self, filter: &SubscriptionFilter) -> bool {
        match self {
            Self::ToolsListChanged => filter.tools_list_changed == Some(true),
            Self::PromptsListChanged => filter.prompts_list_changed == Some(true),
            Self::ResourcesListChanged => filter.resources_list_changed == Some(true),
            // The resource may be below the one that is watched.
            Self::ResourceUpdated(updated) => (filter.resource_subscriptions.iter().flatten())
                .any(|uri| updated.uri.starts_with(uri.as_str())),
            Self::Gap => true,
            _ => false,
        }
    }

    /// The event without the id of its subscription, which would make equal events differ.
    pub(crate) fn without_meta(self) -> Self {
        match self {
            Self::ResourceUpdated(mut updated) => {
                updated.meta = None;
                Self::ResourceUpdated(updated)
            }
            event => event,
        }
    }
}

impl QueuedEvent for Event {
    fn is_change(&self) -> bool {
        matches!(
            self,
            Self::ToolsListChanged
                | Self::PromptsListChanged
                | Self::ResourcesListChanged
                | Self::ResourceUpdated(_)
                | Self::Gap
        )
    }

    fn lagged(dropped: u64) -> Self {
        Self::Lagged(dropped)
    }
}
