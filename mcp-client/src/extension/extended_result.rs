//! Results whose `resultType` an extension defines.

use std::fmt;

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::ErrorObject;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Error;

/// A result that is neither complete nor a request for input: its `resultType` belongs to an
/// extension.
///
/// ```
/// use mcp_client::extension::ExtendedResult;
/// use mcp_client::json::RawJson;
/// use mcp_client::serde_json::{Value, json};
///
/// /// The handler of results that have a ticket in place of the result.
/// async fn fetch(result: ExtendedResult) -> Result<RawJson, mcp_client::Error> {
///     let ticket = result.parse::<Value>()?["ticket"].clone();
///     result.client().call_raw("com.example/fetch", &json!({ "ticket": ticket })).await
/// }
/// ```
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
    ///
    /// ```
    /// use mcp_client::extension::ExtendedResult;
    /// use mcp_client::json::RawJson;
    ///
    /// async fn fetch(result: ExtendedResult) -> Result<RawJson, mcp_client::Error> {
    ///     result.client().call_raw("com.example/fetch", &()).await
    /// }
    /// ```
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the method of the request.
    ///
    /// ```
    /// use mcp_client::extension::ExtendedResult;
    ///
    /// /// One handler for two methods.
    /// fn is_tool(result: &ExtendedResult) -> bool {
    ///     result.method() == "tools/call"
    /// }
    /// ```
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// Reads the result as a type of the extension.
    ///
    /// ```
    /// use mcp_client::extension::ExtendedResult;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Ticket {
    ///     ticket: String,
    /// }
    ///
    /// fn ticket(result: &ExtendedResult) -> Result<String, mcp_client::Error> {
    ///     Ok(result.parse::<Ticket>()?.ticket)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if it is not a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let bytes = self.result.as_bytes();
        self.result.parse().map_err(|error| Error::decode(self.method, error, bytes))
    }

    /// Returns the result as JSON.
    ///
    /// ```
    /// use mcp_client::extension::ExtendedResult;
    ///
    /// fn log(result: &ExtendedResult) -> Result<(), mcp_client::Error> {
    ///     tracing::debug!(result = result.json()?.get(), "an extended result");
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if it is not JSON.
    pub fn json(&self) -> Result<RawJson, Error> {
        self.parse()
    }

    /// Creates the error for a request that failed later, with the error of the server.
    ///
    /// ```
    /// use mcp_client::extension::ExtendedResult;
    /// use mcp_client::{Error, ErrorObject};
    ///
    /// /// What was fetched later is an error of the server.
    /// fn refused(result: &ExtendedResult, error: ErrorObject) -> Error {
    ///     result.failed(error)
    /// }
    /// ```
    #[must_use]
    pub fn failed(&self, error: ErrorObject) -> Error {
        Error::from_call(self.method, error.into())
    }

    /// Creates the error for a result that violates the extension.
    ///
    /// ```
    /// use mcp_client::extension::ExtendedResult;
    /// use mcp_client::{Error, serde_json::Value};
    ///
    /// fn ticket(result: &ExtendedResult) -> Result<String, Error> {
    ///     let ticket = result.parse::<Value>()?["ticket"].as_str().map(str::to_owned);
    ///     ticket.ok_or_else(|| result.invalid("it has no ticket"))
    /// }
    /// ```
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
