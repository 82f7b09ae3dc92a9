//! A request that has passed the layers, and what its method's family needs to answer it.

use std::borrow::Cow;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::EmptyResult;
use serde::Deserialize;

use crate::context::Context;
use crate::definition::ServerDefinition;
use crate::error::invalid_params;
use crate::registry::{ListRequest, Registry};

/// A request at the router.
pub(super) struct RoutedRequest<'a> {
    pub(super) server: &'a ServerDefinition,
    /// The snapshot that this call is answered from.
    pub(super) registry: &'a Registry,
    pub(super) context: &'a Context,
    pub(super) params: &'a JsonBytes,
}

impl<'a> RoutedRequest<'a> {
    /// The parameters as a `T`.
    pub(super) fn parse<T: Deserialize<'a>>(&self) -> Result<T, ErrorObject> {
        self.params.parse().map_err(|error| invalid_params(&error))
    }

    /// The page that a list request asks for.
    pub(super) fn list(
        &self,
        page_size: usize,
        list: impl FnOnce(&Registry, &ListRequest<'_>) -> Result<JsonBytes, ErrorObject>,
    ) -> Result<JsonBytes, ErrorObject> {
        let Page { cursor } = self.parse()?;
        let request = ListRequest {
            cursor: cursor.as_deref(),
            revision: self.context.revision(),
            encoder: &self.context.call().environment.encoder,
            page_size,
        };
        list(self.registry, &request)
    }

    /// The empty result.
    pub(super) fn empty(&self) -> Result<JsonBytes, ErrorObject> {
        self.context.encode(EmptyResult::new())
    }
}

/// A method of a capability that is not offered does not exist (ERR-9).
pub(super) fn require(offered: bool, method: &str) -> Result<(), ErrorObject> {
    if offered { Ok(()) } else { Err(ErrorObject::method_not_found(method)) }
}

/// Parameters of a list.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
}
