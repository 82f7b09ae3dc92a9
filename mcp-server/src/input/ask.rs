//! The methods that ask questions, and how they reach the client.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::panic::Location;

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::method::notification;
use mcp_core::service::{BoxFuture, Request};
use mcp_core::types::task_2025::RelatedTaskMetadata;
use mcp_core::types::{
    CreateMessageParams, CreateMessageResult, ElicitAction, ElicitParams, ElicitResult,
    ElicitSchema, ElicitationCompleteParams, InputRequest, ListRootsResult, Root,
};
use serde::de::DeserializeOwned;

use super::Answer;
use super::fit::fit;
use super::related_task::add_related_task;
use crate::context::Context;
use crate::hex::hex;
use crate::questions::{AskError, AskErrorKind, QuestionSource};
use crate::seal;

impl Context {
    /// Asks the user with a form or a URL that the caller describes. The answer is the result of
    /// `elicitation/create`. The content of a form has been validated against its schema, and
    /// defaults are filled in.
    ///
    /// Declining and cancelling are answers here, not errors. See [`AskErrorKind`] for the errors.
    ///
    /// ```
    /// use mcp_server::input::AskError;
    /// use mcp_server::types::{ElicitAction, ElicitParams, ElicitResult, ElicitSchema, NumberSchema};
    /// use mcp_server::{Context, Server, routes, tool};
    /// # use serde_json::json;
    ///
    /// /// Book a table. The form depends on what is free, so no type can describe it.
    /// #[tool]
    /// async fn book(ctx: &Context) -> Result<String, AskError> {
    ///     let free = 6.0;
    ///     let guests = NumberSchema::integer().minimum(1.0).maximum(free);
    ///     let form = ElicitSchema::new().required_field("guests", guests);
    ///     let answer = ctx.elicit_with(ElicitParams::form("How many guests?", form)).await?;
    ///     Ok(match (answer.action, answer.content) {
    ///         (ElicitAction::Accept, Some(content)) => format!("a table for {}", content["guests"]),
    ///         _ => "no table".to_owned(),
    ///     })
    /// }
    ///
    /// let server = Server::builder("restaurant", "1.0.0").routes(routes![book]);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let client = mcp_server::test::client(server)
    ///     .on_elicit(|_| ElicitResult::accept(json!({ "guests": 4 })))
    ///     .await;
    /// client.call("book", json!({})).await.assert_text("a table for 4");
    /// # });
    /// ```
    #[track_caller]
    pub fn elicit_with(&self, params: impl Into<ElicitParams>) -> Question<'_, ElicitResult> {
        let params: ElicitParams = params.into();
        Question::new(self, params.into(), |request, answer, modern| {
            let mut result: ElicitResult = read(&answer, modern)?;
            if let InputRequest::Elicit(params) = request
                && let ElicitParams::Form(form) = &**params
                && result.action == ElicitAction::Accept
            {
                let content = result.content.get_or_insert_default();
                form.requested_schema.fill_in(content);
                form.requested_schema
                    .check(content)
                    .map_err(|error| AskError::invalid(error, modern))?;
            }
            Ok(result)
        })
    }

    /// Asks the user to visit a URL. What the user enters there is not visible to the client.
    ///
    /// Accepting only means that the user agrees to visit the URL. Spec: client/elicitation, since
    /// 2025-11-25.
    ///
    /// ```
    /// use mcp_server::input::{Answer, AskError};
    /// use mcp_server::{Context, tool};
    ///
    /// /// Connect the calendar.
    /// #[tool]
    /// async fn connect(ctx: &Context) -> Result<&'static str, AskError> {
    ///     let visit = ctx.elicit_url("Log in to the calendar.", "https://login.example.com/1");
    ///     Ok(match visit.elicitation_id("calendar-1").await? {
    ///         Answer::Accept(()) => {
    ///             // … wait until the page's server says that the user is done …
    ///             ctx.elicitation_complete("calendar-1").await;
    ///             "connected"
    ///         }
    ///         Answer::Decline | Answer::Cancel => "not connected",
    ///     })
    /// }
    /// ```
    #[track_caller]
    pub fn elicit_url(
        &self,
        message: impl Into<String>,
        url: impl Into<String>,
    ) -> Question<'_, Answer<()>> {
        let params = ElicitParams::url(message, url);
        Question::new(self, params.into(), |_, answer, modern| {
            Ok(match read::<ElicitResult>(&answer, modern)?.action {
                ElicitAction::Accept => Answer::Accept(()),
                ElicitAction::Decline => Answer::Decline,
                ElicitAction::Cancel => Answer::Cancel,
            })
        })
    }

    /// Notifies the client that the interaction at a URL has completed. `elicitation_id` is the id
    /// that was passed to [`Question::elicitation_id`].
    ///
    /// Only 2025-11-25 has this notification. In other revisions nothing is sent. Spec:
    /// client/elicitation, 2025-11-25.
    ///
    /// Cancel safety: dropping the future may drop the notification.
    ///
    /// ```
    /// # use mcp_server::Context;
    /// /// After the callback of the log-in page. `id` is the one that the question was asked with.
    /// async fn logged_in(ctx: &Context, id: &str) {
    ///     // The client closes its dialog.
    ///     ctx.elicitation_complete(id).await;
    /// }
    /// ```
    pub async fn elicitation_complete(&self, elicitation_id: impl Into<String>) {
        let rules = self.rules();
        if rules.elicitation_complete && self.call().session.is_some() {
            let params = ElicitationCompleteParams::new(elicitation_id);
            self.notify::<notification::ElicitationComplete>(&params).await;
        }
    }

    /// Asks the client's model (`sampling/createMessage`). Tools in the request need the capability
    /// `sampling.tools`, and any `includeContext` other than `none` needs `sampling.context`.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28.
    ///
    /// ```
    /// use mcp_server::input::AskError;
    /// use mcp_server::types::{CreateMessageParams, SamplingMessage};
    /// use mcp_server::{Context, tool};
    ///
    /// /// Summarize a text.
    /// #[tool]
    /// #[expect(deprecated, reason = "the hosts of this server have no other model for it")]
    /// async fn summarize(text: String, ctx: &Context) -> Result<String, AskError> {
    ///     let question = SamplingMessage::user(format!("Summarize in one sentence: {text}"));
    ///     let answer = ctx.create_message(CreateMessageParams::new([question], 200_u64)).await?;
    ///     Ok(answer.content.as_text().unwrap_or_default().to_owned())
    /// }
    /// ```
    #[deprecated(
        note = "MCP 2026-07-28 deprecates sampling (SEP-2577), with removal no earlier than \
                2027-07-28; call the API of a model provider"
    )]
    #[track_caller]
    pub fn create_message(&self, params: CreateMessageParams) -> Question<'_, CreateMessageResult> {
        Question::new(self, params.into(), |_, answer, modern| read(&answer, modern))
    }

    /// Asks for the roots: the directories that the user shares. They are guidance, not access
    /// control.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28.
    ///
    /// ```
    /// use mcp_server::input::AskError;
    /// use mcp_server::{Context, tool};
    ///
    /// /// Search the folders that the user shares.
    /// #[tool]
    /// #[expect(deprecated, reason = "clients of earlier revisions have roots")]
    /// async fn search(text: String, ctx: &Context) -> Result<String, AskError> {
    ///     let roots = ctx.list_roots().await?;
    ///     let folders: Vec<_> = roots.iter().filter_map(|root| root.uri.strip_prefix("file://")).collect();
    ///     Ok(format!("searched {} for {text}", folders.join(" and ")))
    /// }
    /// ```
    #[deprecated(
        note = "MCP 2026-07-28 deprecates roots (SEP-2577), with removal no earlier than \
                2027-07-28; take paths or URIs as arguments, or from the configuration"
    )]
    #[track_caller]
    pub fn list_roots(&self) -> Question<'_, Vec<Root>> {
        Question::new(self, InputRequest::list_roots(), |_, answer, modern| {
            Ok(read::<ListRootsResult>(&answer, modern)?.roots)
        })
    }

    /// Sends a question: as a request on the session, or in the result of the call. The only place
    /// that decides.
    async fn ask(
        &self,
        source: QuestionSource,
        mut request: InputRequest,
        accepts_volunteered: bool,
    ) -> Result<RawJson, AskError> {
        self.check_question(&request)?;
        fit(&mut request, self.rules())?;
        if self.call().session.is_some() {
            return answer_on_session(self, request, None).await;
        }
        if !self.call().keeps_journal() {
            let reason = "only tools, prompts and resources can ask, on a session or since revision 2026-07-28";
            return Err(AskError::new(AskErrorKind::Unsupported, reason));
        }
        if !seal::AVAILABLE {
            let reason = "this server was built without the feature `sealed-state`";
            return Err(AskError::new(AskErrorKind::Unsupported, reason));
        }
        self.call().questions.ask(source, request, accepts_volunteered)?.await
    }
}

