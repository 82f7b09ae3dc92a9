//! What a change makes stale.

use mcp_core::method::{self, Method as _, NotificationMethod, ResourcesRead, notification};
use mcp_core::types::SubscriptionFilter;
use serde::Deserialize;

use super::store::Key;

/// What a change concerns.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    Tools,
    Prompts,
    Resources,
    /// The resource with this URI, and those below it.
    Resource(&'a str),
    /// Everything: changes may have been missed.
    Any,
}

impl<'a> Change<'a> {
    /// The changes that a subscription watches.
    pub(crate) fn watched(filter: &'a SubscriptionFilter) -> impl Iterator<Item = Self> {
        let lists = [
            (filter.tools_list_changed, Self::Tools),
            (filter.prompts_list_changed, Self::Prompts),
            (filter.resources_list_changed, Self::Resources),
        ];
        let lists = lists.into_iter().filter(|(watched, _)| *watched == Some(true));
        let resources = filter.resource_subscriptions.iter().flatten();
        lists.map(|(_, change)| change).chain(resources.map(|uri| Self::Resource(uri)))
    }

    pub(super) fn concerns(self, key: &Key) -> bool {
        let stale = match self {
            Self::Tools => stale_after::<notification::ToolsListChanged>(),
            Self::Prompts => stale_after::<notification::PromptsListChanged>(),
            Self::Resources => stale_after::<notification::ResourcesListChanged>(),
            Self::Resource(uri) if key.method == ResourcesRead::NAME => {
                return is_same_or_below(uri, &key.params);
            }
            Self::Resource(_) => stale_after::<notification::ResourceUpdated>(),
            Self::Any => return true,
        };
        stale.contains(&&*key.method)
    }
}

/// The methods whose results a notification makes stale.
fn stale_after<N: NotificationMethod>() -> &'static [&'static str] {
    method::find(N::NAME).map_or(&[], |row| row.invalidates)
}

/// Whether one of the two URIs, that of a change and that of a read, is the other or below it.
fn is_same_or_below(changed: &str, params: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Read {
        uri: String,
    }
    let Ok(Read { uri }) = serde_json::from_slice(params) else { return true };
    uri.starts_with(changed) || changed.starts_with(&uri)
}
