//! Answers to what a server asks: the user (elicitation), the model (sampling), the roots.
//!
//! One set of handlers serves all the ways in which a question can come: as a request of a legacy
//! server, and as an input request of a modern one. The client's capabilities follow from the
//! handlers that are there.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use mcp_core::json::{JsonBytes, JsonObject};
use mcp_core::jsonrpc::{ErrorObject, MethodName, code};
use mcp_core::method::{CreateMessage, Elicit, Method as _, Ping, RootsList};
use mcp_core::service::BoxFuture;
use mcp_core::sync::RwLock;
use mcp_core::text::PeerText;
use mcp_core::types::{
    ClientCapabilities, CreateMessageParams, CreateMessageResult, ElicitAction, ElicitFormParams,
    ElicitParams, ElicitResult, ElicitSchema, ElicitUrlParams, ElicitationCapability, InputRequest,
    ListRootsResult, Root, RootsCapability, SamplingCapability,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::question::Question;

type Handler<P, R> =
    Arc<dyn Fn(P, Question) -> BoxFuture<'static, Result<R, ErrorObject>> + Send + Sync>;

/// A function that answers questions of a server: a closure of the parameters and the [`Question`],
/// whose future is `Send`.
///
/// It is implemented for all such closures, and cannot be implemented otherwise.
///
/// ```
/// use mcp_client::types::{ElicitFormParams, ElicitResult};
/// use mcp_client::{Client, ErrorObject, Question};
///
/// /// A function can be a handler too.
/// async fn decline(form: ElicitFormParams, from: Question) -> Result<ElicitResult, ErrorObject> {
///     tracing::info!(server = from.server_name(), form.message, "declined");
///     Ok(ElicitResult::decline())
/// }
///
/// let builder = Client::builder().on_elicit_with(decline);
/// ```
pub trait QuestionHandler<P, R>: Fn(P, Question) -> Self::Answer + Send + Sync + 'static {
    /// The future of the answer.
    type Answer: Future<Output = Result<R, ErrorObject>> + Send + 'static;
}

impl<P, R, F, A> QuestionHandler<P, R> for F
where
    F: Fn(P, Question) -> A + Send + Sync + 'static,
    A: Future<Output = Result<R, ErrorObject>> + Send + 'static,
{
    type Answer = A;
}

/// The handlers of a client.
#[derive(Clone, Default)]
pub(crate) struct Handlers {
    form: Option<Handler<ElicitFormParams, ElicitResult>>,
    url: Option<Handler<ElicitUrlParams, ElicitResult>>,
    create_message: Option<Handler<CreateMessageParams, CreateMessageResult>>,
    pub(crate) sampling_tools: bool,
    roots: Option<Arc<RwLock<Vec<Root>>>>,
    list_roots: Option<Handler<(), Vec<Root>>>,
    /// Handlers of other methods.
    others: BTreeMap<MethodName, Handler<JsonBytes, JsonBytes>>,
    /// The first method that was given two handlers.
    repeated: Option<MethodName>,
    /// Capabilities that are not those of a handler: extensions, experiments.
    pub(crate) declared: ClientCapabilities,
}

impl Handlers {
    pub(crate) fn set_form(
        &mut self,
        handler: impl QuestionHandler<ElicitFormParams, ElicitResult>,
    ) {
        self.form = Some(boxed(handler));
    }

    pub(crate) fn set_url(&mut self, handler: impl QuestionHandler<ElicitUrlParams, ElicitResult>) {
        self.url = Some(boxed(handler));
    }

    pub(crate) fn set_create_message(
        &mut self,
        handler: impl QuestionHandler<CreateMessageParams, CreateMessageResult>,
    ) {
        self.create_message = Some(boxed(handler));
    }

    pub(crate) fn set_list_roots(&mut self, handler: impl QuestionHandler<(), Vec<Root>>) {
        self.list_roots = Some(boxed(handler));
    }

    /// Sets the handler of another method. What is wrong with that is said by [`Handlers::check`].
    pub(crate) fn set_other(
        &mut self,
        method: MethodName,
        handler: impl QuestionHandler<JsonBytes, JsonBytes>,
    ) {
        if self.others.insert(method.clone(), boxed(handler)).is_some() {
            self.repeated.get_or_insert(method);
        }
    }

    pub(crate) fn set_roots(&mut self, roots: Vec<Root>) {
        match &self.roots {
            Some(shared) => *shared.write() = roots,
            None => self.roots = Some(Arc::new(RwLock::new(roots))),
        }
    }

