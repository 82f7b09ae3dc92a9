//! A request that has passed the layers.

use std::borrow::Cow;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorKind, ErrorObject, Params};
use mcp_core::text::PeerText;
use mcp_core::types::EmptyResult;
use serde::Deserialize;
use serde_json::json;

use crate::context::Context;
use crate::definition::ServerDefinition;
use crate::error::invalid_params;
use crate::registry::{ListRequest, Registry};

/// Maximum length of the name of an unknown tool or prompt in an error message, in characters: the
/// maximum of a valid tool name. Fixed: the caller knows the name.
const MAX_NAME_CHARS: usize = 128;

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
        let request = ListRequest {
            cursor: cursor.as_deref(),
            revision: self.context.revision(),
            rules: self.context.rules(),
            encoder: &self.context.call().environment.encoder,
            page_size,
        };
        list(self.registry, &request)
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

/// Returns the error for the name of a tool or prompt that the server does not have.
#[cold]
pub(super) fn unknown(kind: &str, name: &str) -> ErrorObject {
    let name = PeerText::with_max(name, MAX_NAME_CHARS);
    let details = json!({ "reason": format!("unknown_{kind}"), "name": name.to_string() });
    ErrorObject::invalid_params(format!("unknown {kind}: {name}"))
        .with_kind(ErrorKind::InvalidParams, &details)
}

/// The parameters of a list request.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
}
