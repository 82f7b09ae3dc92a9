//! An extension that a client declares.

use std::fmt;
use std::future::Future;

use mcp_core::extension::{self, ProtocolExtension};
use mcp_core::json::RawJson;
use mcp_core::method::Row;
use serde_json::Value;

use super::ExtendedResult;
use crate::client::ResultHandler;
use crate::error::Error;

/// A protocol extension that a client supports: its settings, and handlers of its results.
///
/// Pass it to [`ClientBuilder::extension`](crate::ClientBuilder::extension). The
/// [module documentation](crate::extension) has an example.
///
/// ```
/// use mcp_client::Client;
/// use mcp_client::extension::ClientExtension;
/// use mcp_client::serde_json::json;
///
/// let extension = ClientExtension::declared("com.example/notes", json!({}));
/// let builder = Client::builder().extension(extension);
/// ```
#[must_use = "an extension does nothing until it is passed to ClientBuilder::extension"]
#[derive(Clone)]
pub struct ClientExtension {
    id: String,
    /// An error says why the extension is invalid.
    registered: Result<Registered, String>,
}

/// What an extension registers.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) id: String,
    pub(crate) settings: Value,
    pub(crate) rows: &'static [Row],
    pub(crate) results: Vec<ResultHandler>,
}

impl ClientExtension {
    /// Creates an extension without handlers from its settings.
    ///
    /// ```
    /// use mcp_client::Client;
    /// use mcp_client::extension::{ClientExtension, NoSettings, ProtocolExtension};
    ///
    /// enum Notes {}
    ///
    /// impl ProtocolExtension for Notes {
    ///     const ID: &'static str = "com.example/notes";
    ///     type ServerSettings = NoSettings;
    ///     type ClientSettings = NoSettings;
    /// }
    ///
    /// let extension = ClientExtension::new::<Notes>(&NoSettings::new());
    /// let builder = Client::builder().extension(extension);
    /// ```
    pub fn new<E: ProtocolExtension>(settings: &E::ClientSettings) -> Self {
        match serde_json::to_value(settings) {
            Ok(settings) => Self::with_rows(E::ID, settings, E::METHODS),
            Err(error) => {
                let reason = format!("the extension \"{}\" has invalid settings: {error}", E::ID);
                Self { id: E::ID.to_owned(), registered: Err(reason) }
            }
        }
    }

    /// Creates an extension without methods from its id and its settings, which must be an object.
    /// Pass `json!({})` for no settings.
    ///
    /// ```
    /// use mcp_client::Client;
    /// use mcp_client::extension::ClientExtension;
    /// use mcp_client::serde_json::json;
    ///
    /// let notes = ClientExtension::declared("com.example/notes", json!({ "markdown": true }));
    /// let builder = Client::builder().extension(notes);
    /// ```
    pub fn declared(id: impl Into<String>, settings: Value) -> Self {
        Self::with_rows(&id.into(), settings, &[])
    }

    fn with_rows(id: &str, settings: Value, rows: &'static [Row]) -> Self {
        let checked = extension::check(id, &settings, rows).map_err(|error| error.to_string());
        let registered =
            checked.map(|()| Registered { id: id.into(), settings, rows, results: Vec::new() });
        Self { id: id.to_owned(), registered }
    }

    /// Sets the handler of the results of a method whose `resultType` is `kind`. It returns the
    /// complete result of the method, for which the caller waits.
    ///
    /// The total timeout of the call limits the handler too, without regard to
    /// [`Call::exclude_input_time`](crate::Call::exclude_input_time). A result that it returned is
    /// not cached. Without a handler, such a result fails the call, and so does a result of a
    /// handler that is not complete. A handler may send requests whose results have handlers, up to
    /// 16 levels deep. The protocol defines the types `complete` and `input_required`.
    ///
    /// Cancel safety: dropping the call drops the future of the handler.
    ///
    /// ```
    /// use mcp_client::Client;
    /// use mcp_client::extension::ClientExtension;
    /// use mcp_client::json::RawJson;
    /// use mcp_client::serde_json::{Value, json};
    ///
    /// // A result of the type "com.example/later" has a ticket; the real one is fetched with it.
    /// let later = ClientExtension::declared("com.example/later", json!({}));
    /// let later = later.on_result("tools/call", "com.example/later", |result| async move {
    ///     let ticket = result.parse::<Value>()?["ticket"].clone();
    ///     result.client().call_raw("com.example/fetch", &json!({ "ticket": ticket })).await
    /// });
    /// let builder = Client::builder().extension(later);
    /// ```
    pub fn on_result<F, Fut>(mut self, method: &'static str, kind: &'static str, handler: F) -> Self
    where
        F: Fn(ExtendedResult) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<RawJson, Error>> + Send + 'static,
    {
        let Ok(registered) = &mut self.registered else { return self };
        let reason = match kind {
            "complete" | "input_required" => "the protocol defines this type",
            _ if registered.results.iter().any(|it| it.is_of(method, kind)) => "it has one already",
            _ => {
                let handler =
                    move |client, result| handler(ExtendedResult::new(client, method, result));
                registered.results.push(ResultHandler::new(method, kind, handler));
                return self;
            }
        };
        self.registered = Err(format!(
            "a handler of results of {method} with the type \"{kind}\" cannot be set: {reason}"
        ));
        self
    }

    /// Returns what it registers, or why it is invalid.
    pub(crate) fn into_registered(self) -> Result<Registered, String> {
        self.registered
    }
}

impl fmt::Debug for ClientExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientExtension").field("id", &self.id).finish_non_exhaustive()
    }
}
