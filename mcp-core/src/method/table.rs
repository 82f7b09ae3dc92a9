//! The list of all methods. (Spec: the request and notification unions of each revision's schema, and the
//! pages of the extensions tasks and skills.)
//!
//! What a server asks in 2026-07-28 (`elicitation/create`, `sampling/createMessage`, `roots/list`) is no
//! request there but an [`InputRequest`](crate::types::InputRequest), so it has no row for that revision.

use super::{Direction, Kind, Method, NotificationMethod, Revisions, Row};
use crate::revision::Revision::*;
use crate::types;

/// Id of the extension tasks.
pub const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";
/// Id of the extension skills.
pub const SKILLS_EXTENSION: &str = "io.modelcontextprotocol/skills";

/// Defines the marker types and the table. An entry is
/// `Marker = "name": Params -> Result, Direction First..=Last (Extension);`, the newest row first; what comes
/// first in the list is found first.
macro_rules! methods {
    (
        requests { $($requests:tt)* }
        $(#[$old_meta:meta])* mod $old:ident { $($old_requests:tt)* }
        $(#[$note_meta:meta])* notifications $note:ident { $($notes:tt)* }
    ) => {
        methods!(@requests $($requests)*);

        $(#[$old_meta])*
        pub mod $old {
            use super::*;
            methods!(@requests $($old_requests)*);
        }

        $(#[$note_meta])*
        pub mod $note {
            use super::*;
            methods!(@notifications $($notes)*);
        }

        methods!(@table [$($requests)* $($old_requests)*] [$($notes)*]);
    };
    (@requests $(
        $(#[$meta:meta])*
        $marker:ident = $name:literal: $params:ty => $result:ty $(, $direction:ident $first:ident..=$last:ident $(($ext:ident))?)+;
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
        $marker:ident = $name:literal: $params:ty $(, $direction:ident $first:ident..=$last:ident $(($ext:ident))?)+;
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
            $marker:ident = $name:literal: $params:ty => $result:ty $(, $direction:ident $first:ident..=$last:ident $(($ext:ident))?)+;
        )*]
        [$(
            $(#[$nmeta:meta])*
            $nmarker:ident = $nname:literal: $nparams:ty $(, $ndirection:ident $nfirst:ident..=$nlast:ident $(($next:ident))?)+;
        )*]
    ) => {
        /// All methods of all revisions.
        pub static TABLE: &[Row] = &[
            $($( methods!(@row $name Request $direction $first $last $($ext)?), )+)*
            $($( methods!(@row $nname Notification $ndirection $nfirst $nlast $($next)?), )+)*
        ];
    };
    (@row $name:literal $kind:ident $direction:ident $first:ident $last:ident $($ext:ident)?) => {
        Row {
            name: $name,
            kind: Kind::$kind,
            direction: Direction::$direction,
            revisions: Revisions::between($first, $last),
            extension: methods!(@extension $($ext)?),
        }
    };
    (@extension) => { None };
    (@extension $extension:ident) => { Some($extension) };
}

methods! {
    requests {
        /// Calls a tool. All revisions.
        ToolsCall = "tools/call": types::CallToolParams => types::CallToolResult,
            ClientToServer V2024_11_05..=V2026_07_28;
        /// Reads a resource. All revisions.
        ResourcesRead = "resources/read": types::ReadResourceParams => types::ReadResourceResult,
            ClientToServer V2024_11_05..=V2026_07_28;
        /// Gets a prompt. All revisions.
        PromptsGet = "prompts/get": types::GetPromptParams => types::GetPromptResult,
            ClientToServer V2024_11_05..=V2026_07_28;
        /// Lists the tools. All revisions.
        ToolsList = "tools/list": types::PaginatedParams => types::ListToolsResult,
            ClientToServer V2024_11_05..=V2026_07_28;
        /// Lists the resources. All revisions.
        ResourcesList = "resources/list": types::PaginatedParams => types::ListResourcesResult,
            ClientToServer V2024_11_05..=V2026_07_28;
        /// Lists the templates of resources. All revisions.
        ResourceTemplatesList = "resources/templates/list":
            types::PaginatedParams => types::ListResourceTemplatesResult,
            ClientToServer V2024_11_05..=V2026_07_28;
        /// Lists the prompts. All revisions.
        PromptsList = "prompts/list": types::PaginatedParams => types::ListPromptsResult,
            ClientToServer V2024_11_05..=V2026_07_28;
        /// Completes an argument. All revisions.
        Complete = "completion/complete": types::CompleteParams => types::CompleteResult,
            ClientToServer V2024_11_05..=V2026_07_28;
        /// Asks what the server is and can do. Since 2026-07-28.
        Discover = "server/discover": types::RequestParams => types::DiscoverResult,
            ClientToServer V2026_07_28..=V2026_07_28;
        /// Opens a stream of change notifications. Since 2026-07-28.
        SubscriptionsListen = "subscriptions/listen":
            types::SubscriptionsListenParams => types::SubscriptionsListenResult,
            ClientToServer V2026_07_28..=V2026_07_28;
        /// The handshake. Until 2025-11-25.
        Initialize = "initialize": types::InitializeParams => types::InitializeResult,
            ClientToServer V2024_11_05..=V2025_11_25;
        /// Asks for a sign of life. Until 2025-11-25.
        Ping = "ping": types::RequestParams => types::EmptyResult,
            Both V2024_11_05..=V2025_11_25;
        /// Sets the severity from which on log messages are sent. Until 2025-11-25.
        SetLevel = "logging/setLevel": types::SetLevelParams => types::EmptyResult,
            ClientToServer V2024_11_05..=V2025_11_25;
        /// Watches a resource. Until 2025-11-25.
        ResourcesSubscribe = "resources/subscribe": types::SubscribeParams => types::EmptyResult,
            ClientToServer V2024_11_05..=V2025_11_25;
        /// Watches a resource no longer. Until 2025-11-25.
        ResourcesUnsubscribe = "resources/unsubscribe": types::SubscribeParams => types::EmptyResult,
            ClientToServer V2024_11_05..=V2025_11_25;
        /// Asks the client's user. 2025-06-18 and 2025-11-25; later an input request.
        Elicit = "elicitation/create": types::ElicitParams => types::ElicitResult,
            ServerToClient V2025_06_18..=V2025_11_25;
        /// Asks the client's model. Until 2025-11-25; later an input request.
        ///
        /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        CreateMessage = "sampling/createMessage": types::CreateMessageParams => types::CreateMessageResult,
            ServerToClient V2024_11_05..=V2025_11_25;
        /// Asks where the server may look. Until 2025-11-25; later an input request.
        ///
        /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        RootsList = "roots/list": types::RequestParams => types::ListRootsResult,
            ServerToClient V2024_11_05..=V2025_11_25;
        /// Asks how a task stands. Extension `io.modelcontextprotocol/tasks`.
        TasksGet = "tasks/get": types::GetTaskParams => types::DetailedTask,
            ClientToServer V2026_07_28..=V2026_07_28 (TASKS_EXTENSION);
        /// Answers questions of a task. Extension `io.modelcontextprotocol/tasks`.
        TasksUpdate = "tasks/update": types::UpdateTaskParams => types::EmptyResult,
            ClientToServer V2026_07_28..=V2026_07_28 (TASKS_EXTENSION);
        /// Cancels a task. Extension `io.modelcontextprotocol/tasks`.
        TasksCancel = "tasks/cancel": types::CancelTaskParams => types::EmptyResult,
            ClientToServer V2026_07_28..=V2026_07_28 (TASKS_EXTENSION);
        /// Lists the skills. Extension `io.modelcontextprotocol/skills`.
        SkillsList = "skills/list": types::PaginatedParams => types::ListSkillsResult,
            ClientToServer V2026_07_28..=V2026_07_28 (SKILLS_EXTENSION);
        /// Gets a skill. Extension `io.modelcontextprotocol/skills`.
        SkillsGet = "skills/get": types::GetSkillParams => types::GetSkillResult,
            ClientToServer V2026_07_28..=V2026_07_28 (SKILLS_EXTENSION);
        /// Lists a directory. Extension `io.modelcontextprotocol/skills`, with `directoryRead`.
        ResourceDirectoryRead = "resources/directory/read":
            types::ReadResourceDirectoryParams => types::ReadResourceDirectoryResult,
            ClientToServer V2026_07_28..=V2026_07_28 (SKILLS_EXTENSION);
    }

    /// The methods of tasks as 2025-11-25 had them; two have the names of later ones.
    mod task_2025 {
        /// Asks how a task stands. 2025-11-25 only.
        TasksGet = "tasks/get": types::task_2025::TaskParams => types::task_2025::Task,
            Both V2025_11_25..=V2025_11_25;
        /// Waits for the result of a task. 2025-11-25 only.
        TasksResult = "tasks/result": types::task_2025::TaskParams => types::task_2025::TaskPayloadResult,
            Both V2025_11_25..=V2025_11_25;
        /// Cancels a task. 2025-11-25 only.
        TasksCancel = "tasks/cancel": types::task_2025::TaskParams => types::task_2025::Task,
            Both V2025_11_25..=V2025_11_25;
        /// Lists the tasks. 2025-11-25 only.
        TasksList = "tasks/list": types::PaginatedParams => types::task_2025::ListTasksResult,
            Both V2025_11_25..=V2025_11_25;
    }

    /// The notifications.
    notifications note {
        /// How far a request is. All revisions; from the server alone since 2026-07-28.
        Progress = "notifications/progress": types::ProgressParams,
            ServerToClient V2026_07_28..=V2026_07_28,
            Both V2024_11_05..=V2025_11_25;
        /// A request is cancelled. All revisions.
        ///
        /// Since 2026-07-28 a server sends it for a `subscriptions/listen` request alone.
        Cancelled = "notifications/cancelled": types::CancelledParams,
            Both V2024_11_05..=V2026_07_28;
        /// A log message. All revisions.
        ///
        /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        Message = "notifications/message": types::LogMessageParams,
            ServerToClient V2024_11_05..=V2026_07_28;
        /// The list of tools changed. All revisions.
        ToolsListChanged = "notifications/tools/list_changed": types::NotificationParams,
            ServerToClient V2024_11_05..=V2026_07_28;
        /// The list of prompts changed. All revisions.
        PromptsListChanged = "notifications/prompts/list_changed": types::NotificationParams,
            ServerToClient V2024_11_05..=V2026_07_28;
        /// The list of resources changed. All revisions.
        ResourcesListChanged = "notifications/resources/list_changed": types::NotificationParams,
            ServerToClient V2024_11_05..=V2026_07_28;
        /// A resource changed. All revisions.
        ResourceUpdated = "notifications/resources/updated": types::ResourceUpdatedParams,
            ServerToClient V2024_11_05..=V2026_07_28;
        /// What a stream of change notifications will tell. Since 2026-07-28.
        SubscriptionAcknowledged = "notifications/subscriptions/acknowledged":
            types::SubscriptionAcknowledgedParams,
            ServerToClient V2026_07_28..=V2026_07_28;
        /// The handshake is done. Until 2025-11-25.
        Initialized = "notifications/initialized": types::NotificationParams,
            ClientToServer V2024_11_05..=V2025_11_25;
        /// The roots changed. Until 2025-11-25.
        ///
        /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        RootsListChanged = "notifications/roots/list_changed": types::NotificationParams,
            ClientToServer V2024_11_05..=V2025_11_25;
        /// The user is done with a URL. 2025-11-25 only.
        ElicitationComplete = "notifications/elicitation/complete": types::ElicitationCompleteParams,
            ServerToClient V2025_11_25..=V2025_11_25;
        /// A task changed. 2025-11-25 only.
        TaskStatus = "notifications/tasks/status": types::task_2025::Task,
            Both V2025_11_25..=V2025_11_25;
        /// A task changed. Extension `io.modelcontextprotocol/tasks`.
        TaskChanged = "notifications/tasks": types::DetailedTask,
            ServerToClient V2026_07_28..=V2026_07_28 (TASKS_EXTENSION);
    }
}