/// Asks on a legacy session, with a request of the server. `related` is the task that asks, in
/// 2025-11-25.
pub(crate) async fn answer_on_session(
    context: &Context,
    request: InputRequest,
    related: Option<&RelatedTaskMetadata>,
) -> Result<RawJson, AskError> {
    let Some(session) = &context.call().session else {
        return Err(AskError::new(AskErrorKind::Unsupported, "the call is not part of a session"));
    };
    let method = request.method().to_owned();
    let params = match request {
        InputRequest::Elicit(mut params) => {
            // 2025-11-25 has an id for the interaction at the URL (UE-1). It authorizes nothing.
            if let ElicitParams::Url(elicitation) = &mut *params
                && elicitation.elicitation_id.is_none()
            {
                let id = seal::random::<16>()
                    .map_err(|error| AskError::new(AskErrorKind::Lost, error))?;
                elicitation.elicitation_id = Some(hex(&id));
            }
            JsonBytes::new(&params)
        }
        InputRequest::CreateMessage(params) => JsonBytes::new(&params),
        InputRequest::ListRoots(Some(params)) => JsonBytes::new(&params),
        _ => Ok(JsonBytes::empty_object()),
    };
    let invalid = |error: serde_json::Error| AskError::new(AskErrorKind::Invalid, error);
    let mut params = params.map_err(invalid)?;
    if let Some(related) = related {
        params = add_related_task(&params, related)
            .map_err(|error| AskError::new(AskErrorKind::Invalid, error))?;
    }
    let request = Request::new(session.next_id(), method, params);
    let timeout = context.call().environment.limits.peer_request_timeout;
    match tokio::time::timeout(timeout, context.call().peer.call(request)).await {
        Ok(reply) => reply?.parse().map_err(invalid),
        Err(_) => {
            let seconds = timeout.as_secs();
            Err(AskError::new(
                AskErrorKind::Lost,
                format_args!("the client did not answer within {seconds} s (peer_request_timeout)"),
            ))
        }
    }
}

