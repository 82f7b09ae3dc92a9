//! Results whose `resultType` an extension defines.

use std::fmt;

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::ErrorObject;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Error;

/// A result that is neither complete nor a request for input: its `resultType` belongs to an
/// extension.
pub struct ExtendedResult {
    client: Client,
    method: &'static str,
    result: JsonBytes,
}

impl ExtendedResult {
    pub(crate) fn new(client: Client, method: &'static str, result: JsonBytes) -> Self {
        Self { client, method, result }
    }

    /// Returns the client that received the result.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the method of the request.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// Reads the result as a type of the extension.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if it is not a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let bytes = self.result.as_bytes();
        self.result.parse().map_err(|error| Error::decode(self.method, error, bytes))
    }

    /// Returns the result as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if it is not JSON.
    pub fn json(&self) -> Result<RawJson, Error> {
        self.parse()
    }

    /// Creates the error for a request that failed later, with the error of the server.
    #[must_use]
    pub fn failed(&self, error: ErrorObject) -> Error {
        Error::from_call(self.method, error.into())
    }

    /// Creates the error for a result that violates the extension.
    #[must_use]
    pub fn invalid(&self, reason: impl fmt::Display) -> Error {
        Error::invalid_answer(self.method, reason, self.result.as_bytes())
    }
}

impl fmt::Debug for ExtendedResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtendedResult").field("method", &self.method).finish_non_exhaustive()
    }
}
