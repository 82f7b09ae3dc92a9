//! A server that is built: what all its connections share.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use mcp_core::Limits;
use mcp_core::era::{Encoder, WireResult};
use mcp_core::extensions::Extensions;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{Accept, Peer};
use mcp_core::types::{
    CompletionsCapability, Implementation, InputRequiredResult, LoggingCapability,
    PromptsCapability, ResourcesCapability, ServerCapabilities, ToolsCapability,
};

use crate::blocking::Pool;
use crate::era::{Binding, Connection};
use crate::handle::{Live, ServerHandle};
use crate::input::Sealer;
use crate::router::{CustomMethod, Stack};

/// A server that can be served, any number of times and ways at once. Cheap to clone.
#[derive(Clone)]
pub struct BuiltServer(pub(crate) Arc<Inner>);

impl BuiltServer {
    /// A handle that adds, replaces and removes while the server runs.
    pub fn handle(&self) -> ServerHandle {
        self.0.handle()
    }
}

impl Accept for BuiltServer {
    type Service = Connection;

    fn accept(&self, peer: Peer) -> Connection {
        Connection::new(Arc::clone(&self.0), peer, Binding::Stream)
    }

    fn limits(&self) -> Limits {
        self.0.limits.clone()
    }
}

impl fmt::Debug for BuiltServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuiltServer").field("info", &self.0.info).finish_non_exhaustive()
    }
}

/// Items in one page of each list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageSizes {
    pub(crate) tools: usize,
    pub(crate) prompts: usize,
    pub(crate) resources: usize,
}

/// What all connections share.
pub(crate) struct Inner {
    pub(crate) info: Implementation,
    pub(crate) instructions: Option<String>,
    pub(crate) states: Extensions,
    pub(crate) methods: HashMap<&'static str, CustomMethod>,
    pub(crate) stack: Stack,
    pub(crate) blocking: Pool,
    pub(crate) sealer: Sealer,
    pub(crate) limits: Limits,
    pub(crate) revisions: Vec<Revision>,
    pub(crate) page_sizes: PageSizes,
    pub(crate) encoder: Encoder,
    pub(crate) extensions: Vec<(String, serde_json::Value)>,
    pub(crate) live: Arc<Live>,
}

impl Inner {
    pub(crate) fn handle(&self) -> ServerHandle {
        ServerHandle::new(Arc::clone(&self.live))
    }

    /// Whether any revision of an era is spoken.
    pub(crate) fn speaks(&self, era: Era) -> bool {
        self.revisions.iter().any(|revision| revision.era() == era)
    }

    pub(crate) fn encode<T: WireResult>(
        &self,
        result: T,
        revision: Revision,
    ) -> Result<JsonBytes, ErrorObject> {
        self.encoder
            .encode(result, revision)
            .map_err(|error| crate::error::internal("writing a result", &error))
    }

    pub(crate) fn encode_input_required(
        &self,
        result: InputRequiredResult,
    ) -> Result<JsonBytes, ErrorObject> {
        self.encoder
            .encode_input_required(result)
            .map_err(|error| crate::error::internal("writing the questions of a call", &error))
    }

    /// What is offered now, as capabilities.
    pub(crate) fn capabilities(&self) -> ServerCapabilities {
        let registry = self.live.registry();
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
        if !self.extensions.is_empty() {
            capabilities.extensions = Some(self.extensions.iter().cloned().collect());
        }
        capabilities
    }
}