fn read<T: DeserializeOwned>(answer: &RawJson, modern: bool) -> Result<T, AskError> {
    answer.parse().map_err(|error| AskError::invalid(error, modern))
}

type Read<T> = fn(&InputRequest, RawJson, modern: bool) -> Result<T, AskError>;

/// A question to the client. It is sent when it is awaited.
///
/// Cancel safety: dropping the future withdraws the question.
///
/// ```
/// use mcp_server::input::{Answer, AskError};
/// use mcp_server::{Context, tool};
///
/// /// Connect the calendar.
/// #[tool]
/// async fn connect(ctx: &Context) -> Result<&'static str, AskError> {
///     let question = ctx.elicit_url("Log in to the calendar.", "https://login.example.com/start");
///     Ok(match question.await? {
///         Answer::Accept(()) => "the page is open",
///         Answer::Decline | Answer::Cancel => "not connected",
///     })
/// }
/// ```
#[must_use = "a question is asked when it is awaited"]
pub struct Question<'a, T> {
    context: &'a Context,
    source: QuestionSource,
    request: InputRequest,
    read: Read<T>,
    accepts_volunteered: bool,
}

impl<'a, T> Question<'a, T> {
    #[track_caller]
    pub(super) fn new(context: &'a Context, request: InputRequest, read: Read<T>) -> Self {
        let source = QuestionSource::Site(Location::caller());
        Self { context, source, request, read, accepts_volunteered: true }
    }

