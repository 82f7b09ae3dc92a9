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
///
/// ```
/// use mcp_server::input::Outcome;
/// use mcp_server::types::{ElicitParams, ElicitSchema, StringSchema};
/// use mcp_server::{Context, tool};
///
/// /// Open a bank account.
/// #[tool]
/// async fn open(ctx: Context) -> Outcome<&'static str> {
///     if ctx.input_responses().get_raw("terms").is_some() {
///         return Outcome::Complete("opened");
///     }
///     let form = ElicitSchema::new().required_field("name", StringSchema::new());
///     // Two questions in one round.
///     let questions = ctx.input_required().elicit("who", ElicitParams::form("Your name?", form));
///     questions.elicit("terms", ElicitParams::url("The terms.", "https://bank.example.com/terms")).into()
/// }
/// ```
#[derive(Debug)]
#[must_use = "questions are asked when they are returned from a handler"]
pub struct InputRequired {
    context: Context,
    requests: InputRequests,
    state: Result<Option<RawJson>, serde_json::Error>,
}

impl InputRequired {
    /// Adds a question. `key` identifies its answer.
    ///
    /// ```
    /// # use mcp_server::Context;
    /// # use mcp_server::input::InputRequired;
    /// use mcp_server::types::{CreateMessageParams, ElicitParams, ElicitSchema, SamplingMessage};
    ///
    /// /// Asks the model and the user in the same round.
    /// fn questions(ctx: &Context) -> InputRequired {
    ///     let model = CreateMessageParams::new([SamplingMessage::user("Suggest a title.")], 50_u64);
    ///     let user = ElicitParams::form("Publish it?", ElicitSchema::new());
    ///     ctx.input_required().ask("title", model).ask("publish", user)
    /// }
    /// ```
    pub fn ask(mut self, key: impl Into<String>, question: impl Into<InputRequest>) -> Self {
        self.requests.insert(key.into(), question.into());
        self
    }

    /// Adds a question to the user: a form or a URL.
    ///
    /// ```
    /// # use mcp_server::Context;
    /// # use mcp_server::input::InputRequired;
    /// use mcp_server::types::ElicitParams;
    ///
    /// fn log_in(ctx: &Context) -> InputRequired {
    ///     let page = ElicitParams::url("Log in to the shop.", "https://shop.example.com/login");
    ///     ctx.input_required().elicit("login", page)
    /// }
    /// ```
    pub fn elicit(self, key: impl Into<String>, params: impl Into<ElicitParams>) -> Self {
        self.ask(key, params.into())
    }

    /// Adds a question to the client's model.
    ///
    /// ```
    /// # use mcp_server::Context;
    /// # use mcp_server::input::InputRequired;
    /// use mcp_server::types::{CreateMessageParams, SamplingMessage};
    ///
    /// fn classify(ctx: &Context, mail: &str) -> InputRequired {
    ///     let question = SamplingMessage::user(format!("Is this spam? Answer yes or no.\n\n{mail}"));
    ///     ctx.input_required().create_message("spam", CreateMessageParams::new([question], 5_u64))
    /// }
    /// ```
    pub fn create_message(self, key: impl Into<String>, params: CreateMessageParams) -> Self {
        self.ask(key, params)
    }

    /// Adds a question for the roots.
    ///
    /// ```
    /// use mcp_server::input::Outcome;
    /// use mcp_server::types::ListRootsResult;
    /// use mcp_server::{Context, ErrorObject, tool};
    ///
    /// /// Count the folders that the user shares.
    /// #[tool]
    /// async fn folders(ctx: Context) -> Result<Outcome<String>, ErrorObject> {
    ///     Ok(match ctx.input_response::<ListRootsResult>("roots")? {
    ///         Some(answer) => Outcome::Complete(answer.roots.len().to_string()),
    ///         None => ctx.input_required().list_roots("roots").into(),
    ///     })
    /// }
    /// ```
    pub fn list_roots(self, key: impl Into<String>) -> Self {
        self.ask(key, InputRequest::list_roots())
    }

