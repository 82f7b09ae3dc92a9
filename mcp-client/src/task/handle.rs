//! The handle of one task.

use std::fmt;
use std::future::IntoFuture;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use mcp_core::json::JsonBytes;
use mcp_core::method::{Method as _, ToolsCall};
use mcp_core::service::BoxFuture;
use mcp_core::types::{DetailedTask, InputResponses};

use super::cancel_on_drop::CancelOnDrop;
use super::driver::{Driver, call_of};
use super::request::{self, Timing};
use super::saved::SavedTask;
use super::shared::Shared;
use super::updates::TaskUpdates;
use crate::abort_on_drop::AbortOnDrop;
use crate::call::{Options, ToolReply};
use crate::client::Client;
use crate::deadline::{Deadlines, Timeouts};
use crate::error::{Error, ErrorKind};

const METHOD: &str = ToolsCall::NAME;

/// A tool that runs as a task on the server.
///
/// Awaiting the handle, or [`TaskHandle::wait`], waits for the result of the tool. The first call
/// of `wait` or [`TaskHandle::updates`] starts a background task that polls the server, listens to
/// its notifications, and has the handlers of the client answer the questions of the task. The
/// total timeout of the call counts from then on ([`TaskHandle::total_timeout`]); its idle timeout
/// is that of each request about the task, and does not run in between.
///
/// Dropping the handle stops the background task. The task on the server continues, unless
/// [`TaskOptions::cancel_on_drop`](super::TaskOptions::cancel_on_drop) is set.
///
/// ```no_run
/// # async fn example(client: mcp_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use futures::StreamExt as _;
/// use mcp_client::serde_json;
/// use mcp_client::task::{SavedTask, Started};
///
/// let started = client.call_tool("report", &()).start().await?;
/// if let Started::Task(mut task) = started {
///     // In case this process ends.
///     std::fs::write("task.json", serde_json::to_vec(&task.save())?)?;
///     let mut updates = task.updates().expect("taken once");
///     while let Some(state) = updates.next().await {
///         println!("{}", state.status_message.as_deref().unwrap_or_default());
///     }
///     println!("{}", task.wait().await?.text());
/// }
///
/// // In another process.
/// let saved: SavedTask = serde_json::from_slice(&std::fs::read("task.json")?)?;
/// let reply = client.resume_task(saved).await?.await?;
/// # Ok(())
/// # }
/// ```
pub struct TaskHandle {
    shared: Arc<Shared>,
    /// What follows the task, until it is started.
    driver: Option<Driver>,
    follower: Option<AbortOnDrop>,
    are_updates_taken: bool,
    timeouts: Timeouts,
    /// The tool whose result is checked against its output schema.
    tool: Option<String>,
    guard: CancelOnDrop,
}

impl TaskHandle {
    /// A task that was just created.
    pub(crate) fn created(
        client: &Client,
        created: &JsonBytes,
        mut options: Options,
        tool: Option<String>,
    ) -> Result<Self, Error> {
        let shared = Shared::created(client, &METHOD.into(), created)?;
        Ok(Self::new(shared, &mut options, tool))
    }

