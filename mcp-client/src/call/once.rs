//! Calls whose questions the caller answers: no question is passed to a handler, and no round is
//! sent without the caller. Spec: basic/patterns/mrtr.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use mcp_core::jsonrpc::MethodName;
use mcp_core::service::BoxFuture;
use mcp_core::types::{InputRequiredResult, InputResponses};
use serde::de::DeserializeOwned;

use super::Options;
use super::cancel::Cancel;
use super::fetch::decode;
use super::saved::SavedInput;
use crate::client::Client;
use crate::era::input_required::{begin, complete, retry, send};
use crate::era::result_kind::Round;
use crate::error::Error;
use crate::params::{Base, Params};
use crate::task;

/// A request that is sent once: awaiting it returns the result or the server's questions.
///
/// If the server answers with a [task](crate::task), the result is that of the task, whose questions
/// go to the handlers; [`Call::start`](crate::Call::start) returns the task instead.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use mcp_client::Outcome;
///
/// let once = client.call_tool("delete", &()).once();
/// assert!(matches!(once.await?, Outcome::InputRequired(_)));
/// # Ok(())
/// # });
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct CallOnce<T> {
    client: Client,
    method: MethodName,
    params: Result<Params, Error>,
    options: Options,
    /// The params of the first round, if this is a later one.
    base: Option<Base>,
    result: PhantomData<fn() -> T>,
}

/// The outcome of a call that was sent once.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use mcp_client::Outcome;
///
/// let note = match client.read_resource("note://1").once().await? {
///     Outcome::Complete(result) => result.contents,
///     Outcome::InputRequired(pending) => return Err(format!("not now: {pending:?}").into()),
/// };
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
pub enum Outcome<T> {
    /// The result.
    Complete(T),
    /// The server asks for input.
    InputRequired(PendingInput<T>),
}

/// Questions of the server, and the way to answer them.
///
/// To answer later, or in another process, keep [`PendingInput::save`] and pass it to
/// [`Client::restore`].
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use mcp_client::Outcome;
/// use mcp_client::serde_json::json;
/// use mcp_client::types::{ElicitResult, InputResponses};
///
/// let mut outcome = client.call_tool("delete", &()).once().await?;
/// while let Outcome::InputRequired(pending) = outcome {
///     let mut answers = InputResponses::new();
///     for (key, _) in pending.asked.questions() {
///         answers.insert(key, &ElicitResult::accept(json!({ "sure": true }))?)?;
///     }
///     outcome = pending.resume(answers).await?;
/// }
/// # Ok(())
/// # });
/// ```
pub struct PendingInput<T> {
    /// What the server asks.
    pub asked: InputRequiredResult,
    client: Client,
    method: MethodName,
    base: Base,
    options: Box<Options>,
    result: PhantomData<fn() -> T>,
}

impl<T> CallOnce<T> {
    pub(super) fn new(
        client: Client,
        method: MethodName,
        params: Result<Params, Error>,
        options: Options,
        result: PhantomData<fn() -> T>,
    ) -> Self {
        Self { client, method, params, options, base: None, result }
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for CallOnce<T> {
    type Output = Result<Outcome<T>, Error>;
    type IntoFuture = BoxFuture<'static, Result<Outcome<T>, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut this = self;
            let method = this.method.clone();
            let mut cancel = Cancel::take(&mut this.options);
            let mut outcome = cancel.or_done(&method, this.run()).await?;
            if let Outcome::InputRequired(pending) = &mut outcome {
                cancel.give_back(&mut pending.options);
            }
            Ok(outcome)
        })
    }
}

impl<T: DeserializeOwned + 'static> CallOnce<T> {
    async fn run(self) -> Result<Outcome<T>, Error> {
        let Self { client, method, params, mut options, base, result } = self;
        let mut deadlines = begin(&client, &options);
        let (round, sent) = send(&client, &method, params?, &mut options, &mut deadlines).await?;
        let complete = match round {
            Round::Complete(complete) => complete,
            Round::Extended(handler, extended) => {
                complete(&client, &method, &handler, extended, &deadlines).await?
            }
            Round::Task(created) => {
                task::finish(&client, &method, &created, &mut options, deadlines).await?
            }
            Round::InputRequired(asked) => {
                return Ok(Outcome::InputRequired(PendingInput {
                    asked: *asked,
                    client,
                    method,
                    base: base.unwrap_or(sent),
                    options: Box::new(options),
                    result,
                }));
            }
        };
        client.check_output(options.tool.as_deref(), &complete)?;
        Ok(Outcome::Complete(decode(&method, &complete, |result| result.parse())?))
    }
}

impl<T> PendingInput<T> {
    /// Restores what [`PendingInput::save`] saved.
    pub(crate) fn restore(client: &Client, saved: SavedInput) -> Result<Self, Error> {
        let restored = saved.restore(client.server_name(), client.revision())?;
        let mut options = Options::new(client.timeouts());
        options.meta = restored.meta;
        options.log_level = restored.log_level;
        options.tool = restored.tool.filter(|_| client.checks_output());
        Ok(Self {
            asked: restored.asked,
            client: client.clone(),
            method: restored.method.into(),
            base: restored.base,
            options: Box::new(options),
            result: PhantomData,
        })
    }

    /// What is needed to answer later, or in another process. Timeouts and the closure for progress
    /// are not saved.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::{Outcome, serde_json};
    ///
    /// if let Outcome::InputRequired(pending) = client.call_tool("delete", &()).once().await? {
    ///     let stored = serde_json::to_string(&pending.save())?; // for `Client::restore`
    ///     assert!(stored.contains("Delete the note"));
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn save(&self) -> SavedInput {
        SavedInput {
            asked: self.asked.clone(),
            method: self.method.to_string(),
            params: self.base.as_str().to_owned() + "}",
            server: self.client.server_name().to_owned(),
            revision: self.client.revision().as_str().to_owned(),
            meta: self.options.meta.clone(),
            log_level: self.options.log_level,
        }
    }

    /// Sends the request again with the answers, and with the server's state exactly as it came.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::Outcome;
    /// use mcp_client::types::{ElicitResult, InputResponses};
    ///
    /// if let Outcome::InputRequired(pending) = client.call_tool("delete", &()).once().await? {
    ///     let mut answers = InputResponses::new();
    ///     answers.insert("the question of a tool", &ElicitResult::decline())?;
    ///     if let Outcome::Complete(reply) = pending.resume(answers).await? {
    ///         assert_eq!(reply.text(), "kept");
    ///     }
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn resume(self, responses: InputResponses) -> CallOnce<T> {
        let responses =
            (!responses.is_empty() || self.asked.input_requests.is_some()).then_some(&responses);
        let params = retry(&self.base, responses, self.asked.request_state.as_deref());
        CallOnce {
            client: self.client,
            method: self.method,
            params,
            options: *self.options,
            base: Some(self.base),
            result: self.result,
        }
    }
}

impl<T> fmt::Debug for CallOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOnce").field("method", &self.method).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for PendingInput<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingInput").field("asked", &self.asked).finish_non_exhaustive()
    }
}
