//! Runs the methods of a module.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jsonrpsee_core::server::{ConnectionId, Extensions, MethodCallback};
use jsonrpsee_types::{Id, Params};
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::CallToolResult;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::cancellation::Cancellation;
use super::error;
use super::limits::RpcLimits;
use super::params::Conversion;
use super::result;
use super::subscription::{self, Subscribe};
use crate::auth::Principal;
use crate::tool::ToolCall;

/// What the methods of one module share.
pub(super) struct Module {
    /// The extensions that the program gave the module.
    extensions: Extensions,
    running: Arc<Semaphore>,
    limits: RpcLimits,
}

/// One method of a module.
pub(super) struct Method {
    pub(super) module: Arc<Module>,
    pub(super) name: &'static str,
    pub(super) callback: MethodCallback,
    pub(super) conversion: Conversion,
    /// Whether the tool has an output schema.
    pub(super) is_structured: bool,
    /// Whether a sync method runs on a thread of its own.
    pub(super) is_blocking: bool,
}

/// Counts a call as long as the method runs. A blocking method keeps its extensions until it
/// returns, also after its call was cancelled.
#[derive(Clone)]
struct Running {
    _permit: Arc<OwnedSemaphorePermit>,
}

/// The id of the next connection. Each call has its own, so that a module that keeps something for
/// a connection does not share it between callers. Servers of jsonrpsee count from 0.
static NEXT_CONNECTION: AtomicUsize = AtomicUsize::new(usize::MAX / 2 + 1);

impl Module {
    pub(super) fn new(extensions: Extensions, limits: RpcLimits) -> Self {
        let max_calls = limits.max_running_calls.min(Semaphore::MAX_PERMITS);
        Self { extensions, running: Arc::new(Semaphore::new(max_calls)), limits }
    }
}

impl Method {
    /// Answers a call of the tool.
    ///
    /// # Errors
    /// −32603 if the module fails or too many calls run, and −32602 in revisions whose argument
    /// errors are protocol errors.
    pub(super) async fn call(&self, call: ToolCall) -> Result<CallToolResult, ErrorObject> {
        let Module { extensions, running, limits } = &*self.module;
        let params = match self.conversion.params(call.arguments().clone()) {
            Ok(params) => params,
            Err(errors) => return call.reject(errors),
        };
        let Ok(permit) = Arc::clone(running).try_acquire_owned() else {
            return Err(error::too_many(limits.max_running_calls));
        };
        let context = call.context();
        let connection = ConnectionId(NEXT_CONNECTION.fetch_add(1, Ordering::Relaxed));
        // Lives as long as this future.
        let (cancellation, _cancel_on_drop) = Cancellation::new();
        let mut extensions = extensions.clone();
        extensions.insert(connection);
        extensions.insert(cancellation);
        extensions.insert(context.clone());
        if let Some(principal) = context.extensions().get::<Principal>() {
            extensions.insert(principal.clone());
        }

        let text = params.as_ref().map(|params| params.as_str());
        let max_bytes = limits.max_result_bytes;
        let id = Id::Number(0);
        let response = match &self.callback {
            MethodCallback::Subscription(method) => {
                let subscribe = Subscribe {
                    name: self.name,
                    method,
                    connection,
                    extensions,
                    permit,
                    limits,
                    is_structured: self.is_structured,
                };
                return subscription::run(subscribe, &call, Params::new(text)).await;
            }
            MethodCallback::Async(method) => {
                extensions.insert(Running { _permit: Arc::new(permit) });
                let params = Params::new(text).into_owned();
                method(id, params, connection, max_bytes, extensions).await
            }
            MethodCallback::Sync(method) if self.is_blocking => {
                let method = Arc::clone(method);
                let run = move || {
                    let _permit = permit;
                    let text = params.as_ref().map(|params| params.as_str());
                    method(id, Params::new(text), max_bytes, extensions)
                };
                context.blocking(run).await?
            }
            MethodCallback::Sync(method) => method(id, Params::new(text), max_bytes, extensions),
            MethodCallback::Unsubscription(method) => {
                method(id, Params::new(text), connection, max_bytes, extensions)
            }
        };
        match result::read(response, max_bytes)? {
            Ok(value) => Ok(result::success(value, self.is_structured)),
            Err(error) => error::answer(&call, self.name, error),
        }
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method").field("name", &self.name).finish_non_exhaustive()
    }
}
