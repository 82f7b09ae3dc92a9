//! Turns panics of user code into error responses.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

use super::{Conversation, Notification, Reply, Request, Service};
use crate::jsonrpc::{ErrorObject, MethodName, Params};
use crate::text::PeerText;

/// Answers a panic of the inner service with −32603 and logs it, so that a bug fails only the call
/// that hits it.
///
/// With `panic = "abort"` a panic cannot be caught.
#[derive(Debug, Clone)]
pub struct CatchPanic<S>(S);

impl<S> CatchPanic<S> {
    /// Wraps a service.
    pub const fn new(inner: S) -> Self {
        Self(inner)
    }

    /// Returns the inner service.
    pub const fn get_ref(&self) -> &S {
        &self.0
    }
}

/// Answers a panic of one call, as [`CatchPanic`] does.
///
/// Not an `async fn`, which would store `call` twice: as its argument and while it waits.
pub fn catch_panic<T: Send, E: From<ErrorObject> + Send>(
    method: MethodName,
    call: impl Future<Output = Result<T, E>> + Send,
) -> impl Future<Output = Result<T, E>> + Send {
    // The interrupted future is dropped and not polled again. User state that outlives the call may
    // be half updated, as after a panic under a lock.
    AssertUnwindSafe(call).catch_unwind().map(move |outcome| {
        outcome.unwrap_or_else(|panic| {
            let log = |correlation: &str| log_panic(&method, &*panic, correlation);
            Err(ErrorObject::internal_logged(log).into())
        })
    })
}

impl<S: Service> Service for CatchPanic<S> {
    fn call(&self, request: Request) -> impl Future<Output = Reply> + Send {
        // The service is called inside the guard, because a layer that is not an `async fn` may
        // panic before it returns a future.
        catch_panic(request.method.clone(), async { self.0.call(request).await })
    }

    async fn notify(&self, notification: Notification) {
        let method = notification.method.clone();
        let notify = AssertUnwindSafe(async { self.0.notify(notification).await });
        if let Err(panic) = notify.catch_unwind().await {
            log_panic(&method, &*panic, "");
        }
    }
}

impl<S: Conversation> Conversation for CatchPanic<S> {
    fn accepts_batches(&self) -> bool {
        self.0.accepts_batches()
    }

    fn check_batch_entry(&self, params: &Params) -> Result<(), ErrorObject> {
        self.0.check_batch_entry(params)
    }

    fn fit_error(&self, error: ErrorObject) -> ErrorObject {
        self.0.fit_error(error)
    }

    fn draining(&self) {
        self.0.draining();
    }

    fn unreadable(&self, line: &[u8]) {
        self.0.unreadable(line);
    }
}

#[cold]
fn log_panic(method: &str, panic: &(dyn Any + Send), correlation: &str) {
    let reason = (panic.downcast_ref::<&str>().copied())
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)");
    let method = PeerText::new(method);
    tracing::error!(%method, reason, correlation, "a handler panicked");
}
