//! Methods of the author's own.

use std::fmt;
use std::future::Future;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::Method;

use crate::context::{Context, HandlerFuture};

type Answer = dyn Fn(Context, &JsonBytes) -> HandlerFuture<JsonBytes> + Send + Sync;

/// A method that was registered by [`ServerBuilder::method`](crate::ServerBuilder::method).
pub(crate) struct CustomMethod(Box<Answer>);

impl CustomMethod {
    pub(crate) fn new<M, F, Fut>(handler: F) -> Self
    where
        M: Method,
        F: Fn(M::Params, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<M::Result, ErrorObject>> + Send + 'static,
    {
        Self(Box::new(move |context, params| {
            let params = params.parse().map_err(|error| crate::error::invalid_params(&error));
            let running = params.map(|params| handler(params, context.clone()));
            Box::pin(async move {
                let result = running?.await?;
                let encoder = &context.call().environment.encoder;
                encoder
                    .encode_custom(&result, context.revision())
                    .map_err(|error| crate::error::internal("writing a result", &error))
            })
        }))
    }

    pub(crate) fn call(&self, context: Context, params: &JsonBytes) -> HandlerFuture<JsonBytes> {
        (self.0)(context, params)
    }
}

impl fmt::Debug for CustomMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomMethod")
    }
}
