//! The context of a call: what a handler can read, and what it can send while it runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::extensions::Extensions;
use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::meta::{Meta, STALE_DIGESTS};
use mcp_core::method::{NotificationMethod, notification};
use mcp_core::revision::{Revision, Rules};
use mcp_core::service::{BoxFuture, Notification, Request};
use mcp_core::telemetry::TraceContext;
use mcp_core::types::{
    ClientCapabilities, Implementation, LogMessageParams, LoggingLevel, ProgressParams,
    ProgressToken,
};
use serde::Serialize;

use crate::call::{self, Admission, AnswerStream, Call};
use crate::progress::{Number, Total};
use crate::wire::WireResult;

/// The call that a handler answers. Cheap to clone.
///
/// Take it as an argument of a tool, prompt or resource function, at any position. Its methods work
/// in every revision; where a revision lacks a feature, the method documents what happens instead.
///
/// A `&Context` ends with the function. A task or thread that outlives it takes a clone: take the
/// `Context` by value, or call `ctx.clone()` before `tokio::spawn(async move { … })`.
///
/// ```
/// use mcp_server::{Context, tool};
///
/// /// Index the given files.
/// #[tool]
/// async fn index(files: Vec<String>, ctx: Context) -> String {
///     for (done, file) in files.iter().enumerate() {
///         ctx.progress_with_message(done, files.len(), file).await;
///     }
///     format!("indexed {} files", files.len())
/// }
/// ```
#[derive(Clone)]
pub struct Context(Arc<Call>);

impl Context {
    /// Returns the context of a request in a [layer](crate::layer). `None` for a request that a
    /// layer created.
    pub fn of(request: &Request) -> Option<Self> {
        request.extensions.get_shared().map(Self)
    }

    pub(crate) fn new(call: Arc<Call>) -> Self {
        Self(call)
    }

    /// Takes the context of a request that has passed the layers, with the extensions that they
    /// added.
    pub(crate) fn take(request: &mut Request) -> Option<Self> {
        let call = request.extensions.take::<Call>()?;
        if !request.extensions.is_empty() {
            let layered = call.extensions.merged(std::mem::take(&mut request.extensions));
            // Already set if a layer calls the service more than once.
            drop(call.layered.set(layered));
        }
        Some(Self(call))
    }

    /// Returns the data of the call.
    pub(crate) fn call(&self) -> &Call {
        &self.0
    }