    /// A task that was saved.
    pub(crate) async fn resume(client: &Client, saved: SavedTask) -> Result<Self, Error> {
        if client.task_options().is_none() {
            let message = "the client was built without tasks (ClientBuilder::tasks)";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let (id, tool) = saved.restore(client.server_name())?;
        let task = request::get(client, &id, Timing::of(client))
            .await
            .map_err(|error| error.if_task_is_gone(&id))?;
        let tool = tool.filter(|_| client.checks_output());
        let shared = Shared::resumed(client, &METHOD.into(), task);
        Ok(Self::new(shared, &mut Options::new(client.timeouts()), tool))
    }

    fn new(shared: Arc<Shared>, options: &mut Options, tool: Option<String>) -> Self {
        let timeouts = options.timeouts;
        let driver = Driver {
            shared: Arc::clone(&shared),
            timeouts,
            on_progress: options.on_progress.take(),
            call: call_of(options, &shared),
            asks_handlers: true,
        };
        let guard = CancelOnDrop::new(&shared);
        Self {
            shared,
            driver: Some(driver),
            follower: None,
            are_updates_taken: false,
            timeouts,
            tool,
            guard,
        }
    }

    /// How long to wait for the task in all, from the first call of [`TaskHandle::wait`] or
    /// [`TaskHandle::updates`]. Default: the total timeout of the call, or of the client if the
    /// task was resumed. Without effect once the client waits.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use std::time::Duration;
    /// use mcp_client::task::Started;
    ///
    /// if let Started::Task(task) = client.call_tool("report", &()).start().await? {
    ///     let reply = task.total_timeout(Duration::from_secs(3600)).await?;
    ///     assert_eq!(reply.text(), "2 notes, both about milk");
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn total_timeout(mut self, total: Duration) -> Self {
        if let Some(driver) = &mut self.driver {
            driver.timeouts.total = total;
        }
        self
    }

    /// Leaves the questions of the task to the caller: [`TaskHandle::updates`] shows them, and
    /// [`TaskHandle::update`] answers them. Without effect once the client waits.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use futures::StreamExt as _;
    /// use mcp_client::task::Started;
    ///
    /// if let Started::Task(task) = client.call_tool("publish", &()).start().await? {
    ///     let mut task = task.manual_input();
    ///     let mut updates = task.updates().ok_or("taken once")?;
    ///     while let Some(state) = updates.next().await {
    ///         if let Some(questions) = &state.input_requests {
    ///             println!("{} questions", questions.len()); // See `TaskHandle::update`.
    ///             break;
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn manual_input(mut self) -> Self {
        if let Some(driver) = &mut self.driver {
            driver.asks_handlers = false;
        }
        self
    }

    /// The id of the task.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use mcp_client::task::Started;
    ///
    /// if let Started::Task(task) = client.call_tool("report", &()).start().await? {
    ///     tracing::info!(task = task.id(), "the report is being written");
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// The last known state. Before the first poll it is what the server said when it created the
    /// task, without a result.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use mcp_client::task::Started;
    ///
    /// if let Started::Task(task) = client.call_tool("report", &()).start().await? {
    ///     let state = task.state(); // The last known one, without a request.
    ///     assert_eq!(state.status_message.as_deref(), Some("reading the notes"));
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn state(&self) -> Arc<DetailedTask> {
        self.shared.state().task
    }

    /// Waits for the result of the tool. May be called again, also after it returned.
    ///
    /// Cancel safety: dropping the future loses nothing.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use std::time::Duration;
    /// use mcp_client::task::Started;
    ///
    /// if let Started::Task(mut task) = client.call_tool("report", &()).start().await? {
    ///     // A minute in the foreground; later it may be waited for again.
    ///     match tokio::time::timeout(Duration::from_secs(60), task.wait()).await {
    ///         Ok(reply) => println!("{}", reply?.text()),
    ///         Err(_) => println!("{} takes longer", task.id()),
    ///     }
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// As for the call itself: [`ErrorKind::Peer`] with the error of a task that failed. Also
    /// [`ErrorKind::Cancelled`], [`ErrorKind::TaskGone`] when the server does not have the task any
    /// more, [`ErrorKind::Timeout`] after the total timeout, and [`ErrorKind::Decode`] when the
    /// server violates the extension.
    ///
    /// # Panics
    /// When it is polled outside a Tokio runtime.
    pub async fn wait(&mut self) -> Result<ToolReply, Error> {
        self.start_following();
        // It cannot fail, since the sender is in `self`.
        let _ = self.shared.subscribe().wait_for(|state| state.is_over()).await;
        let result = self.shared.outcome()?;
        let reply = ToolReply::read(&result)
            .map_err(|error| Error::decode(METHOD, error, result.as_bytes()))?;
        self.shared.client.check_output(self.tool.as_deref(), &result)?;
        Ok(reply)
    }

    /// The states of the task as a stream. May be taken once: `None` the second time.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use futures::StreamExt as _;
    /// use mcp_client::task::Started;
    ///
    /// if let Started::Task(mut task) = client.call_tool("report", &()).start().await? {
    ///     let mut updates = task.updates().ok_or("taken once")?;
    ///     while let Some(state) = updates.next().await {
    ///         println!("{}", state.status_message.as_deref().unwrap_or("working"));
    ///     }
    ///     let reply = task.wait().await?; // At once: the last state was final.
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn updates(&mut self) -> Option<TaskUpdates> {
        if std::mem::replace(&mut self.are_updates_taken, true) {
            return None;
        }
        let updates = TaskUpdates::new(self.shared.subscribe());
        self.start_following();
        Some(updates)
    }

    /// Gets the state of the task now. A final state that is known is returned without a request.
    ///
    /// Cancel safety: dropping the future cancels the request.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use mcp_client::task::Started;
    ///
    /// if let Started::Task(task) = client.call_tool("report", &()).start().await? {
    ///     let state = task.get().await?; // The user opened the list of tasks.
    ///     println!("{}: {:?}", task.id(), state.status);
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When the request fails; [`ErrorKind::TaskGone`] when the server does not have the task any
    /// more.
    pub async fn get(&self) -> Result<Arc<DetailedTask>, Error> {
        if self.shared.is_final() {
            return Ok(self.state());
        }
        let task = request::get(&self.shared.client, self.id(), self.timing())
            .await
            .map_err(|error| error.if_task_is_gone(self.id()))?;
        let task = self.shared.publish(task);
        self.shared.poll_now.notify_one();
        Ok(task)
    }

    /// Answers some or all questions of the task, by the keys in
    /// [`input_requests`](DetailedTask::input_requests): for hosts that use
    /// [`TaskHandle::manual_input`]. The server ignores keys that it does not know, and those that
    /// have an answer.
    ///
    /// Cancel safety: when the future is dropped the answers may have arrived or not; they may be
    /// sent again.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use mcp_client::serde_json::json;
    /// use mcp_client::task::Started;
    /// use mcp_client::types::{ElicitResult, InputResponses};
    ///
    /// if let Started::Task(task) = client.call_tool("publish", &()).start().await? {
    ///     let task = task.manual_input();
    ///     let mut answers = InputResponses::new();
    ///     for (key, _) in task.get().await?.questions() {
    ///         answers.insert(key, &ElicitResult::accept(json!({ "sure": true }))?)?;
    ///     }
    ///     task.update(&answers).await?;
    ///     assert_eq!(task.await?.text(), "published");
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When the request fails; the answers may be sent again.
    pub async fn update(&self, responses: &InputResponses) -> Result<(), Error> {
        request::update(&self.shared.client, self.id(), responses, self.timing()).await?;
        self.shared.poll_now.notify_one();
        Ok(())
    }

    /// Asks the server to cancel the task. The task may be completed nevertheless, so
    /// [`TaskHandle::wait`] returns what the server says of it afterwards.
    ///
    /// Cancel safety: when the future is dropped the request may have arrived or not.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use mcp_client::task::Started;
    ///
    /// if let Started::Task(mut task) = client.call_tool("report", &()).start().await? {
    ///     task.cancel().await?;
    ///     let end = task.wait().await; // The server may have been done before.
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When the request fails.
    pub async fn cancel(&self) -> Result<(), Error> {
        request::cancel(&self.shared.client, self.id(), self.timing()).await?;
        self.shared.poll_now.notify_one();
        Ok(())
    }

    /// What is needed to wait for the task later, or in another process. Timeouts, and whether the
    /// handlers answer, are not saved. From now on, dropping the handle does not cancel the task.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().tasks(mcp_client::task::TaskOptions::new());
    /// # let client = builder.connect(reader, writer).await?;
    /// use mcp_client::serde_json;
    /// use mcp_client::task::Started;
    ///
    /// if let Started::Task(mut task) = client.call_tool("report", &()).start().await? {
    ///     let stored = serde_json::to_string(&task.save())?; // for `Client::resume_task`
    ///     drop(task); // The task continues.
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn save(&mut self) -> SavedTask {
        self.guard.disarm();
        SavedTask::new(self.shared.client.server_name(), self.id(), self.tool.clone())
    }

    fn timing(&self) -> Timing {
        Timing { timeouts: self.timeouts, total_at: None }
    }

    /// Starts the background task, unless it was started.
    fn start_following(&mut self) {
        let Some(driver) = self.driver.take() else { return };
        let shared = Arc::clone(&self.shared);
        let deadlines = Deadlines::begin(driver.timeouts, &shared.client.wire().inbound.handling);
        let follow = async move {
            match AssertUnwindSafe(driver.follow(deadlines)).catch_unwind().await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => shared.fail(error),
                Err(_) => {
                    let message = "the progress handler of the call panicked";
                    shared.fail(Error::new(ErrorKind::Cancelled, message).during(METHOD));
                }
            }
        };
        self.follower = Some(AbortOnDrop(tokio::spawn(follow).abort_handle()));
    }
}

impl IntoFuture for TaskHandle {
    type Output = Result<ToolReply, Error>;
    type IntoFuture = BoxFuture<'static, Result<ToolReply, Error>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { self.wait().await })
    }
}

impl fmt::Debug for TaskHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskHandle")
            .field("id", &self.id())
            .field("status", &self.state().status)
            .finish_non_exhaustive()
    }
}