    /// Replaces the roots of a client that was built with some, and so declared the capability.
    pub(crate) fn replace_roots(&self, roots: Vec<Root>) -> Result<(), String> {
        let Some(shared) = &self.roots else {
            return Err("the client was built without roots (ClientBuilder::roots)".to_owned());
        };
        check_roots(&roots)?;
        *shared.write() = roots;
        Ok(())
    }

    /// Checks what the user has set up, before it is declared to a server.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(roots) = &self.roots {
            check_roots(&roots.read())?;
            if self.list_roots.is_some() {
                return Err("both ClientBuilder::roots and ClientBuilder::on_list_roots are set; \
                            remove one"
                    .to_owned());
            }
        }
        if let Some(method) = &self.repeated {
            let method = PeerText::new(method);
            return Err(format!("the method \"{method}\" has two handlers; remove one"));
        }
        match OWN_METHODS.into_iter().find(|(method, _)| self.others.contains_key(*method)) {
            Some((method, instead)) => Err(format!(
                "the method \"{method}\" cannot have a handler of ClientBuilder::on_request: {instead}"
            )),
            None => Ok(()),
        }
    }

    /// Whether a server may ask anything.
    pub(crate) fn answer_something(&self) -> bool {
        self.form.is_some()
            || self.url.is_some()
            || self.create_message.is_some()
            || self.roots.is_some()
            || self.list_roots.is_some()
            || !self.others.is_empty()
    }

    /// What the client can do. `legacy` adds what only sessions have.
    pub(crate) fn capabilities(&self, legacy: bool) -> ClientCapabilities {
        let mut capabilities = self.declared.clone();
        if self.form.is_some() || self.url.is_some() {
            let mut elicitation = ElicitationCapability::new();
            // Empty means forms alone, and is what revisions before 2025-11-25 know (EL-1).
            if self.url.is_some() {
                elicitation = elicitation.url(JsonObject::new());
                if self.form.is_some() {
                    elicitation = elicitation.form(JsonObject::new());
                }
            }
            capabilities.elicitation = Some(elicitation);
        }
        if self.create_message.is_some() {
            let sampling = SamplingCapability::new();
            capabilities.sampling = Some(if self.sampling_tools {
                sampling.tools(JsonObject::new())
            } else {
                sampling
            });
        }
        if self.roots.is_some() {
            let roots = RootsCapability::new();
            capabilities.roots = Some(if legacy { roots.list_changed(true) } else { roots });
        } else if self.list_roots.is_some() {
            // No one reports when they change.
            capabilities.roots = Some(RootsCapability::new());
        }
        capabilities
    }

    /// Whether there is a handler for a question.
    pub(crate) fn can_answer(&self, request: &InputRequest) -> bool {
        match request {
            InputRequest::Elicit(params) => match &**params {
                ElicitParams::Form(_) => self.form.is_some(),
                ElicitParams::Url(_) => self.url.is_some(),
                _ => false,
            },
            InputRequest::CreateMessage(_) => self.create_message.is_some(),
            InputRequest::ListRoots(_) => self.roots.is_some() || self.list_roots.is_some(),
            InputRequest::Other(request) => self.others.contains_key(&*request.method),
            _ => false,
        }
    }

    /// Answers one question: `None` when there is no handler for it.
    pub(crate) async fn answer(
        &self,
        method: &str,
        params: &JsonBytes,
        question: Question,
    ) -> Option<Result<JsonBytes, ErrorObject>> {
        Some(match method {
            Elicit::NAME => self.elicit(params, question).await?,
            CreateMessage::NAME => self.create_message(params, question).await?,
            RootsList::NAME => self.list_roots(question).await?,
            method => self.others.get(method)?(params.clone(), question).await,
        })
    }

    async fn elicit(
        &self,
        params: &JsonBytes,
        question: Question,
    ) -> Option<Result<JsonBytes, ErrorObject>> {
        if self.form.is_none() && self.url.is_none() {
            return None;
        }
        let params = match read(params) {
            Ok(params) => params,
            Err(error) => return Some(Err(error)),
        };
        let answer = match (params, &self.form, &self.url) {
            (ElicitParams::Form(params), Some(handler), _) => {
                let schema = params.requested_schema.clone();
                handler(params, question).await.and_then(|answer| checked(&schema, answer))
            }
            (ElicitParams::Url(params), _, Some(handler)) => handler(params, question).await,
            _ => Err(ErrorObject::invalid_params(
                "the client did not declare this mode of elicitation",
            )),
        };
        Some(answer.and_then(|answer| write(&answer)))
    }

    async fn create_message(
        &self,
        params: &JsonBytes,
        question: Question,
    ) -> Option<Result<JsonBytes, ErrorObject>> {
        let handler = self.create_message.as_ref()?;
        let params: CreateMessageParams = match read(params) {
            Ok(params) => params,
            Err(error) => return Some(Err(error)),
        };
        if !self.sampling_tools && (params.tools.is_some() || params.tool_choice.is_some()) {
            // SAM-2.
            let error =
                ErrorObject::invalid_params("the client did not declare sampling with tools");
            return Some(Err(error));
        }
        if let Err(error) = params.check_tool_results() {
            // SAM-4.
            return Some(Err(ErrorObject::invalid_params(error.to_string())));
        }
        Some(handler(params, question).await.and_then(|answer| write(&answer)))
    }

    async fn list_roots(&self, question: Question) -> Option<Result<JsonBytes, ErrorObject>> {
        if let Some(roots) = &self.roots {
            let roots = roots.read().clone();
            return Some(write(&ListRootsResult::new(roots)));
        }
        let roots = self.list_roots.as_ref()?((), question).await;
        Some(roots.and_then(|roots| match check_roots(&roots) {
            Ok(()) => write(&ListRootsResult::new(roots)),
            Err(error) => {
                tracing::error!(%error, "the handler of the roots returned an invalid one");
                Err(ErrorObject::internal())
            }
        }))
    }
}