    /// Returns the id of the request, which the caller chose.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.0.id
    }

    /// Returns the protocol revision of this call.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.0.revision
    }

    /// Encodes the result of this call.
    pub(crate) fn encode<T: WireResult>(&self, mut result: T) -> Result<JsonBytes, ErrorObject> {
        self.mark_stale(result.meta_mut());
        self.0.environment.encode(result, self.0.rules)
    }

    /// Adds to the `_meta` of a result which of the digests that the client knows are stale.
    pub(crate) fn mark_stale(&self, meta: &mut Option<Meta>) {
        if let Some(stale) = self.0.stale.get() {
            meta.get_or_insert_default().insert(STALE_DIGESTS, stale.as_slice());
        }
    }

    pub(crate) fn rules(&self) -> &'static Rules {
        self.0.rules
    }

    /// Returns the name and version that the client claims. `None` for calls without `clientInfo`.
    ///
    /// The claim is not verified: never base a security decision on it (ST-5).
    #[must_use]
    pub fn client_info(&self) -> Option<Implementation> {
        match &self.0.session {
            Some(session) => session.client_info(),
            None => call::client_info(&self.0.params),
        }
    }

    /// Returns the capabilities that the client declared for this call (modern) or session
    /// (legacy).
    #[must_use]
    pub fn client_capabilities(&self) -> ClientCapabilities {
        match &self.0.session {
            Some(session) => session.capabilities(),
            None => call::client_capabilities(&self.0.params),
        }
    }

    /// Returns the `_meta` of the request.
    #[must_use]
    pub fn meta(&self) -> Meta {
        call::whole_meta(&self.0.params).unwrap_or_default()
    }

    /// Returns the trace that the caller continues with this request: `traceparent`, `tracestate`
    /// and `baggage` of its `_meta`. `None` without a valid one.
    ///
    /// The caller can put anything into it. Never base a security decision on it.
    #[must_use]
    pub fn trace_context(&self) -> Option<TraceContext> {
        call::trace_context(&self.0.params)
    }

    /// Returns the values that the transport and the layers attached to the call, such as HTTP
    /// headers, the principal or the address of the peer.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        self.0.layered.get().unwrap_or(&self.0.extensions)
    }

    /// Runs blocking work on a thread of a bounded pool, so that it does not delay other calls.
    ///
    /// The pool has at most [`Limits::max_blocking_threads`](crate::Limits::max_blocking_threads)
    /// threads.
    ///
    /// Cancel safety: if the future is dropped before a thread starts the work, the work never
    /// runs. Otherwise it runs to its end, and its result is dropped.
    ///
    /// # Errors
    /// −32603 if `work` panics, or no thread can be started.
    pub fn blocking<R: Send + 'static, F: FnOnce() -> R + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<R, ErrorObject>> + Send + use<R, F> {
        self.0.environment.blocking.run(work)
    }

    // ---- notifications about the call ----

    /// Reports progress: `done` of `total`, if the total is known. Both are any numbers, integers
    /// of every width or floats. The total may also be `None`, or a reference to an `Option`.
    ///
    /// ```
    /// # async fn copy(ctx: &mcp_server::Context, files: &[&str], bytes: Option<u64>) {
    /// ctx.progress(1, 3).await;
    /// ctx.progress(0.5, 1.0).await;
    /// ctx.progress(files.len(), None).await;
    /// ctx.progress(7_u64, &bytes).await;
    /// # }
    /// ```
    ///
    /// Does nothing if the caller did not request progress, or the call has ended. Values must
    /// increase; a value that does not is dropped. So are values that arrive faster than
    /// [`Limits::min_progress_interval`](crate::Limits::min_progress_interval) on average, after a
    /// burst of ten. The value that reaches `total` is always sent.
    ///
    /// In a task, the status message shows the progress instead.
    ///
    /// Cancel safety: dropping the future may drop the notification.
    pub async fn progress(&self, done: impl Number, total: impl Total) {
        let (done, total) = (done.to_f64(), total.to_total());
        match self.progress_token() {
            Some(token) => self.send_progress(token, done, total, None).await,
            None => self.report_to_task(done, total, None::<String>).await,
        }
    }

    /// Reports progress as [`Context::progress`] does, with a message for people. The message is
    /// omitted in revisions that do not have it.
    pub async fn progress_with_message(
        &self,
        done: impl Number,
        total: impl Total,
        message: impl Into<String> + Send,
    ) {
        let (done, total) = (done.to_f64(), total.to_total());
        match self.progress_token() {
            Some(token) => {
                self.send_progress(token, done, total, Some(message.into())).await;
            }
            None => self.report_to_task(done, total, Some(message)).await,
        }
    }

    /// Sets the status message of the task that the call runs as, if it does.
    async fn report_to_task(
        &self,
        done: f64,
        total: Option<f64>,
        message: Option<impl Into<String>>,
    ) {
        if let Some(task) = self.0.task()
            && !self.0.gate.is_over()
        {
            let message = message.map(Into::into);
            let message = message.unwrap_or_else(|| match total {
                Some(total) => format!("{done} of {total}"),
                None => done.to_string(),
            });
            task.set_status(message).await;
        }
        self.0.pace.wait().await;
    }

    /// Returns the token for progress, if the caller asked for progress.
    #[inline]
    fn progress_token(&self) -> Option<&ProgressToken> {
        self.0.meta.progress_token.as_ref()
    }

    async fn send_progress(
        &self,
        token: &ProgressToken,
        done: f64,
        total: Option<f64>,
        message: Option<String>,
    ) {
        if self.0.gate.is_over() {
            return self.0.pace.wait().await;
        }
        let total = total.filter(|total| total.is_finite()); // JSON has no infinity and no NaN.
        let interval = self.0.environment.limits.min_progress_interval;
        if !self.0.limiter.lock().admit_progress(done, total, interval) {
            return self.0.pace.wait().await;
        }
        let mut params = ProgressParams::new(token.clone(), done);
        params.total = total;
        params.message = message.filter(|_| self.rules().progress_message);
        self.0.gate.send(self.notify::<notification::Progress>(&params)).await;
    }

    /// Sends a log message to the client.
    ///
    /// Modern calls: only if the request sets a log level, for messages at that level or above,
    /// until the call is answered. Legacy calls: at the level that the session set, `info` by
    /// default. Messages must contain no secrets and no personal data (LOG-4). Messages that arrive
    /// faster than [`Limits::min_log_interval`](crate::Limits::min_log_interval) on average, after a
    /// burst of 100, are dropped. Warnings and errors are counted apart from other levels.
    ///
    /// Cancel safety: dropping the future may drop the message.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28. Use standard error or OpenTelemetry instead.
    #[deprecated(
        note = "MCP 2026-07-28 deprecates logging (SEP-2577), with removal no earlier than \
                2027-07-28; write to standard error, or use OpenTelemetry"
    )]
    pub async fn log(&self, level: LoggingLevel, data: impl Serialize + Send) {
        let (min_level, is_session) = match &self.0.session {
            Some(session) => (Some(session.log_level()), true),
            None => (self.0.meta.log_level, false),
        };
        if min_level.is_none_or(|min_level| level < min_level) {
            return self.0.pace.wait().await;
        }
        let interval = self.0.environment.limits.min_log_interval;
        let admission = self.0.limiter.lock().admit_log(level, interval);
        if admission == Admission::FirstDropped {
            tracing::warn!(
                ?interval,
                "log messages of a call are dropped; they exceed the limit (min_log_interval)"
            );
        }
        if admission != Admission::Sent {
            return self.0.pace.wait().await;
        }
        let Ok(data) = RawJson::new(&data) else { return self.0.pace.wait().await };
        let params =
            LogMessageParams::new(level, data).logger(self.0.environment.server_name.clone());
        let sending = self.notify::<notification::Message>(&params);
        if is_session {
            sending.await;
        } else {
            self.0.gate.send(sending).await;
        }
    }

    /// Closes the stream of the answer while the call continues. The client reconnects for the
    /// answer after `retry`, or after an interval of its choice. Use it for calls that run so long
    /// that an open connection is wasteful.
    ///
    /// Returns false, without any effect, on transports other than HTTP, in revisions other than
    /// 2025-11-25, or if the client has disconnected (SH-4).
    pub fn close_stream(&self, retry: impl Into<Option<Duration>>) -> bool {
        let retry = retry.into();
        self.0.extensions.get::<AnswerStream>().is_some_and(|stream| stream.0.close(retry))
    }

    /// Sends a notification to the client.
    pub(crate) async fn notify<N: NotificationMethod>(&self, params: &N::Params) {
        // Neither a peer that is gone nor an empty outbox makes a loop of notifications wait.
        tokio::task::consume_budget().await;
        match JsonBytes::new(params) {
            Ok(params) => self.0.peer.notify(Notification::new(N::NAME, params)).await,
            Err(error) => {
                tracing::error!(method = N::NAME, %error, "a notification could not be written");
            }
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("request_id", &self.0.id)
            .field("revision", &self.0.revision)
            .finish_non_exhaustive()
    }
}

/// A call that [extractors](crate::extract) take their values from.
pub trait HandlerCall: Send + 'static {
    /// Returns the context of the call.
    fn context(&self) -> &Context;
}

/// The future of a handler.
pub type HandlerFuture<T> = BoxFuture<'static, Result<T, ErrorObject>>;
