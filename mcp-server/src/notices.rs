//! What a handler sends to the client while it runs: progress and log messages. Spec:
//! basic/utilities/progress, server/utilities/logging.

use std::time::Duration;

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::method::{NotificationMethod, notification};
use mcp_core::service::Notification;
use mcp_core::types::{LogMessageParams, LoggingLevel, ProgressParams, ProgressToken};
use serde::Serialize;

use crate::call::{Admission, AnswerStream};
use crate::context::Context;
use crate::progress::{Number, Total};

impl Context {
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
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// Index a repository.
    /// #[tool]
    /// async fn index(repository: String, ctx: &Context) -> String {
    ///     ctx.progress_with_message(1, 3, "Cloning").await;
    ///     // … clone …
    ///     ctx.progress_with_message(2, 3, format!("Reading {repository}")).await;
    ///     // … read …
    ///     ctx.progress_with_message(3, 3, "Done").await;
    ///     "indexed".to_owned()
    /// }
    /// ```
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
        if let Some(task) = self.call().task()
            && !self.call().gate.is_over()
        {
            let message = message.map(Into::into);
            let message = message.unwrap_or_else(|| match total {
                Some(total) => format!("{done} of {total}"),
                None => done.to_string(),
            });
            task.set_status(message).await;
        }
        self.call().pace.wait().await;
    }

    /// Returns the token for progress, if the caller asked for progress.
    #[inline]
    fn progress_token(&self) -> Option<&ProgressToken> {
        self.call().meta.progress_token.as_ref()
    }

    async fn send_progress(
        &self,
        token: &ProgressToken,
        done: f64,
        total: Option<f64>,
        message: Option<String>,
    ) {
        if self.call().gate.is_over() {
            return self.call().pace.wait().await;
        }
        let total = total.filter(|total| total.is_finite()); // JSON has no infinity and no NaN.
        let interval = self.call().environment.limits.min_progress_interval;
        if !self.call().limiter.lock().admit_progress(done, total, interval) {
            return self.call().pace.wait().await;
        }
        let mut params = ProgressParams::new(token.clone(), done);
        params.total = total;
        params.message = message.filter(|_| self.rules().progress_message);
        self.call().gate.send(self.notify::<notification::Progress>(&params)).await;
    }

    /// Sends a log message to the client.
    ///
    /// Modern calls: only if the request sets a log level, for messages at that level or above,
    /// until the call is answered. Legacy calls: at the level that the session set, `info` by
    /// default. Messages must contain no secrets and no personal data. Messages that arrive
    /// faster than [`Limits::min_log_interval`](crate::Limits::min_log_interval) on average, after a
    /// burst of 100, are dropped. Warnings and errors are counted apart from other levels.
    ///
    /// Cancel safety: dropping the future may drop the message.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28. Use standard error or OpenTelemetry instead.
    ///
    /// ```
    /// use mcp_server::types::LoggingLevel;
    /// use mcp_server::{Context, tool};
    /// use serde_json::json;
    ///
    /// /// Import a file.
    /// #[tool]
    /// #[expect(deprecated, reason = "hosts of earlier revisions show it to the user")]
    /// async fn import(path: String, ctx: &Context) -> String {
    ///     let skipped = 3;
    ///     ctx.log(LoggingLevel::Warning, json!({ "file": path, "skipped_rows": skipped })).await;
    ///     "imported".to_owned()
    /// }
    /// ```
    #[deprecated(
        note = "MCP 2026-07-28 deprecates logging (SEP-2577), with removal no earlier than \
                2027-07-28; write to standard error, or use OpenTelemetry"
    )]
    pub async fn log(&self, level: LoggingLevel, data: impl Serialize + Send) {
        let (min_level, is_session) = match &self.call().session {
            Some(session) => (Some(session.log_level()), true),
            None => (self.call().meta.log_level, false),
        };
        if min_level.is_none_or(|min_level| level < min_level) {
            return self.call().pace.wait().await;
        }
        let interval = self.call().environment.limits.min_log_interval;
        let admission = self.call().limiter.lock().admit_log(level, interval);
        if admission == Admission::FirstDropped {
            tracing::warn!(
                ?interval,
                "log messages of a call are dropped; they exceed the limit (min_log_interval)"
            );
        }
        if admission != Admission::Sent {
            return self.call().pace.wait().await;
        }
        let Ok(data) = RawJson::new(&data) else { return self.call().pace.wait().await };
        let params =
            LogMessageParams::new(level, data).logger(self.call().environment.server_name.clone());
        let sending = self.notify::<notification::Message>(&params);
        if is_session {
            sending.await;
        } else {
            self.call().gate.send(sending).await;
        }
    }

    /// Closes the stream of the answer while the call continues. The client reconnects for the
    /// answer after `retry`, or after an interval of its choice. Use it for calls that run so long
    /// that an open connection is wasteful.
    ///
    /// Returns false, without any effect, on transports other than HTTP, in revisions other than
    /// 2025-11-25, or if the client has disconnected.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::{Context, tool};
    ///
    /// /// Train a model.
    /// #[tool]
    /// async fn train(ctx: &Context) -> &'static str {
    ///     // The client comes back after ten minutes, and gets the answer if there is one by then.
    ///     ctx.close_stream(Duration::from_secs(600));
    ///     // … train …
    ///     "trained"
    /// }
    /// ```
    pub fn close_stream(&self, retry: impl Into<Option<Duration>>) -> bool {
        let retry = retry.into();
        self.call().extensions.get::<AnswerStream>().is_some_and(|stream| stream.0.close(retry))
    }

    /// Sends a notification to the client.
    pub(crate) async fn notify<N: NotificationMethod>(&self, params: &N::Params) {
        // Neither a peer that is gone nor an empty outbox makes a loop of notifications wait.
        tokio::task::consume_budget().await;
        match JsonBytes::new(params) {
            Ok(params) => self.call().peer.notify(Notification::new(N::NAME, params)).await,
            Err(error) => {
                tracing::error!(method = N::NAME, %error, "a notification could not be written");
            }
        }
    }
}
