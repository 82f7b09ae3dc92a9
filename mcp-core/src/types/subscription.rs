//! `subscriptions/listen`: the stream of change notifications. Spec: basic/patterns/subscriptions;
//! since 2026-07-28.

use crate::json::object;
use crate::meta::Meta;

object! {
    /// Params of `subscriptions/listen`. Since 2026-07-28.
    pub struct SubscriptionsListenParams {
        /// The changes that the client wants to be notified of.
        notifications: SubscriptionFilter = "notifications",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// The changes that a client wants to be notified of, or that a server agreed to report. An
    /// absent member means no. `extra` has the members of other extensions than tasks. Since
    /// 2026-07-28.
    pub struct SubscriptionFilter {
        /// Changes of the list of tools.
        tools_list_changed?: bool = "toolsListChanged",
        /// Changes of the list of prompts.
        prompts_list_changed?: bool = "promptsListChanged",
        /// Changes of the list of resources.
        resources_list_changed?: bool = "resourcesListChanged",
        /// Changes of these resources.
        resource_subscriptions?: Vec<String> = "resourceSubscriptions",
        /// Changes of these tasks. Extension `io.modelcontextprotocol/tasks`.
        task_ids?: Vec<String> = "taskIds",
    }

    /// Result of `subscriptions/listen`, sent when the subscription ends regularly. `_meta` names
    /// the subscription. Since 2026-07-28.
    pub struct SubscriptionsListenResult ignore "resultType" {
        /// Metadata, with [`Meta::subscription_id`].
        meta?: Meta = "_meta",
    }

    /// Params of `notifications/subscriptions/acknowledged`. Since 2026-07-28.
    pub struct SubscriptionAcknowledgedParams {
        /// The changes that the server agreed to report.
        notifications: SubscriptionFilter = "notifications",
        /// Metadata, with [`Meta::subscription_id`].
        meta?: Meta = "_meta",
    }
}
