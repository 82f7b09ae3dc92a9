//! Answers to what a server asks: the user (elicitation), the model (sampling), the roots.
//!
//! One set of handlers serves all the ways in which a question can come: as a request of a legacy
//! server, and as an input request of a modern one. The client's capabilities follow from the
//! handlers that are there.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use mcp_core::json::{JsonBytes, JsonObject};
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::method::{CreateMessage, Elicit, Method as _, RootsList};
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

type Handler<P, R> = Arc<dyn Fn(P) -> BoxFuture<'static, Result<R, ErrorObject>> + Send + Sync>;

/// The handlers of a client.
#[derive(Clone, Default)]
pub(crate) struct Handlers {
    form: Option<Handler<ElicitFormParams, ElicitResult>>,
    url: Option<Handler<ElicitUrlParams, ElicitResult>>,
    create_message: Option<Handler<CreateMessageParams, CreateMessageResult>>,
    pub(crate) sampling_tools: bool,
    roots: Option<Arc<RwLock<Vec<Root>>>>,
    /// Capabilities that are not those of a handler: extensions, experiments.
    pub(crate) declared: ClientCapabilities,
}

impl Handlers {
    pub(crate) fn set_form<F, A>(&mut self, handler: F)
    where
        F: Fn(ElicitFormParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult, ErrorObject>> + Send + 'static,
    {
        self.form = Some(Arc::new(move |params| Box::pin(handler(params))));
    }

    pub(crate) fn set_url<F, A>(&mut self, handler: F)
    where
        F: Fn(ElicitUrlParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult, ErrorObject>> + Send + 'static,
    {
        self.url = Some(Arc::new(move |params| Box::pin(handler(params))));
    }

    pub(crate) fn set_create_message<F, A>(&mut self, handler: F)
    where
        F: Fn(CreateMessageParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<CreateMessageResult, ErrorObject>> + Send + 'static,
    {
        self.create_message = Some(Arc::new(move |params| Box::pin(handler(params))));
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
            return Err("the client was built without roots".to_owned());
        };
        check_roots(&roots)?;
        *shared.write() = roots;
        Ok(())
    }

    /// Checks what the user has set up, before it is declared to a server.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(roots) = &self.roots {
            check_roots(&roots.read())?;
        }
        Ok(())
    }

    /// Whether a server may ask anything.
    #[cfg(feature = "http")]
    pub(crate) fn answer_something(&self) -> bool {
        self.form.is_some()
            || self.url.is_some()
            || self.create_message.is_some()
            || self.roots.is_some()
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
            InputRequest::ListRoots(_) => self.roots.is_some(),
            _ => false,
        }
    }

    /// Answers one question: `None` when there is no handler for it.
    pub(crate) async fn answer(
        &self,
        method: &str,
        params: &JsonBytes,
    ) -> Option<Result<JsonBytes, ErrorObject>> {
        Some(match method {
            Elicit::NAME => self.elicit(params).await?,
            CreateMessage::NAME => self.create_message(params).await?,
            RootsList::NAME => self.list_roots()?,
            _ => return None,
        })
    }

    async fn elicit(&self, params: &JsonBytes) -> Option<Result<JsonBytes, ErrorObject>> {
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
                handler(params).await.and_then(|answer| checked(&schema, answer))
            }
            (ElicitParams::Url(params), _, Some(handler)) => handler(params).await,
            _ => Err(ErrorObject::invalid_params(
                "the client did not declare this mode of elicitation",
            )),
        };
        Some(answer.and_then(|answer| write(&answer)))
    }

    async fn create_message(&self, params: &JsonBytes) -> Option<Result<JsonBytes, ErrorObject>> {
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
        Some(handler(params).await.and_then(|answer| write(&answer)))
    }

    fn list_roots(&self) -> Option<Result<JsonBytes, ErrorObject>> {
        let roots = self.roots.as_ref()?.read().clone();
        Some(write(&ListRootsResult::new(roots)))
    }
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

fn read<T: DeserializeOwned>(params: &JsonBytes) -> Result<T, ErrorObject> {
    params.parse().map_err(|error| ErrorObject::new(code::INVALID_PARAMS, error.to_string()))
}

fn write<T: Serialize>(answer: &T) -> Result<JsonBytes, ErrorObject> {
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
