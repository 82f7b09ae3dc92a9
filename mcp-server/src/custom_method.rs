//! Methods that are not part of the core protocol.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::{Method, Row};
use mcp_core::revision::Revision;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::{Context, HandlerCall, HandlerFuture};
use crate::extract::{Args, Extract, Rejection};
use crate::handler::Handler;
use crate::wiring::Wiring;

/// A call of a method that is not part of the core protocol, with the parameters of `M`.
///
/// It is what the [handler](crate::handler::Handler) of
/// [`ServerBuilder::method_with`](crate::ServerBuilder::method_with) and
/// [`ServerExtension::method_with`](crate::extension::ServerExtension::method_with) takes its
/// arguments from:
/// `Args<M::Params>`, [`Context`], [`State<S>`](crate::extract::State) and
/// [`Extension<T>`](crate::extract::Extension), in any order.
pub struct MethodCall<M> {
    context: Context,
    params: JsonBytes,
    method: PhantomData<fn() -> M>,
}

impl<M> fmt::Debug for MethodCall<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MethodCall")
            .field("context", &self.context)
            .field("params", &self.params)
            .finish()
    }
}

impl<M: Method + 'static> HandlerCall for MethodCall<M> {
    fn context(&self) -> &Context {
        &self.context
    }
}

impl<M: Method + 'static> Extract<MethodCall<M>> for Args<M::Params> {
    fn extract(call: &MethodCall<M>) -> Result<Self, Rejection> {
        let params = call.params.parse().map_err(|error| crate::error::invalid_params(&error))?;
        Ok(Self(params))
    }
}

type Handle = dyn Fn(Context, &JsonBytes) -> HandlerFuture<JsonBytes> + Send + Sync;

/// A method that was registered by [`ServerBuilder::method`](crate::ServerBuilder::method) or by a
/// [`ServerExtension`](crate::extension::ServerExtension).
pub(crate) struct CustomMethod {
    handle: Box<Handle>,
    /// The row of a method of an extension.
    row: Option<&'static Row>,
    /// Where it was registered, and what its handler needs.
    pub(crate) wiring: Wiring,
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
            async move { encode(&context, &running.await?) }
        })
    }

    /// Creates a method from a handler whose arguments are extractors.
    #[track_caller]
    pub(crate) fn of_handler<M, A, H>(handler: H) -> Self
    where
        M: Method + 'static,
        H: Handler<MethodCall<M>, A, Output = Result<M::Result, ErrorObject>>,
    {
        let mut wiring = Wiring::here();
        H::needs(&mut wiring.needs);
        let handle: Box<Handle> = Box::new(move |context, params| {
            let call = MethodCall {
                context: context.clone(),
                params: params.clone(),
                method: PhantomData,
            };
            match handler.run(&call) {
                Ok(running) => Box::pin(async move { encode(&context, &running.await?) }),
                Err(rejection) => Box::pin(std::future::ready(Err(rejection.into_error_object()))),
            }
        });
        Self { handle, row: None, wiring }
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
        Self { handle, row: None, wiring: Wiring::here() }
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

fn encode<R: Serialize>(context: &Context, result: &R) -> Result<JsonBytes, ErrorObject> {
    let encoder = &context.call().environment.encoder;
    let encoded = encoder.encode_custom(result, context.rules());
    encoded.map_err(|error| crate::error::internal("encoding a result", &error))
}

impl fmt::Debug for CustomMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomMethod")
    }
}
