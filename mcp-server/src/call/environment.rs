//! What a server provides for each of its calls.

use std::fmt;
use std::sync::Arc;

use mcp_core::extensions::Extensions;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::{RuleSet, Rules};
use mcp_core::telemetry::Telemetry;

use crate::blocking::BlockingPool;
use crate::limits::Limits;
use crate::seal::Sealer;
use crate::wire::{Encoder, WireResult};

/// The parts of a server that its calls use, independent of its routes.
pub(crate) struct Environment {
    /// The name of the server.
    pub(crate) server_name: String,
    pub(crate) limits: Limits,
    /// The rules of each revision, as this server follows them.
    pub(crate) rules: RuleSet,
    /// The values passed to [`ServerBuilder::state`](crate::ServerBuilder::state).
    pub(crate) states: Extensions,
    /// Values that the modules above this one attach for their `impl Context` blocks.
    pub(crate) attached: Extensions,
    pub(crate) blocking: BlockingPool,
    pub(crate) sealer: Sealer,
    pub(crate) encoder: Encoder,
    pub(crate) telemetry: Option<Arc<dyn Telemetry>>,
}

impl Environment {
    /// Encodes a result for the rules of a revision.
    ///
    /// # Errors
    /// −32603 if the result cannot be encoded as JSON.
    pub(crate) fn encode<T: WireResult>(
        &self,
        result: T,
        rules: &Rules,
    ) -> Result<JsonBytes, ErrorObject> {
        self.encoder
            .encode(result, rules)
            .map_err(|error| crate::error::internal("encoding a result", &error))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}
