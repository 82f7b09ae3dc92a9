//! The extensions of a client.

use std::fmt;
use std::sync::Arc;

use mcp_core::json::RawJson;
use mcp_core::method::{Methods, Row};
use mcp_core::service::BoxFuture;
use mcp_core::types::ServerCapabilities;
use serde_json::Value;

use super::{ClientExtension, ExtendedResult};
use crate::error::Error;

/// What an extension registers.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(super) id: String,
    pub(super) settings: Value,
    pub(super) rows: &'static [Row],
    pub(super) results: Vec<ResultHandler>,
}

type Handle = dyn Fn(ExtendedResult) -> BoxFuture<'static, Result<RawJson, Error>> + Send + Sync;

/// The handler of a type of result.
#[derive(Clone)]
pub(crate) struct ResultHandler {
    pub(super) method: &'static str,
    pub(super) kind: &'static str,
    pub(super) handle: Arc<Handle>,
}

impl ResultHandler {
    /// Waits for the complete result.
    pub(crate) fn handle(
        &self,
        result: ExtendedResult,
    ) -> BoxFuture<'static, Result<RawJson, Error>> {
        (self.handle)(result)
    }
}

impl fmt::Debug for ResultHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultHandler")
            .field("method", &self.method)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The extensions of a client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extensions {
    methods: Methods,
    results: Vec<ResultHandler>,
    /// Why the first invalid extension is invalid.
    invalid: Option<String>,
}

impl Extensions {
    /// Adds an extension. Returns its id and its settings, to be declared.
    pub(crate) fn add(&mut self, extension: ClientExtension) -> Option<(String, Value)> {
        match extension.into_registered() {
            Ok(Registered { id, settings, rows, results }) => {
                self.methods.add(rows);
                self.results.extend(results);
                Some((id, settings))
            }
            Err(invalid) => {
                self.invalid.get_or_insert(invalid);
                None
            }
        }
    }

    /// Reports the first invalid extension.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.invalid.clone().map_or(Ok(()), Err)
    }

    /// Returns the row of a method that is not in the method table.
    pub(crate) fn row(&self, method: &str) -> Option<&'static Row> {
        self.methods.find_extended(method)
    }

    /// Returns the handler of a type of result.
    pub(crate) fn result_handler(&self, method: &str, kind: &str) -> Option<&ResultHandler> {
        self.results.iter().find(|handler| handler.method == method && handler.kind == kind)
    }

    /// Returns why a method cannot be sent to this server: it belongs to an extension that the
    /// server does not declare.
    pub(crate) fn missing(&self, method: &str, server: &ServerCapabilities) -> Option<String> {
        let id = self.methods.find(method)?.extension?;
        server.extension(id).is_none().then(|| {
            format!("the server does not declare the extension {id}, which has the method {method}")
        })
    }
}
