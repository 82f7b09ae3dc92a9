//! Methods that are not part of the core protocol.

use std::fmt;
use std::future::Future;
use std::panic::Location;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::{Method, Row};
use mcp_core::revision::Revision;
use serde::de::DeserializeOwned;

use crate::context::{Context, HandlerFuture};

type Handle = dyn Fn(Context, &JsonBytes) -> HandlerFuture<JsonBytes> + Send + Sync;

/// A method that was registered by [`ServerBuilder::method`](crate::ServerBuilder::method) or by a
/// [`ServerExtension`](crate::extension::ServerExtension).
pub(crate) struct CustomMethod {
    handle: Box<Handle>,
    /// The row of a method of an extension.
    row: Option<&'static Row>,
    /// Where it was registered.
    pub(crate) place: &'static Location<'static>,
}

impl CustomMethod {
    #[track_caller]
    pub(crate) fn new<M, F, Fut>(handler: F) -> Self
    where
        M: Method,
        F: Fn(M::Params, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<M::Result, ErrorObject>> + Send + 'static,
    {
        Self::encoded(move |params, context: Context| {
            let running = handler(params, context.clone());
            async move {
                let result = running.await?;
                let encoder = &context.call().environment.encoder;
                encoder
                    .encode_custom(&result, context.rules())
                    .map_err(|error| crate::error::internal("encoding a result", &error))
            }
        })
    }

    /// Creates a method whose handler encodes its result.
    #[track_caller]
    pub(crate) fn encoded<P, F, Fut>(handler: F) -> Self
    where
        P: DeserializeOwned,
        F: Fn(P, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<JsonBytes, ErrorObject>> + Send + 'static,
    {
        let handle: Box<Handle> = Box::new(move |context, params| {
            let params = params.parse().map_err(|error| crate::error::invalid_params(&error));
            let running = params.map(|params| handler(params, context));
            Box::pin(async move { running?.await })
        });
        Self { handle, row: None, place: Location::caller() }
    }

    /// Sets the row of a method of an extension.
    pub(crate) fn of_extension(self, row: &'static Row) -> Self {
        Self { row: Some(row), ..self }
    }

    /// Whether it was registered by an extension.
    pub(crate) fn is_of_extension(&self) -> bool {
        self.row.is_some()
    }

    /// Whether the method exists in a revision.
    pub(crate) fn is_in(&self, revision: Revision) -> bool {
        self.row.is_none_or(|row| row.revisions.contains(revision))
    }

    pub(crate) fn call(&self, context: Context, params: &JsonBytes) -> HandlerFuture<JsonBytes> {
        let extension = self.row.and_then(|row| row.extension);
        match extension.map_or(Ok(()), |id| context.check_extension(id)) {
            Ok(()) => (self.handle)(context, params),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

impl fmt::Debug for CustomMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomMethod")
    }
}
