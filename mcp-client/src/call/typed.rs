//! One request as a builder.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use mcp_core::jsonrpc::MethodName;
use mcp_core::meta::Meta;
use mcp_core::service::{BoxFuture, CancelReason};
use mcp_core::types::{LoggingLevel, ProgressParams};
use serde::de::DeserializeOwned;

use super::Options;
use super::cancel::Cancel;
use super::fetch::{Read, decode, fetch};
use super::once::CallOnce;
use super::tool::ToolReply;
use crate::client::Client;
use crate::era::input_required::{Driven, drive};
use crate::error::Error;
use crate::params::Params;
use crate::task::{Started, TaskHandle};

/// A request that is ready to be sent: awaiting it sends it and returns a `T`.
///
/// Dropping the future before it is done cancels the request on the server. While a handler of an
/// extension completes the result, the request is answered, and the handler is dropped. While the
/// call waits for a [task](crate::task), the task continues, unless
/// [`TaskOptions::cancel_on_drop`](crate::task::TaskOptions::cancel_on_drop) is set.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use std::time::Duration;
///
/// let call = client
///     .call_tool("index", &())
///     .timeout(Duration::from_secs(5)) // without a sign of life
///     .on_progress(|report| eprintln!("{}", report.progress));
/// assert_eq!(call.await?.text(), "2 notes");
/// # Ok(())
/// # });
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<T> {
    client: Client,
    method: MethodName,
    params: Result<Params, Error>,
    options: Options,
    read: Read<T>,
}

impl<T: DeserializeOwned> Call<T> {
    pub(crate) fn new(
        client: &Client,
        method: impl Into<MethodName>,
        params: Result<Params, Error>,
    ) -> Self {
        Self::with_reader(client, method, params, |result| result.parse())
    }
}

impl<T> Call<T> {
    /// A call whose result is read in another way than by serde.
    pub(crate) fn with_reader(
        client: &Client,
        method: impl Into<MethodName>,
        params: Result<Params, Error>,
        read: Read<T>,
    ) -> Self {
        let options = Options::new(client.timeouts());
        Self { client: client.clone(), method: method.into(), params, options, read }
    }

    /// Checks the result against the output schema of this tool, if it is known.
    pub(crate) fn of_tool(mut self, tool: &str) -> Self {
        self.options.tool = Some(tool.to_owned());
        self
    }

    /// How long the server may be silent. Progress restarts the time, and the time in which the
    /// server waits for a handler of this client does not count. Default: that of the client, 60 s.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use std::time::Duration;
    /// use mcp_client::Expired;
    ///
    /// let call = client.call_tool("backup", &()).timeout(Duration::from_millis(20));
    /// assert_eq!(call.await.expect_err("no sign of life").expired(), Some(Expired::Idle));
    /// # Ok(())
    /// # });
    /// ```
    pub fn timeout(mut self, idle: Duration) -> Self {
        self.options.timeouts.idle = idle;
        self
    }

    /// How long the whole call may take. Nothing extends it, and the time in which a person answers
    /// the server is part of it unless [`Call::exclude_input_time`] leaves it out. Default: that of
    /// the client, 10 minutes.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use std::time::Duration;
    /// use mcp_client::ErrorKind;
    ///
    /// // Progress does not extend it.
    /// let call = client.call_tool("backup", &()).total_timeout(Duration::from_millis(20));
    /// assert_eq!(call.await.expect_err("too late").kind(), ErrorKind::Timeout);
    /// # Ok(())
    /// # });
    /// ```
    pub fn total_timeout(mut self, total: Duration) -> Self {
        self.options.timeouts.total = total;
        self
    }

    /// Whether the total timeout leaves out the time in which handlers of this client answer the
    /// server. Then nothing but the handlers limits how long a person may take. Default: that of
    /// the client, false.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use std::time::Duration;
    ///
    /// let call = client.call_tool("index", &())
    ///     .total_timeout(Duration::from_secs(30)) // for the server
    ///     .exclude_input_time(true); // and as much time as the user needs
    /// assert_eq!(call.await?.text(), "2 notes");
    /// # Ok(())
    /// # });
    /// ```
    pub fn exclude_input_time(mut self, exclude: bool) -> Self {
        self.options.timeouts.exclude_input = exclude;
        self
    }

    /// Asks the server for progress and takes it. Every report restarts [`Call::timeout`].
    ///
    /// Reports that arrive faster than they are taken are dropped (`Limits::max_queued_progress`,
    /// `Limits::max_queued_progress_bytes`). The closure must not block.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let reply = client
    ///     .call_tool("index", &())
    ///     .on_progress(|report| match report.total {
    ///         Some(total) => eprintln!("{:.0} %", 100.0 * report.progress / total),
    ///         None => eprintln!("{} done", report.progress),
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn on_progress(mut self, take: impl FnMut(ProgressParams) + Send + 'static) -> Self {
        self.options.on_progress = Some(Box::new(take));
        self
    }

