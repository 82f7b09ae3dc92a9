//! The list of all methods.
//!
//! Spec: the unions of requests and notifications in the schema of each revision, and the pages of
//! the extensions tasks and skills.
//!
//! In 2026-07-28 `elicitation/create`, `sampling/createMessage` and `roots/list` are not requests.
//! They are [`InputRequest`](crate::types::InputRequest)s inside a result, so they have no row for
//! that revision.

use super::row::RetrySafety::{RestartedByCaller, Safe};
use super::row::{Direction, Kind, Revisions, Row};
use super::traits::{Method, NotificationMethod};
use crate::revision::Revision::{self, *};
use crate::types;

/// The identifier of the tasks extension.
pub const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";
/// The identifier of the skills extension.
pub const SKILLS_EXTENSION: &str = "io.modelcontextprotocol/skills";

/// Defines the marker types and the table.
///
/// An entry is `Marker = "name": Params => Result, Direction First..=Last { column: value, … };`,
/// with one `Direction First..=Last { … }` for each row of the method, the newest first. Omitted
/// columns have the defaults of [`Row::new`]. Look-ups return the first row that matches.
macro_rules! methods {
    (
        requests { $($requests:tt)* }
        $(#[$old_meta:meta])* mod $old:ident { $($old_requests:tt)* }
        $(#[$notification_meta:meta])* mod $notification:ident { $($notifications:tt)* }
    ) => {
        methods!(@requests $($requests)*);

        $(#[$old_meta])*
        pub mod $old {
            use super::*;
            methods!(@requests $($old_requests)*);
        }

        $(#[$notification_meta])*
        pub mod $notification {
            use super::*;
            methods!(@notifications $($notifications)*);
        }

        methods!(@table [$($requests)* $($old_requests)*] [$($notifications)*]);
    };
    (@requests $(
        $(#[$meta:meta])*
        $marker:ident = $name:literal: $params:ty => $result:ty
            $(, $direction:ident $first:ident..=$last:ident $({ $($columns:tt)* })?)+;
    )*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy)]
            pub enum $marker {}

            impl Method for $marker {
                const NAME: &'static str = $name;
                type Params = $params;
                type Result = $result;
            }
        )*
    };
    (@notifications $(
        $(#[$meta:meta])*
        $marker:ident = $name:literal: $params:ty
            $(, $direction:ident $first:ident..=$last:ident $({ $($columns:tt)* })?)+;
    )*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy)]
            pub enum $marker {}

            impl NotificationMethod for $marker {
                const NAME: &'static str = $name;
                type Params = $params;
            }
        )*
    };
    (@table
        [$(
            $(#[$meta:meta])*
            $marker:ident = $name:literal: $params:ty => $result:ty
                $(, $direction:ident $first:ident..=$last:ident
                    $({ $($column:ident: $value:expr),* $(,)? })?)+;
        )*]
        [$(
            $(#[$nmeta:meta])*
            $nmarker:ident = $nname:literal: $nparams:ty
                $(, $ndirection:ident $nfirst:ident..=$nlast:ident
                    $({ $($ncolumn:ident: $nvalue:expr),* $(,)? })?)+;
        )*]
    ) => {
        /// The rows of all methods in all revisions.
        pub static TABLE: &[Row] = &[
            $($( Row {
                $($($column: $value,)*)?
                ..Row::new(
                    $name,
                    Kind::Request,
                    Direction::$direction,
                    Revisions::between($first, $last),
                )
            }, )+)*
            $($( Row {
                $($($ncolumn: $nvalue,)*)?
                ..Row::new(
                    $nname,
                    Kind::Notification,
                    Direction::$ndirection,
                    Revisions::between($nfirst, $nlast),
                )
            }, )+)*
        ];
    };
}

methods! {
    requests {
        /// Calls a tool. All revisions.
        ToolsCall = "tools/call": types::CallToolParams => types::CallToolResult,
            ClientToServer V2024_11_05..=V2026_07_28 {
                may_require_input: true,
                name_param: Some("name"),
            };
        /// Reads a resource. All revisions.
        ResourcesRead = "resources/read": types::ReadResourceParams => types::ReadResourceResult,
            ClientToServer V2024_11_05..=V2026_07_28 {
                retry: Safe,
                cacheable: true,
                may_require_input: true,
                name_param: Some("uri"),
            };
        /// Gets a prompt. All revisions.
        PromptsGet = "prompts/get": types::GetPromptParams => types::GetPromptResult,
            ClientToServer V2024_11_05..=V2026_07_28 {
                retry: Safe,
                may_require_input: true,
                name_param: Some("name"),
            };
        /// Lists the tools. All revisions.
        ToolsList = "tools/list": types::PaginatedParams => types::ListToolsResult,
            ClientToServer V2024_11_05..=V2026_07_28 { retry: Safe, cacheable: true };
        /// Lists the resources. All revisions.
        ResourcesList = "resources/list": types::PaginatedParams => types::ListResourcesResult,
            ClientToServer V2024_11_05..=V2026_07_28 { retry: Safe, cacheable: true };
        /// Lists the resource templates. All revisions.
        ResourceTemplatesList = "resources/templates/list":
            types::PaginatedParams => types::ListResourceTemplatesResult,
            ClientToServer V2024_11_05..=V2026_07_28 { retry: Safe, cacheable: true };
        /// Lists the prompts. All revisions.
        PromptsList = "prompts/list": types::PaginatedParams => types::ListPromptsResult,
            ClientToServer V2024_11_05..=V2026_07_28 { retry: Safe, cacheable: true };
        /// Completes an argument. All revisions.
        Complete = "completion/complete": types::CompleteParams => types::CompleteResult,
            ClientToServer V2024_11_05..=V2026_07_28 { retry: Safe };
        /// Requests the server's identity and capabilities. Since 2026-07-28.
        Discover = "server/discover": types::RequestParams => types::DiscoverResult,
            ClientToServer V2026_07_28..=V2026_07_28 { retry: Safe, cacheable: true };
        /// Opens a stream of change notifications. Since 2026-07-28.
        SubscriptionsListen = "subscriptions/listen":
            types::SubscriptionsListenParams => types::SubscriptionsListenResult,
            ClientToServer V2026_07_28..=V2026_07_28 { retry: RestartedByCaller };
        /// Opens a session. Until 2025-11-25.
        Initialize = "initialize": types::InitializeParams => types::InitializeResult,
            ClientToServer V2024_11_05..=V2025_11_25 { retry: Safe };
        /// Checks that the peer is alive. Until 2025-11-25.
        Ping = "ping": types::RequestParams => types::EmptyResult,
            Both V2024_11_05..=V2025_11_25 { retry: Safe };
        /// Sets the minimum severity of log messages. Until 2025-11-25.
        ///
        /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        SetLevel = "logging/setLevel": types::SetLevelParams => types::EmptyResult,
            ClientToServer V2024_11_05..=V2025_11_25 {
                retry: Safe,
                deprecated_since: Some(V2026_07_28),
            };
        /// Subscribes to updates of a resource. Until 2025-11-25.
        ResourcesSubscribe = "resources/subscribe": types::SubscribeParams => types::EmptyResult,
            ClientToServer V2024_11_05..=V2025_11_25 { retry: Safe };
        /// Ends the subscription to a resource. Until 2025-11-25.
        ResourcesUnsubscribe = "resources/unsubscribe": types::SubscribeParams => types::EmptyResult,
            ClientToServer V2024_11_05..=V2025_11_25 { retry: Safe };
        /// Asks the client's user for input. 2025-06-18 and 2025-11-25; an input request since
        /// 2026-07-28.
        Elicit = "elicitation/create": types::ElicitParams => types::ElicitResult,
            ServerToClient V2025_06_18..=V2025_11_25;
        /// Asks the client's model for a message. Until 2025-11-25; an input request since
        /// 2026-07-28.
        ///
        /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        CreateMessage = "sampling/createMessage": types::CreateMessageParams => types::CreateMessageResult,
            ServerToClient V2024_11_05..=V2025_11_25 { deprecated_since: Some(V2026_07_28) };
        /// Requests the client's roots. Until 2025-11-25; an input request since 2026-07-28.
        ///
        /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        RootsList = "roots/list": types::RequestParams => types::ListRootsResult,
            ServerToClient V2024_11_05..=V2025_11_25 { deprecated_since: Some(V2026_07_28) };
        /// Gets the state of a task. Extension `io.modelcontextprotocol/tasks`.
        TasksGet = "tasks/get": types::GetTaskParams => types::DetailedTask,
            ClientToServer V2026_07_28..=V2026_07_28 {
                extension: Some(TASKS_EXTENSION),
                retry: Safe,
                name_param: Some("taskId"),
            };
        /// Answers a task's requests for input. Extension `io.modelcontextprotocol/tasks`.
        TasksUpdate = "tasks/update": types::UpdateTaskParams => types::EmptyResult,
            ClientToServer V2026_07_28..=V2026_07_28 {
                extension: Some(TASKS_EXTENSION),
                name_param: Some("taskId"),
            };
        /// Cancels a task. Extension `io.modelcontextprotocol/tasks`.
        TasksCancel = "tasks/cancel": types::CancelTaskParams => types::EmptyResult,
            ClientToServer V2026_07_28..=V2026_07_28 {
                extension: Some(TASKS_EXTENSION),
                retry: Safe,
                name_param: Some("taskId"),
            };
        /// Lists the skills. Extension `io.modelcontextprotocol/skills`.
        SkillsList = "skills/list": types::PaginatedParams => types::ListSkillsResult,
            ClientToServer V2026_07_28..=V2026_07_28 {
                extension: Some(SKILLS_EXTENSION),
                retry: Safe,
                cacheable: true,
            };
        /// Gets a skill. Extension `io.modelcontextprotocol/skills`.
        SkillsGet = "skills/get": types::GetSkillParams => types::GetSkillResult,
            ClientToServer V2026_07_28..=V2026_07_28 {
                extension: Some(SKILLS_EXTENSION),
                retry: Safe,
                cacheable: true,
            };
        /// Lists the contents of a directory. Extension `io.modelcontextprotocol/skills`, with the
        /// setting `directoryRead`.
        ResourceDirectoryRead = "resources/directory/read":
            types::ReadResourceDirectoryParams => types::ReadResourceDirectoryResult,
            ClientToServer V2026_07_28..=V2026_07_28 {
                extension: Some(SKILLS_EXTENSION),
                retry: Safe,
            };
    }

    /// The methods of the experimental tasks of 2025-11-25. Two of them have the same names as
    /// methods of the later extension.
    mod task_2025 {
        /// Gets the state of a task. 2025-11-25 only.
        TasksGet = "tasks/get": types::task_2025::TaskParams => types::task_2025::Task,
            Both V2025_11_25..=V2025_11_25 { retry: Safe };
        /// Waits for the result of a task. 2025-11-25 only.
        TasksResult = "tasks/result": types::task_2025::TaskParams => types::task_2025::TaskPayloadResult,
            Both V2025_11_25..=V2025_11_25;
        /// Cancels a task. 2025-11-25 only.
        TasksCancel = "tasks/cancel": types::task_2025::TaskParams => types::task_2025::Task,
            Both V2025_11_25..=V2025_11_25 { retry: Safe };
        /// Lists the tasks. 2025-11-25 only.
        TasksList = "tasks/list": types::PaginatedParams => types::task_2025::ListTasksResult,
            Both V2025_11_25..=V2025_11_25 { retry: Safe };
    }

    /// The notifications.
    mod notification {
        /// Reports the progress of a request. All revisions; since 2026-07-28 from the server only.
        Progress = "notifications/progress": types::ProgressParams,
            ServerToClient V2026_07_28..=V2026_07_28,
            Both V2024_11_05..=V2025_11_25;
        /// Cancels a request. All revisions.
        ///
        /// Since 2026-07-28 a server may send it for a `subscriptions/listen` request only.
        Cancelled = "notifications/cancelled": types::CancelledParams,
            Both V2024_11_05..=V2026_07_28;
        /// A log message. All revisions.
        ///
        /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        Message = "notifications/message": types::LogMessageParams,
            ServerToClient V2024_11_05..=V2026_07_28 { deprecated_since: Some(V2026_07_28) };
        /// The list of tools changed. All revisions.
        ToolsListChanged = "notifications/tools/list_changed": types::NotificationParams,
            ServerToClient V2024_11_05..=V2026_07_28 { invalidates: &[ToolsList::NAME] };
        /// The list of prompts changed. All revisions.
        PromptsListChanged = "notifications/prompts/list_changed": types::NotificationParams,
            ServerToClient V2024_11_05..=V2026_07_28 { invalidates: &[PromptsList::NAME] };
        /// The list of resources changed. All revisions.
        ResourcesListChanged = "notifications/resources/list_changed": types::NotificationParams,
            ServerToClient V2024_11_05..=V2026_07_28 {
                invalidates: &[
                    ResourcesList::NAME,
                    ResourceTemplatesList::NAME,
                    SkillsList::NAME,
                    SkillsGet::NAME,
                ],
            };
        /// A resource changed. All revisions.
        ResourceUpdated = "notifications/resources/updated": types::ResourceUpdatedParams,
            ServerToClient V2024_11_05..=V2026_07_28 {
                invalidates: &[ResourcesRead::NAME, SkillsList::NAME, SkillsGet::NAME],
            };
        /// States which changes a subscription reports. Since 2026-07-28.
        SubscriptionAcknowledged = "notifications/subscriptions/acknowledged":
            types::SubscriptionAcknowledgedParams,
            ServerToClient V2026_07_28..=V2026_07_28;
        /// The client has finished the handshake. Until 2025-11-25.
        Initialized = "notifications/initialized": types::NotificationParams,
            ClientToServer V2024_11_05..=V2025_11_25;
        /// The roots changed. Until 2025-11-25.
        ///
        /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        RootsListChanged = "notifications/roots/list_changed": types::NotificationParams,
            ClientToServer V2024_11_05..=V2025_11_25 { deprecated_since: Some(V2026_07_28) };
        /// The user has completed an interaction at a URL. 2025-11-25 only.
        ElicitationComplete = "notifications/elicitation/complete": types::ElicitationCompleteParams,
            ServerToClient V2025_11_25..=V2025_11_25;
        /// A task changed. 2025-11-25 only.
        TaskStatus = "notifications/tasks/status": types::task_2025::Task,
            Both V2025_11_25..=V2025_11_25;
        /// A task changed. Extension `io.modelcontextprotocol/tasks`.
        TaskChanged = "notifications/tasks": types::DetailedTask,
            ServerToClient V2026_07_28..=V2026_07_28 { extension: Some(TASKS_EXTENSION) };
    }
}

/// Returns the row of a method, that of the newest revision if it has several, or `None` if no
/// revision has the method.
#[must_use]
pub fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

/// Returns the row of a method in a revision, or `None` if that revision does not have the method.
#[must_use]
pub fn find_in(name: &str, revision: Revision) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name && row.revisions.contains(revision))
}
