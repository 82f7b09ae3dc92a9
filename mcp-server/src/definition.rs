//! What a [`ServerBuilder`](crate::ServerBuilder) defined: the identity of a server, its routes,
//! methods and limits.

use std::collections::HashMap;
use std::sync::Arc;

use mcp_core::method::Methods;
use mcp_core::revision::{Era, Revision};
use mcp_core::types::{
    CompletionsCapability, Implementation, LoggingCapability, PromptsCapability,
    ResourcesCapability, ServerCapabilities, ToolsCapability,
};

#[cfg(feature = "auth")]
use crate::auth::Guard;
use crate::auth::{AccessRules, Principal};
use crate::call::Environment;
use crate::custom_method::CustomMethod;
use crate::extension::ListenFilter;
#[cfg(feature = "http")]
use crate::fleet::Fleet;
use crate::limits::Limits;
use crate::registry::{Live, Registry};
#[cfg(feature = "tasks")]
use crate::task::{TaskManager, capability_2025};

/// The definition of a server. All its connections share it.
#[derive(Debug)]
pub(crate) struct ServerDefinition {
    pub(crate) info: Implementation,
    pub(crate) instructions: Option<String>,
    /// In the order of preference that was passed to the builder.
    pub(crate) revisions: Vec<Revision>,
    /// The declared protocol extensions, with their settings.
    pub(crate) extensions: Vec<(Arc<str>, serde_json::Value)>,
    /// The filters of extensions in `subscriptions/listen`.
    pub(crate) filters: Vec<ListenFilter>,
    /// The methods of the protocol and of the extensions.
    pub(crate) known_methods: Methods,
    /// The methods that are not part of the core protocol, with their handlers.
    pub(crate) methods: HashMap<&'static str, CustomMethod>,
    pub(crate) live: Arc<Live>,
    pub(crate) page_sizes: PageSizes,
    /// Which scopes requests need.
    pub(crate) access: AccessRules,
    /// What verifies callers over HTTP.
    #[cfg(feature = "auth")]
    pub(crate) guard: Option<Guard>,
    /// The caller over transports other than HTTP, unless the transport names another one.
    pub(crate) local_principal: Option<Principal>,
    pub(crate) environment: Arc<Environment>,
    /// The tasks, if the server has tools that run as tasks.
    #[cfg(feature = "tasks")]
    pub(crate) tasks: Option<Arc<TaskManager>>,
    /// What it shares with other instances.
    #[cfg(feature = "http")]
    pub(crate) fleet: Option<Arc<Fleet>>,
}

/// The number of items in one page of each list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageSizes {
    pub(crate) tools: usize,
    pub(crate) prompts: usize,
    pub(crate) resources: usize,
}

impl ServerDefinition {
    pub(crate) fn limits(&self) -> &Limits {
        &self.environment.limits
    }

    /// Whether tokens may be bound to a key, which each request proves to have.
    #[cfg(feature = "http-sse")]
    pub(crate) fn needs_proofs(&self) -> bool {
        #[cfg(feature = "auth")]
        return self.guard.as_ref().is_some_and(Guard::needs_proofs);
        #[cfg(not(feature = "auth"))]
        false
    }

    /// Whether the server supports any revision of an era.
    pub(crate) fn supports(&self, era: Era) -> bool {
        self.revisions.iter().any(|revision| revision.era() == era)
    }

    /// Returns the capabilities that follow from a snapshot of the registry.
    pub(crate) fn capabilities(&self, registry: &Registry) -> ServerCapabilities {
        let mut capabilities = ServerCapabilities::new().logging(LoggingCapability::new());
        if registry.tools.is_offered() {
            capabilities.tools = Some(ToolsCapability::new().list_changed(true));
        }
        if registry.prompts.is_offered() {
            capabilities.prompts = Some(PromptsCapability::new().list_changed(true));
        }
        if registry.resources.is_offered() {
            capabilities.resources =
                Some(ResourcesCapability::new().list_changed(true).subscribe(true));
        }
        if registry.has_completers() {
            capabilities.completions = Some(CompletionsCapability::new());
        }
        #[cfg(feature = "tasks")]
        if self.tasks.is_some() {
            capabilities.tasks = Some(capability_2025());
        }
        if !self.extensions.is_empty() {
            let declared = self.extensions.iter();
            capabilities.extensions =
                Some(declared.map(|(id, settings)| (id.to_string(), settings.clone())).collect());
        }
        capabilities
    }
}