    /// Asks for log messages of this severity and above while the call runs. Modern servers only;
    /// the messages arrive in [`Client::log_messages`].
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use futures::StreamExt as _;
    /// use mcp_client::types::LoggingLevel;
    ///
    /// let mut messages = client.log_messages();
    /// client.call_tool("index", &()).log_level(LoggingLevel::Info).await?;
    /// let message = messages.next().await.ok_or("the connection has ended")?;
    /// assert_eq!(message.level, LoggingLevel::Info);
    /// # Ok(())
    /// # });
    /// ```
    #[deprecated(
        note = "MCP 2026-07-28 deprecates logging (SEP-2577), with removal no earlier than \
                2027-07-28; read the standard error of the server, or use OpenTelemetry"
    )]
    pub fn log_level(mut self, level: LoggingLevel) -> Self {
        self.options.log_level = Some(level);
        self
    }

    /// Adds to the request's `_meta`. Keys that the client itself writes are left out.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::meta::Meta;
    ///
    /// let meta = Meta::new().with("com.example/tenant", "research");
    /// client.call_tool("index", &()).meta(meta).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn meta(mut self, meta: Meta) -> Self {
        self.options.meta = Some(meta);
        self
    }

    /// Puts a value of the host on the call, such as the id of a turn of its conversation. It is
    /// not sent. A handler that answers a question of the server finds it with
    /// [`OriginatingCall::tag`](crate::OriginatingCall::tag). One value for each type; a second
    /// one replaces the first.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::ElicitResult;
    ///
    /// /// A turn of the conversation.
    /// #[derive(Debug, PartialEq)]
    /// struct Turn(u64);
    ///
    /// let builder = Client::builder().on_elicit_with(|_, question| async move {
    ///     assert_eq!(question.call().and_then(|call| call.tag()), Some(&Turn(7)));
    ///     Ok(ElicitResult::decline())
    /// });
    /// let client = builder.connect(reader, writer).await?;
    /// client.call_tool("delete", &()).tag(Turn(7)).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn tag<V: Send + Sync + 'static>(mut self, value: V) -> Self {
        self.options.tags.insert(value);
        self
    }

    /// Cancels the call when a future completes, with the reason that it returns: the call fails
    /// with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled). Replaces an earlier one.
    ///
    /// The server gets the reason with `notifications/cancelled`, on byte streams and in the legacy
    /// era over HTTP; it is cut to 1,024 bytes. In the modern era over HTTP the end of the stream
    /// cancels a call, and a server in this process has its future dropped: both without a reason.
    /// If the call waits for a [task](crate::task), it ends as when it is dropped. With `start` it
    /// applies until the server has answered; a [`TaskHandle`](crate::task::TaskHandle) is cancelled
    /// by its own methods. A call that is cancelled before it is awaited is not sent.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::ErrorKind;
    ///
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<String>();
    /// let call = client.call_tool("backup", &()).cancel_when(async {
    ///     match stopped.await {
    ///         Ok(reason) => reason,
    ///         Err(_) => std::future::pending().await, // No one can stop it any more.
    ///     }
    /// });
    /// let running = tokio::spawn(call.into_future());
    /// let _ = stop.send("the user pressed stop".to_owned());
    /// assert_eq!(running.await?.expect_err("stopped").kind(), ErrorKind::Cancelled);
    /// # Ok(())
    /// # });
    /// ```
    pub fn cancel_when(mut self, when: impl Future<Output = String> + Send + 'static) -> Self {
        self.options.cancel = Some(Box::pin(when));
        self.options.cancel_reason = Some(CancelReason::new());
        self
    }

    /// Asks the server even if a cached result is fresh. Applies to results that may be cached:
    /// lists and `resources/read`.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// client.list_tools().await?;
    /// client.list_tools().await?; // From the cache: the server allows it for a minute.
    /// client.list_tools().fresh().await?; // The user pressed reload.
    /// let note = client.read_resource("note://1").fresh().await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn fresh(mut self) -> Self {
        self.options.fresh = true;
        self
    }

    /// Sends the request once, and returns the server's questions to the caller instead of passing
    /// them to the handlers.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::Outcome;
    ///
    /// match client.call_tool("delete", &()).once().await? {
    ///     Outcome::Complete(reply) => println!("{}", reply.text()),
    ///     Outcome::InputRequired(pending) => {
    ///         for (key, question) in pending.asked.questions() {
    ///             println!("{key}: {}", question.method()); // "elicitation/create"
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn once(self) -> CallOnce<T> {
        let Self { client, method, params, options, .. } = self;
        CallOnce::new(client, method, params, options, PhantomData)
    }
}

impl Call<ToolReply> {
    /// Calls the tool and does not wait for the result if the server runs it as a
    /// [task](crate::task). Questions that the server asks before that go to the handlers.
    ///
    /// The timeouts and the progress handler of the call also apply to the [`TaskHandle`].
    ///
    /// Cancel safety: dropping the future cancels the request. The server may have created a task
    /// that the client does not know of.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use mcp_client::task::Started;
    ///
    /// match client.call_tool("report", &()).start().await? {
    ///     Started::Result(reply) => println!("done: {}", reply.text()),
    ///     Started::Task(task) => println!("{} runs on the server", task.id()),
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// As for awaiting the call.
    pub async fn start(self) -> Result<Started, Error> {
        let Self { client, method, params, mut options, read } = self;
        let tool = options.tool.take();
        let mut cancel = Cancel::take(&mut options);
        let driven = drive(&client, &method, params?, &mut options);
        match cancel.or_done(&method, driven).await? {
            Driven::Complete { result, .. } => {
                let reply = decode(&method, &result, read)?;
                client.check_output(tool.as_deref(), &result)?;
                Ok(Started::Result(reply))
            }
            Driven::Task { created, .. } => {
                TaskHandle::created(&client, &created, options, tool).map(Started::Task)
            }
        }
    }
}

impl<T: 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Result<T, Error>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, method, params, options, read } = &mut self;
            let params = std::mem::replace(params, Ok(Params::default()))?;
            let tool = options.tool.take();
            let mut cancel = Cancel::take(options);
            let fetched = fetch(client, method, params, options, *read, |result, value| {
                client.check_output(tool.as_deref(), result)?;
                Ok(value)
            });
            cancel.or_done(method, fetched).await
        })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("method", &self.method).finish_non_exhaustive()
    }
}
