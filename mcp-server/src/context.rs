//! What a handler knows of its call, and what it can say while it runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::extensions::Extensions;
use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::meta::Meta;
use mcp_core::method::{NotificationMethod, notification};
use mcp_core::revision::{Revision, Rules};
use mcp_core::service::{BoxFuture, Notification, Request};
use mcp_core::types::{
    ClientCapabilities, Implementation, LogMessageParams, LoggingLevel, ProgressParams,
};
use serde::Serialize;

use crate::call::{AnswerStream, Call};
use crate::wire::WireResult;

/// One call, as its handler sees it. Cheap to clone.
///
/// Take it as an argument of a tool, prompt or resource function, wherever it stands. What it
/// offers works on every revision: where a revision lacks something, the method says what happens
/// instead.
#[derive(Clone)]
pub struct Context(Arc<Call>);

impl Context {
    /// The context of a request that passes through a [layer](crate::layer).
    pub fn of(request: &Request) -> Option<Self> {
        request.extensions.get_shared().map(Self)
    }

    /// The context of a request that has passed the layers, with what they put in.
    pub(crate) fn take(request: &mut Request) -> Option<Self> {
        let call = request.extensions.take::<Call>()?;
        if !request.extensions.is_empty() {
            let layered = call.extensions.merged(std::mem::take(&mut request.extensions));
            // Set already when a layer calls twice, to try again.
            drop(call.layered.set(layered));
        }
        Some(Self(call))
    }

    /// The data of the call.
    pub(crate) fn call(&self) -> &Call {
        &self.0
    }

