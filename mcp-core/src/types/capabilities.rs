//! What client and server can do. Spec: basic/lifecycle (legacy), server/discover and basic (modern).
//!
//! Both sets are open: a capability this SDK does not know is in `extra`. A present, empty object declares a
//! capability.

use crate::json::{JsonObject, object};
use crate::meta::{CLIENT_CAPABILITIES, Meta};

object! {
    /// What a client can do. All revisions.
    pub struct ClientCapabilities {
        /// Capabilities outside the specification.
        experimental?: JsonObject = "experimental",
        /// It can list roots. Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        roots?: RootsCapability = "roots",
        /// It can sample from a model. Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        sampling?: SamplingCapability = "sampling",
        /// It can ask the user. Since 2025-06-18.
        elicitation?: ElicitationCapability = "elicitation",
        /// It can run requests as tasks. 2025-11-25 only; later an extension.
        tasks?: ClientTasksCapability = "tasks",
        /// Extensions with their settings. In the schema since 2026-07-28, in use before.
        extensions?: JsonObject = "extensions",
    }

    /// What a server can do. All revisions.
    pub struct ServerCapabilities {
        /// Capabilities outside the specification.
        experimental?: JsonObject = "experimental",
        /// It sends log messages. Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
        logging?: LoggingCapability = "logging",
        /// It completes arguments. Since 2025-03-26 (before, the method exists without a capability).
        completions?: CompletionsCapability = "completions",
        /// It has prompts.
        prompts?: PromptsCapability = "prompts",
        /// It has resources.
        resources?: ResourcesCapability = "resources",
        /// It has tools.
        tools?: ToolsCapability = "tools",
        /// It can run requests as tasks. 2025-11-25 only; later an extension.
        tasks?: ServerTasksCapability = "tasks",
        /// Extensions with their settings. In the schema since 2026-07-28, in use before.
        extensions?: JsonObject = "extensions",
    }

    /// `roots` of a client.
    pub struct RootsCapability {
        /// It says when its roots change. Until 2025-11-25.
        list_changed?: bool = "listChanged",
    }

    /// `sampling` of a client.
    pub struct SamplingCapability {
        /// It honours `includeContext`. Since 2025-11-25.
        context?: JsonObject = "context",
        /// It honours `tools` and `toolChoice`. Since 2025-11-25.
        tools?: JsonObject = "tools",
    }

    /// `elicitation` of a client; empty means forms only.
    pub struct ElicitationCapability {
        /// It shows forms. Since 2025-11-25.
        form?: JsonObject = "form",
        /// It opens URLs. Since 2025-11-25.
        url?: JsonObject = "url",
    }

    /// `logging` of a server: no settings.
    pub struct LoggingCapability {}

    /// `completions` of a server: no settings.
    pub struct CompletionsCapability {}

    /// `prompts` of a server.
    pub struct PromptsCapability {
        /// It says when its prompts change.
        list_changed?: bool = "listChanged",
    }

    /// `resources` of a server.
    pub struct ResourcesCapability {
        /// It can watch single resources for the client.
        subscribe?: bool = "subscribe",
        /// It says when its resources change.
        list_changed?: bool = "listChanged",
    }

    /// `tools` of a server.
    pub struct ToolsCapability {
        /// It says when its tools change.
        list_changed?: bool = "listChanged",
    }

    /// `tasks` of a client. 2025-11-25 only.
    pub struct ClientTasksCapability {
        /// It answers `tasks/list`.
        list?: JsonObject = "list",
        /// It answers `tasks/cancel`.
        cancel?: JsonObject = "cancel",
        /// Which requests it runs as tasks.
        requests?: ClientTaskRequests = "requests",
    }

    /// The requests a client runs as tasks. 2025-11-25 only.
    pub struct ClientTaskRequests {
        /// Those of sampling.
        sampling?: SamplingTaskRequests = "sampling",
        /// Those of elicitation.
        elicitation?: ElicitationTaskRequests = "elicitation",
    }

    /// The sampling requests a client runs as tasks. 2025-11-25 only.
    pub struct SamplingTaskRequests {
        /// `sampling/createMessage`.
        create_message?: JsonObject = "createMessage",
    }

    /// The elicitation requests a client runs as tasks. 2025-11-25 only.
    pub struct ElicitationTaskRequests {
        /// `elicitation/create`.
        create?: JsonObject = "create",
    }

    /// `tasks` of a server. 2025-11-25 only.
    pub struct ServerTasksCapability {
        /// It answers `tasks/list`.
        list?: JsonObject = "list",
        /// It answers `tasks/cancel`.
        cancel?: JsonObject = "cancel",
        /// Which requests it runs as tasks.
        requests?: ServerTaskRequests = "requests",
    }

    /// The requests a server runs as tasks. 2025-11-25 only.
    pub struct ServerTaskRequests {
        /// Those of tools.
        tools?: ToolTaskRequests = "tools",
    }

    /// The tool requests a server runs as tasks. 2025-11-25 only.
    pub struct ToolTaskRequests {
        /// `tools/call`.
        call?: JsonObject = "call",
    }
}

impl ElicitationCapability {
    /// Both modes.
    #[must_use]
    pub fn form_and_url() -> Self {
        Self::new().form(JsonObject::new()).url(JsonObject::new())
    }

    /// Whether it shows forms: it says so, or names no mode at all.
    #[must_use]
    pub fn has_form(&self) -> bool {
        self.form.is_some() || self.url.is_none()
    }

    /// Whether it opens URLs.
    #[must_use]
    pub fn has_url(&self) -> bool {
        self.url.is_some()
    }
}

impl ClientCapabilities {
    /// The settings of an extension, when the client declares it.
    #[must_use]
    pub fn extension(&self, id: &str) -> Option<&serde_json::Value> {
        self.extensions.as_ref()?.get(id)
    }
}

impl ServerCapabilities {
    /// The settings of an extension, when the server declares it.
    #[must_use]
    pub fn extension(&self, id: &str) -> Option<&serde_json::Value> {
        self.extensions.as_ref()?.get(id)
    }
}

impl Meta {
    /// What the client can do, for this request: `None` when absent or malformed.
    #[must_use]
    pub fn client_capabilities(&self) -> Option<ClientCapabilities> {
        self.read(CLIENT_CAPABILITIES)
    }
}
