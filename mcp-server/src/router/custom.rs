//! Methods of the user's own.

use std::fmt;
use std::future::Future;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::Method;

use crate::context::{Context, HandlerFuture};

type Answer = dyn Fn(Context, &JsonBytes) -> HandlerFuture<JsonBytes> + Send + Sync;

/// A method that was registered by [`Server::method`](crate::Server::method).
pub(crate) struct CustomMethod(Box<Answer>);

impl CustomMethod {
    pub(crate) fn new<M, F, Fut>(handler: F) -> Self
    where
        M: Method,
        F: Fn(M::Params, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<M::Result, ErrorObject>> + Send + 'static,
    {
        Self(Box::new(move |context, params| {
            let running = super::parse(params).map(|params| handler(params, context.clone()));
            Box::pin(async move {
                let result = running?.await?;
                let encoder = &context.0.server.encoder;
                encoder
                    .encode_custom(&result, context.revision())
                    .map_err(|error| crate::error::internal("writing a result", &error))
            })
        }))
    }
}

impl fmt::Debug for CustomMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomMethod")
    }
}

pub(super) async fn call(
    context: Context,
    name: &str,
    params: &JsonBytes,
) -> Result<JsonBytes, ErrorObject> {
    let running = match context.0.server.methods.get(name) {
        Some(CustomMethod(answer)) => answer(context.clone(), params),
        None => return Err(ErrorObject::method_not_found(name)),
    };
    running.await
}