    /// The id that the caller gave the request.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.0.id
    }

    /// The protocol revision that this call is made in.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.0.revision
    }

    /// Writes the result of this call.
    pub(crate) fn encode<T: WireResult>(&self, result: T) -> Result<JsonBytes, ErrorObject> {
        self.0.environment.encode(result, self.0.revision)
    }

    pub(crate) fn rules(&self) -> &'static Rules {
        self.0.revision.rules()
    }

    /// What the client says it is. Not verified: never decide security by it (ST-5).
    #[must_use]
    pub fn client_info(&self) -> Option<Implementation> {
        match &self.0.session {
            Some(session) => session.client_info(),
            None => self.0.meta.client_info.as_ref()?.parse().ok(),
        }
    }

    /// What the client can do, as declared for this call (modern) or this session (legacy).
    #[must_use]
    pub fn client_capabilities(&self) -> ClientCapabilities {
        match &self.0.session {
            Some(session) => session.capabilities(),
            None => self.0.meta.client_capabilities(),
        }
    }

    /// The `_meta` of the request.
    #[must_use]
    pub fn meta(&self) -> Meta {
        self.0.meta.raw.as_ref().and_then(|raw| raw.parse().ok()).unwrap_or_default()
    }

    /// What the binding and the layers know of the call: HTTP headers, principal, peer address.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        self.0.layered.get().unwrap_or(&self.0.extensions)
    }

    /// Runs what blocks on a thread of a bounded pool, so that other calls stay quick.
    ///
    /// Cancel safe: dropping the future before a thread took the work means that it never runs;
    /// after that the work runs to its end, and its result is dropped.
    ///
    /// # Errors
    /// −32603 when `work` panics, or no thread can be started.
    pub fn blocking<R: Send + 'static, F: FnOnce() -> R + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<R, ErrorObject>> + Send + use<R, F> {
        self.0.environment.blocking.run(work)
    }

    // ---- while the call runs
    // -------------------------------------------------------------------------

    /// Reports progress: `done` of `total`, where that is known.
    ///
    /// Does nothing when the caller did not ask for progress, or the call is over. Values must
    /// rise; one that does not is dropped, and so are values that come faster than
    /// [`Limits::min_progress_interval`](crate::Limits::min_progress_interval) on average (a burst of ten passes). The one that reaches
    /// `total` is always sent. Cancel safe.
    pub async fn progress(&self, done: f64, total: impl Into<Option<f64>> + Send) {
        self.send_progress(done, total.into(), None).await;
    }

    /// As [`Context::progress`], with a text for people (left out where the revision has none).
    pub async fn progress_with_message(
        &self,
        done: f64,
        total: impl Into<Option<f64>> + Send,
        message: impl Into<String> + Send,
    ) {
        self.send_progress(done, total.into(), Some(message.into())).await;
    }

    async fn send_progress(&self, done: f64, total: Option<f64>, message: Option<String>) {
        let Some(token) = &self.0.meta.progress_token else { return yield_at_times().await };
        if self.0.gate.is_over() {
            return yield_at_times().await;
        }
        let total = total.filter(|total| total.is_finite()); // JSON has no other numbers.
        let interval = self.0.environment.limits.min_progress_interval;
        if !self.0.progress.lock().admit(done, total, interval) {
            return yield_at_times().await;
        }
        let mut params = ProgressParams::new(token.clone(), done);
        params.total = total;
        params.message = message.filter(|_| self.rules().progress_message);
        self.0.gate.send(self.notify::<notification::Progress>(&params)).await;
    }

    /// Sends a log message to the client.
    ///
    /// Modern: only when this request asks for logs, at its level or above, and until it is
    /// answered. Legacy: at the level that the session set, `info` until it sets one. No secrets,
    /// no personal data (LOG-4). Cancel safe.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28; standard error or OpenTelemetry take its place.
    #[deprecated(
        note = "MCP 2026-07-28 deprecates logging (SEP-2577), with removal no earlier than \
                2027-07-28; write to standard error, or use OpenTelemetry"
    )]
    pub async fn log(&self, level: LoggingLevel, data: impl Serialize + Send) {
        let (least, is_session) = match &self.0.session {
            Some(session) => (Some(session.log_level()), true),
            None => (self.0.meta.log_level, false),
        };
        if least.is_none_or(|least| level < least) {
            return yield_at_times().await;
        }
        let Ok(data) = RawJson::new(&data) else { return yield_at_times().await };
        let params =
            LogMessageParams::new(level, data).logger(self.0.environment.server_name.clone());
        let sending = self.notify::<notification::Message>(&params);
        if is_session {
            sending.await;
        } else {
            self.0.gate.send(sending).await;
        }
    }

    /// Closes the stream that the answer will come on, and goes on with the call: the client comes
    /// back for the answer after `retry`, or when it likes. For calls that take so long that
    /// holding a connection open is a waste.
    ///
    /// False, and nothing else, where that is not possible: over any other transport than HTTP, on
    /// revisions other than 2025-11-25, or when the client has gone already (SH-4).
    pub fn close_stream(&self, retry: impl Into<Option<Duration>>) -> bool {
        let retry = retry.into();
        self.0.extensions.get::<AnswerStream>().is_some_and(|stream| stream.0.close(retry))
    }

    /// Sends a notification to the client.
    pub(crate) async fn notify<N: NotificationMethod>(&self, params: &N::Params) {
        yield_at_times().await;
        match JsonBytes::new(params) {
            Ok(params) => self.0.peer.notify(Notification::new(N::NAME, params)).await,
            Err(error) => {
                tracing::error!(method = N::NAME, %error, "a notification could not be written");
            }
        }
    }
}

/// Yields to the runtime now and then, as every wait of tokio does. A handler may call these
/// functions in a loop that waits for nothing else: without it, other calls would starve, and a
/// cancellation would have to wait for the end of the loop.
async fn yield_at_times() {
    tokio::task::consume_budget().await;
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("request_id", &self.0.id)
            .field("revision", &self.0.revision)
            .finish_non_exhaustive()
    }
}

/// A call of a handler: what [extractors](crate::extract) take their values from.
pub trait HandlerCall: Send + 'static {
    /// The context of the call.
    fn context(&self) -> &Context;
}

/// The future of a handler.
pub type HandlerFuture<T> = BoxFuture<'static, Result<T, ErrorObject>>;
