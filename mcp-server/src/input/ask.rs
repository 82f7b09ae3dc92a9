//! The questions.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::panic::Location;

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::method::notification;
use mcp_core::service::{BoxFuture, Request};
use mcp_core::types::{
    CreateMessageParams, CreateMessageResult, ElicitAction, ElicitParams, ElicitResult,
    ElicitSchema, ElicitationCompleteParams, InputRequest, ListRootsResult, Root,
};
use serde::de::DeserializeOwned;

use super::Answer;
use super::fit::fit;
use crate::context::Context;
use crate::questions::{AskError, AskErrorKind, QuestionSource, hex};
use crate::seal;

impl Context {
    /// Asks the user with a form, or for a visit to a URL, described by hand. What comes is the
    /// result of `elicitation/create`; of a form its content has been held against the schema, and
    /// has its defaults.
    ///
    /// Await it. See [`AskErrorKind`] for what can go wrong; declining and cancelling are answers
    /// here.
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

    /// Asks the user to visit a URL, where what happens stays between the user and that site.
    ///
    /// Accepting means consent to the visit, no more. Spec: client/elicitation, since 2025-11-25.
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

    /// Tells the client that the user is done at a URL, by the id that was given to
    /// [`Question::elicitation_id`].
    ///
    /// 2025-11-25 alone has this notification; elsewhere nothing is sent, and a client asks again
    /// by itself. Cancel safe. Spec: client/elicitation, 2025-11-25 (UE-1).
    pub async fn elicitation_complete(&self, elicitation_id: impl Into<String>) {
        let rules = self.rules();
        if rules.elicitation_complete && self.call().session.is_some() {
            let params = ElicitationCompleteParams::new(elicitation_id);
            self.notify::<notification::ElicitationComplete>(&params).await;
        }
    }

    /// Asks the client's model. Tools in the request need the capability `sampling.tools`, and a
    /// context other than none needs `sampling.context`.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28.
    #[deprecated(
        note = "MCP 2026-07-28 deprecates sampling (SEP-2577), with removal no earlier than \
                2027-07-28; call the API of a model provider"
    )]
    #[track_caller]
    pub fn create_message(&self, params: CreateMessageParams) -> Question<'_, CreateMessageResult> {
        Question::new(self, params.into(), |_, answer, modern| read(&answer, modern))
    }

    /// Asks for the directories that the user shares. Guidance, not access control.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28.
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

    /// The one place that knows how a question travels: a request on the session, or the result of
    /// the call.
    async fn ask(
        &self,
        source: QuestionSource,
        mut request: InputRequest,
    ) -> Result<RawJson, AskError> {
        self.check_question(&request)?;
        fit(&mut request, self.rules())?;
        if self.call().session.is_some() {
            return answer_on_session(self, request).await;
        }
        if !(self.rules().input_required && self.call().questions.by_result) {
            let told =
                "only tools, prompts and resources can ask, on a session or since 2026-07-28";
            return Err(AskError::new(AskErrorKind::Unsupported, told));
        }
        if !seal::AVAILABLE {
            let told = "this server was built without the feature `sealed-state`";
            return Err(AskError::new(AskErrorKind::Unsupported, told));
        }
        self.call().questions.ask(source, request)?.await
    }
}

/// Asks on a legacy session, in a request of our own.
pub(super) async fn answer_on_session(
    context: &Context,
    request: InputRequest,
) -> Result<RawJson, AskError> {
    let Some(session) = &context.call().session else {
        return Err(AskError::new(AskErrorKind::Unsupported, "there is no session to ask on"));
    };
    let method = request.method().to_owned();
    let params = match request {
        InputRequest::Elicit(mut params) => {
            // 2025-11-25 has an id for a visit (UE-1). It identifies and authorizes nothing.
            if let ElicitParams::Url(visit) = &mut *params
                && visit.elicitation_id.is_none()
            {
                let id = seal::random::<16>()
                    .map_err(|error| AskError::new(AskErrorKind::Lost, error))?;
                visit.elicitation_id = Some(hex(&id, 16));
            }
            JsonBytes::new(&params)
        }
        InputRequest::CreateMessage(params) => JsonBytes::new(&params),
        InputRequest::ListRoots(Some(params)) => JsonBytes::new(&params),
        _ => Ok(JsonBytes::empty_object()),
    };
    let invalid = |error: serde_json::Error| AskError::new(AskErrorKind::Invalid, error);
    let request = Request::new(session.next_id(), method, params.map_err(invalid)?);
    let patience = context.call().environment.limits.peer_request_timeout;
    match tokio::time::timeout(patience, context.call().peer.call(request)).await {
        Ok(reply) => reply?.parse().map_err(invalid),
        Err(_) => {
            let seconds = patience.as_secs();
            Err(AskError::new(
                AskErrorKind::Lost,
                format_args!("the client was silent for {seconds} s"),
            ))
        }
    }
}

fn read<T: DeserializeOwned>(answer: &RawJson, modern: bool) -> Result<T, AskError> {
    answer.parse().map_err(|error| AskError::invalid(error, modern))
}

type Read<T> = fn(&InputRequest, RawJson, modern: bool) -> Result<T, AskError>;

/// A question to the client, asked when it is awaited.
///
/// Cancel safe: dropping it withdraws the question.
#[must_use = "a question is asked when it is awaited"]
pub struct Question<'a, T> {
    context: &'a Context,
    source: QuestionSource,
    request: InputRequest,
    read: Read<T>,
}

impl<'a, T> Question<'a, T> {
    #[track_caller]
    pub(super) fn new(context: &'a Context, request: InputRequest, read: Read<T>) -> Self {
        Self { context, source: QuestionSource::Site(Location::caller()), request, read }
    }

    /// Names the question on the wire (`inputRequests`), instead of a name made of the line that
    /// asks it. Give names to questions that are asked side by side, with one text, by one line.
    ///
    /// The answer belongs to the name *and* the question: should the text change between two
    /// rounds, the user is asked again. A name that was used before in the same call gets a number.
    pub fn key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.source = QuestionSource::Named(key.into());
        self
    }

    pub(super) fn is_modern(&self) -> bool {
        self.context.rules().input_required
    }

    /// With another form.
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
        let answer = self.context.ask(self.source, self.request.clone()).await?;
        (self.read)(&self.request, answer, modern)
    }
}

impl Question<'_, Answer<()>> {
    /// Names the visit on 2025-11-25, instead of a random name: choose one when
    /// [`Context::elicitation_complete`] is to tell of its end. It identifies the visit and
    /// authorizes nothing. Other revisions have no names for visits.
    pub fn elicitation_id(mut self, id: impl Into<String>) -> Self {
        if let InputRequest::Elicit(params) = &mut self.request
            && let ElicitParams::Url(visit) = &mut **params
        {
            visit.elicitation_id = Some(id.into());
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