    /// Sets the state, which [`Context::request_state`] returns in the next round. It is sealed:
    /// the client can neither read nor change it. Without a question, the client repeats the call
    /// immediately.
    ///
    /// ```
    /// # use mcp_server::{Context, ErrorObject};
    /// # use mcp_server::input::InputRequired;
    /// # use mcp_server::types::ElicitParams;
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Offer {
    ///     price: u32,
    /// }
    ///
    /// fn ask(ctx: &Context, offer: &Offer, question: ElicitParams) -> InputRequired {
    ///     ctx.input_required().elicit("buy", question).state(offer)
    /// }
    ///
    /// /// In the next round.
    /// fn offer(ctx: &Context) -> Result<Option<Offer>, ErrorObject> {
    ///     ctx.request_state()
    /// }
    /// ```
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
    ///
    /// ```
    /// use mcp_server::input::Outcome;
    /// use mcp_server::types::{BooleanSchema, ElicitParams, ElicitResult, ElicitSchema};
    /// use mcp_server::{Context, ErrorObject, tool};
    ///
    /// /// Delete all notes.
    /// #[tool(destructive)]
    /// async fn clear(ctx: Context) -> Result<Outcome<&'static str>, ErrorObject> {
    ///     let Some(answer) = ctx.input_response::<ElicitResult>("sure")? else {
    ///         let form = ElicitSchema::new().required_field("sure", BooleanSchema::new());
    ///         return Ok(ctx.input_required().elicit("sure", ElicitParams::form("Sure?", form)).into());
    ///     };
    ///     let sure = answer.content.is_some_and(|content| content["sure"] == true);
    ///     Ok(Outcome::Complete(if sure { "deleted" } else { "kept" }))
    /// }
    /// ```
    pub fn input_required(&self) -> InputRequired {
        InputRequired { context: self.clone(), requests: InputRequests::new(), state: Ok(None) }
    }

    /// Returns the answers so far to the questions that this call returned, by their keys.
    ///
    /// ```
    /// # use mcp_server::Context;
    /// /// Which questions of this call are open.
    /// fn open<'a>(ctx: &Context, keys: &[&'a str]) -> Vec<&'a str> {
    ///     let answered = ctx.input_responses();
    ///     keys.iter().copied().filter(|key| answered.get_raw(key).is_none()).collect()
    /// }
    /// ```
    #[must_use]
    pub fn input_responses(&self) -> InputResponses {
        let Some(round) = self.call().questions.get() else { return InputResponses::new() };
        let answers = &round.lock().journal.answers;
        answers.values().map(|answered| (answered.key.clone(), answered.answer.clone())).collect()
    }

    /// Returns one answer as the result of its question: `ElicitResult`, `CreateMessageResult` or
    /// `ListRootsResult`. `None` if the client has not answered it.
    ///
    /// ```
    /// use mcp_server::types::{ElicitAction, ElicitResult};
    /// use mcp_server::{Context, ErrorObject};
    ///
    /// /// `None` as long as the user has not been asked.
    /// fn is_approved(ctx: &Context) -> Result<Option<bool>, ErrorObject> {
    ///     let answer: Option<ElicitResult> = ctx.input_response("approval")?;
    ///     Ok(answer.map(|answer| answer.action == ElicitAction::Accept))
    /// }
    /// ```
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
    /// ```
    /// use mcp_server::input::Outcome;
    /// use mcp_server::types::{BooleanSchema, ElicitParams, ElicitResult, ElicitSchema};
    /// use mcp_server::{Context, ErrorObject, tool};
    ///
    /// /// Buy a ticket at the price that the user has seen.
    /// #[tool]
    /// async fn buy(ctx: Context) -> Result<Outcome<String>, ErrorObject> {
    ///     if let (Some(price), Some(_)) =
    ///         (ctx.request_state::<u32>()?, ctx.input_response::<ElicitResult>("buy")?)
    ///     {
    ///         return Ok(Outcome::Complete(format!("bought for {price}")));
    ///     }
    ///     let price = 120; // Looked up once, in the first round.
    ///     let form = ElicitSchema::new().field("insurance", BooleanSchema::new());
    ///     let question = ElicitParams::form(format!("Buy for {price}?"), form);
    ///     Ok(ctx.input_required().elicit("buy", question).state(&price).into())
    /// }
    /// ```
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