    /// Sets the key of the question in `inputRequests`. By default the key is derived from the line
    /// that asks. Set keys for questions with the same text that one line asks concurrently.
    ///
    /// An answer belongs to the key *and* the question: if the text changes between two rounds, the
    /// user is asked again. A key that is used repeatedly in one call is numbered.
    ///
    /// ```
    /// # use mcp_server::input::{Answer, AskError};
    /// # use mcp_server::Context;
    /// /// Opens one page for each account, all at once.
    /// async fn connect(ctx: &Context, accounts: &[String]) -> Result<Vec<Answer<()>>, AskError> {
    ///     let pages = accounts.iter().map(|account| {
    ///         let url = format!("https://login.example.com/{account}");
    ///         ctx.elicit_url("Log in.", url).key(format!("login-{account}"))
    ///     });
    ///     futures::future::try_join_all(pages.map(IntoFuture::into_future)).await
    /// }
    /// ```
    pub fn key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.source = QuestionSource::Named(key.into());
        self
    }

    /// Does not accept an answer that the client sent before it was asked.
    #[cfg(feature = "policy")]
    pub(super) fn unless_volunteered(mut self) -> Self {
        self.accepts_volunteered = false;
        self
    }

    pub(super) fn is_modern(&self) -> bool {
        self.context.rules().input_required
    }

    /// Replaces the form.
    pub(super) fn form(mut self, form: ElicitSchema) -> Self {
        if let InputRequest::Elicit(params) = &mut self.request
            && let ElicitParams::Form(params) = &mut **params
        {
            params.requested_schema = form;
        }
        self
    }

    pub(super) async fn ask(self) -> Result<T, AskError> {
        let modern = self.is_modern();
        let answer =
            self.context.ask(self.source, self.request.clone(), self.accepts_volunteered).await?;
        (self.read)(&self.request, answer, modern)
    }
}

impl Question<'_, Answer<()>> {
    /// Sets the id of the interaction in 2025-11-25, for [`Context::elicitation_complete`]. By
    /// default it is random. It identifies the interaction and authorizes nothing. Other revisions
    /// have no such id.
    ///
    /// ```
    /// # use mcp_server::input::{Answer, AskError};
    /// # use mcp_server::Context;
    /// async fn log_in(ctx: &Context, session: &str) -> Result<(), AskError> {
    ///     let url = format!("https://login.example.com/start?session={session}");
    ///     let page = ctx.elicit_url("Log in.", url).elicitation_id(session);
    ///     if page.await? == Answer::Accept(()) {
    ///         // … when the page has called back:
    ///         ctx.elicitation_complete(session).await;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn elicitation_id(mut self, id: impl Into<String>) -> Self {
        if let InputRequest::Elicit(params) = &mut self.request
            && let ElicitParams::Url(elicitation) = &mut **params
        {
            elicitation.elicitation_id = Some(id.into());
        }
        self
    }
}

impl<'a, T: 'a> IntoFuture for Question<'a, T> {
    type Output = Result<T, AskError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.ask())
    }
}

impl<T> fmt::Debug for Question<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("request", &self.request).finish_non_exhaustive()
    }
}
