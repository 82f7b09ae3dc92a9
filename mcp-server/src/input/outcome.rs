//! The explicit form: a handler that returns its questions, and reads the answers when it runs
//! again.

use mcp_core::json::RawJson;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{
    CallToolResult, CreateMessageParams, ElicitParams, GetPromptResult, InputRequest,
    InputRequests, InputResponses, ReadResourceResult, Schema,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::prompt::IntoPromptResult;
use crate::questions::ReturnedQuestions;
use crate::resource::IntoResourceResult;
use crate::tool::IntoToolResult;

/// What a handler returns that manages its input rounds itself: its result, or its questions.
///
/// ```
/// use mcp_server::types::{ElicitParams, ElicitResult, ElicitSchema, StringSchema};
/// use mcp_server::{Context, ErrorObject};
/// use mcp_server::input::Outcome;
/// use mcp_server::tool::ToolRoute;
///
/// async fn greet(ctx: Context) -> Result<Outcome<String>, ErrorObject> {
///     let Some(answer) = ctx.input_response::<ElicitResult>("name")? else {
///         let form = ElicitSchema::new().required_field("name", StringSchema::new());
///         return Ok(ctx.input_required().ask("name", ElicitParams::form("Who are you?", form)).into());
///     };
///     Ok(Outcome::Complete(format!("Hello, {:?}!", answer.content)))
/// }
///
/// let route = ToolRoute::builder("greet").handler(greet);
/// ```
///
/// On a legacy session, the questions are sent as requests, and the handler runs again with the
/// answers, in at most eight rounds. Prefer [`Context::elicit`] and similar methods, which need no
/// handling of rounds. Use this form if work between the questions must not run again.
#[derive(Debug)]
#[must_use = "an outcome is returned from a handler"]
pub enum Outcome<T> {
    /// The result.
    Complete(T),
    /// Questions to answer first.
    InputRequired(InputRequired),
}

/// Questions, and a state to keep until they are answered. [`Context::input_required`] creates it.
#[derive(Debug)]
#[must_use = "questions are asked when they are returned from a handler"]
pub struct InputRequired {
    context: Context,
    requests: InputRequests,
    state: Result<Option<RawJson>, serde_json::Error>,
}

impl InputRequired {
    /// Adds a question. `key` identifies its answer.
    pub fn ask(mut self, key: impl Into<String>, question: impl Into<InputRequest>) -> Self {
        self.requests.insert(key.into(), question.into());
        self
    }

    /// Adds a question to the user: a form or a URL.
    pub fn elicit(self, key: impl Into<String>, params: impl Into<ElicitParams>) -> Self {
        self.ask(key, params.into())
    }

    /// Adds a question to the client's model.
    pub fn create_message(self, key: impl Into<String>, params: CreateMessageParams) -> Self {
        self.ask(key, params)
    }

    /// Adds a question for the roots.
    pub fn list_roots(self, key: impl Into<String>) -> Self {
        self.ask(key, InputRequest::list_roots())
    }

    /// Sets the state, which [`Context::request_state`] returns in the next round. It is sealed:
    /// the client can neither read nor change it. Without a question, the client repeats the call
    /// immediately.
    pub fn state<S: Serialize>(mut self, state: &S) -> Self {
        self.state = RawJson::new(state).map(Some);
        self
    }

    /// Passes the questions to the code that runs the handler.
    fn submit(self) -> Result<(), ErrorObject> {
        let state = self
            .state
            .map_err(|error| crate::error::internal("encoding the state of a call", &error))?;
        if !self.context.call().questions.by_result {
            return Err(crate::error::internal(
                "requesting input",
                &"only tools, prompts and resources can ask",
            ));
        }
        let returned = ReturnedQuestions { requests: self.requests, state };
        self.context.call().questions.round().lock().returned = Some(returned);
        Ok(())
    }
}

impl<T> From<InputRequired> for Outcome<T> {
    fn from(input: InputRequired) -> Self {
        Self::InputRequired(input)
    }
}

impl Context {
    /// Creates an [`InputRequired`], which a handler returns when it needs input. See [`Outcome`].
    pub fn input_required(&self) -> InputRequired {
        InputRequired { context: self.clone(), requests: InputRequests::new(), state: Ok(None) }
    }

    /// Returns the answers so far to the questions that this call returned, by their keys.
    #[must_use]
    pub fn input_responses(&self) -> InputResponses {
        let Some(round) = self.call().questions.get() else { return InputResponses::new() };
        let answers = &round.lock().journal.answers;
        answers.values().map(|answered| (answered.key.clone(), answered.answer.clone())).collect()
    }

    /// Returns one answer as the result of its question: `ElicitResult`, `CreateMessageResult` or
    /// `ListRootsResult`. `None` if the client has not answered it.
    ///
    /// # Errors
    /// −32602 if the answer is of another type.
    pub fn input_response<R: DeserializeOwned>(&self, key: &str) -> Result<Option<R>, ErrorObject> {
        self.input_responses()
            .get(key)
            .map_err(|error| ErrorObject::invalid_params(format!("/inputResponses/{key}: {error}")))
    }

    /// Returns the state that [`InputRequired::state`] set in the round before. `None` in the first
    /// round.
    ///
    /// # Errors
    /// −32603 if the state is of another type, for example because an older version of the server
    /// created it.
    pub fn request_state<S: DeserializeOwned>(&self) -> Result<Option<S>, ErrorObject> {
        let Some(round) = self.call().questions.get() else { return Ok(None) };
        let state = round.lock().journal.state.clone();
        let decoded = state.map(|state| state.parse()).transpose();
        decoded.map_err(|error| crate::error::internal("decoding the state of a call", &error))
    }
}

impl<T: IntoToolResult> IntoToolResult for Outcome<T> {
    fn into_tool_result(self) -> Result<CallToolResult, ErrorObject> {
        match self {
            Self::Complete(value) => value.into_tool_result(),
            // A placeholder, which the questions replace.
            Self::InputRequired(input) => input.submit().map(|()| CallToolResult::new()),
        }
    }

    fn output_schema() -> Option<Schema> {
        T::output_schema()
    }
}

impl<T: IntoPromptResult> IntoPromptResult for Outcome<T> {
    fn into_prompt_result(self) -> Result<GetPromptResult, ErrorObject> {
        match self {
            Self::Complete(value) => value.into_prompt_result(),
            Self::InputRequired(input) => input.submit().map(|()| GetPromptResult::new([])),
        }
    }
}

impl<T: IntoResourceResult> IntoResourceResult for Outcome<T> {
    fn into_resource_result(
        self,
        uri: &str,
        mime_type: Option<&str>,
    ) -> Result<ReadResourceResult, ErrorObject> {
        match self {
            Self::Complete(value) => value.into_resource_result(uri, mime_type),
            Self::InputRequired(input) => input.submit().map(|()| ReadResourceResult::new([])),
        }
    }
}
