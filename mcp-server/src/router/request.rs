//! A request that has passed the layers.

use std::borrow::Cow;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, Params};
use mcp_core::types::EmptyResult;
use serde::Deserialize;

use crate::auth::{Principal, ScopeSource as _};
use crate::context::Context;
use crate::definition::ServerDefinition;
use crate::error::invalid_params;
use crate::registry::{ListRequest, Registry, Viewer};

/// A request that has passed the layers.
pub(super) struct RoutedRequest<'a> {
    pub(super) server: &'a ServerDefinition,
    /// The snapshot that answers this call.
    pub(super) registry: &'a Registry,
    pub(super) context: &'a Context,
    pub(super) params: &'a Params,
}

impl<'a> RoutedRequest<'a> {
    /// Decodes the parameters.
    pub(super) fn parse<T: Deserialize<'a>>(&self) -> Result<T, ErrorObject> {
        self.params.parse().map_err(|error| invalid_params(&error))
    }

    /// Returns the page that a list request asks for.
    pub(super) fn list(
        &self,
        page_size: usize,
        list: impl FnOnce(&Registry, &ListRequest<'_>) -> Result<JsonBytes, ErrorObject>,
    ) -> Result<JsonBytes, ErrorObject> {
        let Page { cursor } = self.parse()?;
        let viewer = self.viewer();
        let request = ListRequest {
            cursor: cursor.as_deref(),
            revision: self.context.revision(),
            rules: self.context.rules(),
            encoder: &self.context.call().environment.encoder,
            page_size,
            viewer: viewer.as_ref(),
            filter: self.context.extensions().get(),
        };
        list(self.registry, &request)
    }

    /// Returns the caller, if scopes restrict what it sees in lists.
    fn viewer(&self) -> Option<Viewer<'_>> {
        let rules = &self.server.access;
        if rules.list_all || !self.registry.has_scopes() {
            return None;
        }
        let principal = self.context.call().extensions.get::<Principal>();
        let is_checked = principal.is_some() || self.context.call().conversation.binding.is_http();
        is_checked.then_some(Viewer { rules, principal })
    }

    /// Returns the empty result.
    pub(super) fn empty(&self) -> Result<JsonBytes, ErrorObject> {
        self.context.encode(EmptyResult::new())
    }
}

/// Fails if the capability of a method is not offered: the method does not exist then (ERR-9).
pub(super) fn require(offered: bool, method: &str) -> Result<(), ErrorObject> {
    if offered { Ok(()) } else { Err(ErrorObject::method_not_found(method)) }
}

/// The parameters of a list request.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
}
