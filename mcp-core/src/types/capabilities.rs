//! Capabilities of clients and servers. Spec: basic/lifecycle (legacy), server/discover and basic
//! (modern).
//!
//! Both sets are open: an unknown capability is kept in `extra`. A capability is declared by an
//! object, which may be empty.

use crate::json::{JsonObject, object};
use crate::meta::{CLIENT_CAPABILITIES, Meta};

object! {
    /// The capabilities of a client. All revisions.
    ///
    /// ```
    /// use mcp_core::types::{ClientCapabilities, ElicitationCapability};
    ///
    /// let capabilities = ClientCapabilities::new().elicitation(ElicitationCapability::form_and_url());
    /// assert_eq!(serde_json::to_string(&capabilities)?, r#"{"elicitation":{"form":{},"url":{}}}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct ClientCapabilities {
        /// Capabilities outside the specification.
        experimental?: JsonObject = "experimental",
        /// The client can list roots. Deprecated by SEP-2577; to be removed no earlier than
        /// 2027-07-28.
        roots?: RootsCapability = "roots",
        /// The client can sample from a model. Deprecated by SEP-2577; to be removed no earlier
        /// than 2027-07-28.
        sampling?: SamplingCapability = "sampling",
        /// The client can ask the user for input. Since 2025-06-18.
        elicitation?: ElicitationCapability = "elicitation",
        /// The client can run requests as tasks. 2025-11-25 only; an extension since 2026-07-28.
        tasks?: ClientTasksCapability = "tasks",
        /// Extensions and their settings. Part of the schema since 2026-07-28, and in use before.
        extensions?: JsonObject = "extensions",
    }

    /// The capabilities of a server. All revisions.
    pub struct ServerCapabilities {
        /// Capabilities outside the specification.
        experimental?: JsonObject = "experimental",
        /// The server sends log messages. Deprecated by SEP-2577; to be removed no earlier than
        /// 2027-07-28.
        logging?: LoggingCapability = "logging",
        /// The server completes arguments. Since 2025-03-26; before, the method exists without a
        /// capability.
        completions?: CompletionsCapability = "completions",
        /// The server has prompts.
        prompts?: PromptsCapability = "prompts",
        /// The server has resources.
        resources?: ResourcesCapability = "resources",
        /// The server has tools.
        tools?: ToolsCapability = "tools",
        /// The server can run requests as tasks. 2025-11-25 only; an extension since 2026-07-28.
        tasks?: ServerTasksCapability = "tasks",
        /// Extensions and their settings. Part of the schema since 2026-07-28, and in use before.
        extensions?: JsonObject = "extensions",
    }

    /// `roots` of a client. Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct RootsCapability {
        /// The client notifies the server when its roots change. Until 2025-11-25.
        list_changed?: bool = "listChanged",
    }

    /// `sampling` of a client. Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct SamplingCapability {
        /// The client honours `includeContext`. Since 2025-11-25.
        context?: JsonObject = "context",
        /// The client honours `tools` and `toolChoice`. Since 2025-11-25.
        tools?: JsonObject = "tools",
    }

    /// `elicitation` of a client. An empty object means forms only.
    pub struct ElicitationCapability {
        /// The client shows forms. Since 2025-11-25.
        form?: JsonObject = "form",
        /// The client opens URLs. Since 2025-11-25.
        url?: JsonObject = "url",
    }

    /// `logging` of a server. It has no settings.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct LoggingCapability {}

    /// `completions` of a server. It has no settings.
    pub struct CompletionsCapability {}

    /// `prompts` of a server.
    pub struct PromptsCapability {
        /// The server notifies the client when its prompts change.
        list_changed?: bool = "listChanged",
    }

    /// `resources` of a server.
    pub struct ResourcesCapability {
        /// The client can subscribe to changes of single resources.
        subscribe?: bool = "subscribe",
        /// The server notifies the client when its resources change.
        list_changed?: bool = "listChanged",
    }

    /// `tools` of a server.
    pub struct ToolsCapability {
        /// The server notifies the client when its tools change.
        list_changed?: bool = "listChanged",
    }

    /// `tasks` of a client. 2025-11-25 only.
    pub struct ClientTasksCapability {
        /// `tasks/list` is supported.
        list?: JsonObject = "list",
        /// `tasks/cancel` is supported.
        cancel?: JsonObject = "cancel",
        /// The requests that can run as tasks.
        requests?: ClientTaskRequests = "requests",
    }

    /// The requests that a client can run as tasks. 2025-11-25 only.
    pub struct ClientTaskRequests {
        /// The sampling requests.
        sampling?: SamplingTaskRequests = "sampling",
        /// The elicitation requests.
        elicitation?: ElicitationTaskRequests = "elicitation",
    }

    /// The sampling requests that a client can run as tasks. 2025-11-25 only.
    pub struct SamplingTaskRequests {
        /// `sampling/createMessage`.
        create_message?: JsonObject = "createMessage",
    }

    /// The elicitation requests that a client can run as tasks. 2025-11-25 only.
    pub struct ElicitationTaskRequests {
        /// `elicitation/create`.
        create?: JsonObject = "create",
    }

    /// `tasks` of a server. 2025-11-25 only.
    pub struct ServerTasksCapability {
        /// `tasks/list` is supported.
        list?: JsonObject = "list",
        /// `tasks/cancel` is supported.
        cancel?: JsonObject = "cancel",
        /// The requests that can run as tasks.
        requests?: ServerTaskRequests = "requests",
    }

    /// The requests that a server can run as tasks. 2025-11-25 only.
    pub struct ServerTaskRequests {
        /// The tool requests.
        tools?: ToolTaskRequests = "tools",
    }

    /// The tool requests that a server can run as tasks. 2025-11-25 only.
    pub struct ToolTaskRequests {
        /// `tools/call`.
        call?: JsonObject = "call",
    }
}

impl ElicitationCapability {
    /// Declares both modes, forms and URLs.
    #[must_use]
    pub fn form_and_url() -> Self {
        Self::new().form(JsonObject::new()).url(JsonObject::new())
    }

    /// Whether the client shows forms: it declares forms, or declares no mode at all.
    #[must_use]
    pub fn has_form(&self) -> bool {
        self.form.is_some() || self.url.is_none()
    }

    /// Whether the client opens URLs.
    #[must_use]
    pub fn has_url(&self) -> bool {
        self.url.is_some()
    }
}

impl ClientCapabilities {
    /// Returns the settings of an extension, or `None` if the client does not declare it.
    #[must_use]
    pub fn extension(&self, id: &str) -> Option<&serde_json::Value> {
        self.extensions.as_ref()?.get(id)
    }
}

impl ServerCapabilities {
    /// Returns the settings of an extension, or `None` if the server does not declare it.
    ///
    /// ```
    /// use mcp_core::types::ServerCapabilities;
    ///
    /// fn has_tasks(server: &ServerCapabilities) -> bool {
    ///     server.extension("io.modelcontextprotocol/tasks").is_some()
    /// }
    /// ```
    #[must_use]
    pub fn extension(&self, id: &str) -> Option<&serde_json::Value> {
        self.extensions.as_ref()?.get(id)
    }
}

impl Meta {
    /// Returns the capabilities of the client for this request, or `None` if they are absent or
    /// malformed.
    #[must_use]
    pub fn client_capabilities(&self) -> Option<ClientCapabilities> {
        self.read(CLIENT_CAPABILITIES)
    }
}
