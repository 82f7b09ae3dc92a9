//! What a server lends to each of its calls.

use std::fmt;

use mcp_core::extensions::Extensions;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::Revision;

use crate::blocking::BlockingPool;
use crate::limits::Limits;
use crate::seal::Sealer;
use crate::wire::{Encoder, WireResult};

/// The parts of a server that its calls use, whatever it offers.
pub(crate) struct Environment {
    /// The name of the server.
    pub(crate) server_name: String,
    pub(crate) limits: Limits,
    /// What [`ServerBuilder::state`](crate::ServerBuilder::state) was given.
    pub(crate) states: Extensions,
    /// What the rooms above this one attach for their own `impl Context` blocks.
    pub(crate) attached: Extensions,
    pub(crate) blocking: BlockingPool,
    pub(crate) sealer: Sealer,
    pub(crate) encoder: Encoder,
}

impl Environment {
    /// Writes a result in a revision.
    ///
    /// # Errors
    /// −32603 when the result cannot be written as JSON.
    pub(crate) fn encode<T: WireResult>(
        &self,
        result: T,
        revision: Revision,
    ) -> Result<JsonBytes, ErrorObject> {
        self.encoder
            .encode(result, revision)
            .map_err(|error| crate::error::internal("writing a result", &error))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}
