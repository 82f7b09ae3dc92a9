//! The questions.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use mcp_core::json::JsonBytes;
use mcp_core::method::{self, Method};
use mcp_core::service::{BoxFuture, Request};
use mcp_core::types::{
    CreateMessageParams, CreateMessageResult, ElicitAction, ElicitParams, ElicitResult, RequestParams, Root,
};
use serde_json::{Value, json};

use super::{Answer, AskError, AskErrorKind, Form};
use crate::context::Context;

impl Context {
    /// Whether the client can show a form.
    pub fn can_elicit(&self) -> bool {
        self.rules().elicitation && self.client_capabilities().elicitation.is_some_and(|can| can.has_form())
    }

    /// Whether the client can send the user to a URL.
    pub fn can_elicit_url(&self) -> bool {
        self.rules().elicitation_url
            && self.client_capabilities().elicitation.is_some_and(|can| can.has_url())
    }

    /// Whether the client can ask its model.
    pub fn can_sample(&self) -> bool {
        self.client_capabilities().sampling.is_some()
    }

    /// Whether the client tells its roots.
    pub fn can_list_roots(&self) -> bool {
        self.client_capabilities().roots.is_some()
    }

    /// Asks the user to fill in a form.
    ///
    /// Await it for the value: then declining and cancelling are errors. Or await [`Elicit::answer`] to tell
    /// the three apart. Cancel safe: dropping the future withdraws the question.
    ///
    /// Spec: client/elicitation, since 2025-06-18. On older revisions, and for clients without the
    /// capability, the error is [`AskErrorKind::Unsupported`].
    pub fn elicit<T: Form>(&self, message: impl Into<String>) -> Elicit<'_, T> {
        Elicit { context: self, message: message.into(), form: PhantomData }
    }

    /// Asks the user with a form, or for a visit to a URL, described by hand.
    ///
    /// # Errors
    /// See [`AskErrorKind`]; declining and cancelling are answers here, not errors.
    pub async fn elicit_with(&self, params: ElicitParams) -> Result<ElicitResult, AskError> {
        let params = match params {
            ElicitParams::Url(mut params) => {
                if !self.can_elicit_url() {
                    return Err(self.unsupported(&json!({ "elicitation": { "url": {} } })));
                }
                params.elicitation_id.get_or_insert_with(random_id);
                ElicitParams::Url(params)
            }
            form => {
                if !self.can_elicit() {
                    return Err(self.unsupported(&json!({ "elicitation": {} })));
                }
                form
            }
        };
        self.ask::<method::Elicit>(&params).await
    }

    /// Asks the user to visit a URL, where what happens stays between the user and that site.
    ///
    /// Accepting means consent to the visit, no more. Spec: client/elicitation, since 2025-11-25.
    ///
    /// # Errors
    /// See [`AskErrorKind`].
    pub async fn elicit_url(
        &self,
        message: impl Into<String> + Send,
        url: impl Into<String> + Send,
    ) -> Result<Answer<()>, AskError> {
        let result = self.elicit_with(ElicitParams::url(message, url)).await?;
        Ok(match result.action {
            ElicitAction::Accept => Answer::Accept(()),
            ElicitAction::Decline => Answer::Decline,
            _ => Answer::Cancel,
        })
    }

    /// Asks the client's model.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier than
    /// 2027-07-28.
    ///
    /// # Errors
    /// See [`AskErrorKind`]. Tools in the request need the capability `sampling.tools`.
    pub async fn sample(&self, params: CreateMessageParams) -> Result<CreateMessageResult, AskError> {
        let Some(can) = self.client_capabilities().sampling else {
            return Err(self.unsupported(&json!({ "sampling": {} })));
        };
        let wants_tools = params.tools.is_some() || params.tool_choice.is_some();
        if wants_tools && !(self.rules().sampling_tools && can.tools.is_some()) {
            return Err(self.unsupported(&json!({ "sampling": { "tools": {} } })));
        }
        self.ask::<method::CreateMessage>(&params).await
    }

    /// Asks for the directories that the user shares. Guidance, not access control.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier than
    /// 2027-07-28.
    ///
    /// # Errors
    /// See [`AskErrorKind`].
    pub async fn list_roots(&self) -> Result<Vec<Root>, AskError> {
        if !self.can_list_roots() {
            return Err(self.unsupported(&json!({ "roots": {} })));
        }
        Ok(self.ask::<method::RootsList>(&RequestParams::new()).await?.roots)
    }

    fn unsupported(&self, required: &Value) -> AskError {
        if self.0.session.as_ref().is_some_and(|session| !session.has_client()) {
            let reason = "this server keeps no sessions, so nobody is there to be asked";
            return AskError::new(AskErrorKind::Unsupported, reason);
        }
        AskError::unsupported(required, self.rules().result_type)
    }

    /// Sends a question on its way and waits for its answer.
    async fn ask<M: Method>(&self, params: &M::Params) -> Result<M::Result, AskError> {
        let Some(session) = &self.0.session else {
            return Err(AskError::new(
                AskErrorKind::Unsupported,
                format_args!("{} has no requests from the server to the client", self.revision()),
            ));
        };
        let invalid = |error: serde_json::Error| AskError::new(AskErrorKind::Invalid, error);
        let request = Request::new(session.next_id(), M::NAME, JsonBytes::new(params).map_err(invalid)?);
        let patience = self.0.server.limits.peer_request;
        match tokio::time::timeout(patience, self.0.peer.call(request)).await {
            Ok(reply) => reply?.parse().map_err(invalid),
            Err(_) => {
                let seconds = patience.as_secs();
                Err(AskError::new(AskErrorKind::Lost, format_args!("the client was silent for {seconds} s")))
            }
        }
    }
}

/// A form on its way to the user; see [`Context::elicit`].
#[must_use = "a question is asked when it is awaited"]
pub struct Elicit<'a, T> {
    context: &'a Context,
    message: String,
    form: PhantomData<fn() -> T>,
}

impl<T: Form> Elicit<'_, T> {
    /// Asks, and tells what the user did.
    ///
    /// # Errors
    /// See [`AskErrorKind`]; declining and cancelling are answers here.
    pub async fn answer(self) -> Result<Answer<T>, AskError> {
        let params = ElicitParams::form(self.message, T::schema());
        let result = self.context.elicit_with(params).await?;
        Ok(match result.action {
            ElicitAction::Accept => {
                let content = Value::Object(result.content.unwrap_or_default());
                let value = serde_json::from_value(content)
                    .map_err(|error| AskError::new(AskErrorKind::Invalid, error))?;
                Answer::Accept(value)
            }
            ElicitAction::Decline => Answer::Decline,
            _ => Answer::Cancel,
        })
    }
}

impl<'a, T: Form + 'a> IntoFuture for Elicit<'a, T> {
    type Output = Result<T, AskError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.answer().await? {
                Answer::Accept(value) => Ok(value),
                Answer::Decline => Err(AskError::new(AskErrorKind::Declined, "")),
                Answer::Cancel => Err(AskError::new(AskErrorKind::Cancelled, "")),
            }
        })
    }
}

impl<T> fmt::Debug for Elicit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elicit").field("message", &self.message).finish_non_exhaustive()
    }
}

/// An id that names a visit to a URL. It identifies and authorizes nothing.
fn random_id() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    let random = || RandomState::new().hash_one(0);
    format!("{:016x}{:016x}", random(), random())
}
