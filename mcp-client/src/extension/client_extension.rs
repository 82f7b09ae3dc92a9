//! An extension that a client declares.

use std::fmt;
use std::future::Future;

use mcp_core::extension::ProtocolExtension;
use mcp_core::json::RawJson;
use mcp_core::meta;
use mcp_core::method::{self, Row};
use serde_json::Value;

use super::ExtendedResult;
use crate::client::ResultHandler;
use crate::error::Error;

/// A protocol extension that a client supports: its settings, and handlers of its results.
///
/// Pass it to [`ClientBuilder::extension`](crate::ClientBuilder::extension). The
/// [module documentation](crate::extension) has an example.
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
    pub fn new<E: ProtocolExtension>(settings: &E::ClientSettings) -> Self {
        match serde_json::to_value(settings) {
            Ok(settings) => Self::with_rows(E::ID, settings, E::METHODS),
            Err(error) => {
                Self { id: E::ID.to_owned(), registered: Err(invalid(E::ID, &error.to_string())) }
            }
        }
    }

    /// Creates an extension that has no methods and no type, from its id and its settings, an
    /// object. Pass `json!({})` for no settings (EXT-1).
    pub fn declared(id: impl Into<String>, settings: Value) -> Self {
        Self::with_rows(&id.into(), settings, &[])
    }

    fn with_rows(id: &str, settings: Value, rows: &'static [Row]) -> Self {
        let registered = check(id, &settings, rows).map(|()| Registered {
            id: id.into(),
            settings,
            rows,
            results: Vec::new(),
        });
        Self { id: id.to_owned(), registered }
    }

    /// Sets the handler of the results of a method whose `resultType` is `kind`. It returns the
    /// complete result of the method, for which the caller waits.
    ///
    /// The total timeout of the call limits the handler too. A result that it returned is not
    /// cached. Without a handler, such a result fails the call.
    pub fn on_result<F, Fut>(mut self, method: &'static str, kind: &'static str, handler: F) -> Self
    where
        F: Fn(ExtendedResult) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<RawJson, Error>> + Send + 'static,
    {
        if let Ok(registered) = &mut self.registered {
            registered.results.push(ResultHandler::new(method, kind, move |client, result| {
                handler(ExtendedResult::new(client, method, result))
            }));
        }
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

fn check(id: &str, settings: &Value, rows: &[Row]) -> Result<(), String> {
    if !(meta::is_valid_key(id) && id.contains('/')) {
        return Err(invalid(
            id,
            "an id is a prefix, a slash and a name, such as com.example/search",
        ));
    }
    if !settings.is_object() {
        return Err(invalid(id, "the settings must be an object; pass json!({}) for no settings"));
    }
    for row in rows {
        if row.extension != Some(id) {
            let name = row.name;
            let reason = format!("the row of {name} in METHODS has the id of another extension");
            return Err(invalid(id, &reason));
        }
        if method::find(row.name).is_some() {
            return Err(invalid(id, &format!("the protocol defines the method {}", row.name)));
        }
    }
    Ok(())
}

fn invalid(id: &str, reason: &str) -> String {
    format!("the extension \"{id}\" is invalid: {reason}")
}
