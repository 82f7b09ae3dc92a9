//! The answers to what a server asks: elicitation, sampling and roots.

use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::service::{Conversation, Notification, Reply, Request, Service};
use mcp_core::types::{
    CreateMessageParams, CreateMessageResult, ElicitParams, ElicitResult, InputRequest,
    ListRootsResult, Root,
};
use serde_json::{Value, json};

type Answer<P, R> = Arc<dyn Fn(P) -> R + Send + Sync>;

/// The answers to what a server asks. It is also the client's side of the conversation.
#[derive(Clone, Default)]
pub(super) struct Answers {
    pub(super) elicit: Option<Answer<ElicitParams, Result<ElicitResult, ErrorObject>>>,
    pub(super) create_message: Option<Answer<CreateMessageParams, CreateMessageResult>>,
    pub(super) roots: Option<Vec<Root>>,
}

impl Answers {
    /// Returns the capabilities of the client.
    pub(super) fn capabilities(&self) -> Value {
        let mut capabilities = json!({});
        if self.elicit.is_some() {
            capabilities["elicitation"] = json!({ "form": {}, "url": {} });
        }
        if self.create_message.is_some() {
            capabilities["sampling"] = json!({});
        }
        if self.roots.is_some() {
            capabilities["roots"] = json!({});
        }
        capabilities
    }

    /// Answers a question.
    ///
    /// # Errors
    /// −32601, if the client has no answer to this method.
    pub(super) fn answer(&self, question: InputRequest) -> Result<Value, ErrorObject> {
        let unknown = ErrorObject::method_not_found(question.method());
        let answer = match question {
            InputRequest::Elicit(params) => match &self.elicit {
                Some(answer) => Some(serde_json::to_value(answer(*params)?)),
                None => None,
            },
            InputRequest::CreateMessage(params) => {
                self.create_message.as_ref().map(|answer| serde_json::to_value(answer(*params)))
            }
            InputRequest::ListRoots(_) => {
                let roots = self.roots.clone().map(ListRootsResult::new);
                roots.map(serde_json::to_value)
            }
            _ => None,
        };
        match answer {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => panic!("an answer of the test is not JSON: {error}"),
            None => Err(unknown),
        }
    }
}

impl Conversation for Answers {}

impl Service for Answers {
    async fn call(&self, request: Request) -> Reply {
        let invalid = |error: String| ErrorObject::invalid_params(error);
        let params: Value = request.params.parse().map_err(|error| invalid(error.to_string()))?;
        let question = json!({ "method": request.method.to_string(), "params": params });
        let question: InputRequest =
            serde_json::from_value(question).map_err(|error| invalid(error.to_string()))?;
        let answer = self.answer(question)?;
        JsonBytes::new(&answer).map_err(|error| invalid(error.to_string()).into())
    }

    async fn notify(&self, _: Notification) {}
}