/// What the client answers itself, and what does so.
const OWN_METHODS: [(&str, &str); 4] = [
    (Elicit::NAME, "use ClientBuilder::on_elicit or on_elicit_url"),
    (CreateMessage::NAME, "use ClientBuilder::on_create_message"),
    (RootsList::NAME, "use ClientBuilder::roots or on_list_roots"),
    (Ping::NAME, "the client answers it"),
];

/// What a host can do about a question that nothing answers.
pub(crate) fn missing_handler(request: &str, params: &JsonBytes) -> String {
    let asked = PeerText::with_max(request, 64);
    let (capability, set) = match request {
        Elicit::NAME if is_url(params) => ("elicitation.url", "ClientBuilder::on_elicit_url"),
        Elicit::NAME => ("elicitation", "ClientBuilder::on_elicit"),
        CreateMessage::NAME => ("sampling", "ClientBuilder::on_create_message"),
        RootsList::NAME => ("roots", "ClientBuilder::roots"),
        _ => {
            return format!(
                "the server asks for \"{asked}\", and the client has no handler for it; set one with \
                 ClientBuilder::on_request"
            );
        }
    };
    format!(
        "the server asks for {asked}, and the client has no handler for it; set one with {set}, \
         which declares the capability {capability}"
    )
}

fn is_url(params: &JsonBytes) -> bool {
    matches!(params.members(["mode"]), Ok([Some(mode)]) if mode.as_bytes() == b"\"url\"")
}

fn boxed<P, R>(handler: impl QuestionHandler<P, R>) -> Handler<P, R> {
    Arc::new(move |params, question| Box::pin(handler(params, question)))
}

/// An accepted form must fit the schema that the server asked for (EL-13). The handler, or the
/// user, made the mistake: the server gets no answer, and the log says what is wrong.
fn checked(schema: &ElicitSchema, answer: ElicitResult) -> Result<ElicitResult, ErrorObject> {
    if answer.action != ElicitAction::Accept {
        return Ok(answer);
    }
    match schema.check(&answer.content.clone().unwrap_or_default()) {
        Ok(()) => Ok(answer),
        Err(error) => {
            tracing::error!(%error, "the handler's answer does not fit the requested schema");
            let message = format!("the client has no valid answer: {error}");
            Err(ErrorObject::new(code::INTERNAL_ERROR, message))
        }
    }
}

/// A root is a `file:` URI (ROOT-1).
fn check_roots(roots: &[Root]) -> Result<(), String> {
    let is_file = |root: &&Root| {
        root.uri.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file://"))
    };
    match roots.iter().find(|root| !is_file(root)) {
        Some(root) => Err(format!(
            "the root \"{}\" is not a file: URI, such as file:///projects/app",
            PeerText::new(&root.uri)
        )),
        None => Ok(()),
    }
}

pub(crate) fn read<T: DeserializeOwned>(params: &JsonBytes) -> Result<T, ErrorObject> {
    params.parse().map_err(|error| ErrorObject::new(code::INVALID_PARAMS, error.to_string()))
}

pub(crate) fn write<T: Serialize>(answer: &T) -> Result<JsonBytes, ErrorObject> {
    JsonBytes::new(answer).map_err(|error| {
        tracing::error!(%error, "the answer of a handler cannot be written");
        ErrorObject::internal()
    })
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").field("capabilities", &self.capabilities(true)).finish()
    }
}
