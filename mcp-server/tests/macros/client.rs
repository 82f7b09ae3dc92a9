//! A minimal client in memory, with JSON requests and results.

use mcp_server::json::JsonBytes;
use mcp_server::jsonrpc::{ErrorObject, RequestId};
use mcp_server::service::{
    Accept as _, CallError, Conversation, Notification, Reply, Request, Service,
};
use mcp_server::{ConnectionLimits, Revision, ServerBuilder};
use mcp_test_support::message::{add_modern_meta, initialize_params, text_of};
use serde_json::{Value, json};

use mcp_core::transport::memory::{Link, connect};

pub(crate) struct Client {
    link: Link,
    revision: Revision,
}

/// The client's side of the conversation. The servers here send it no requests.
struct Silent;

impl Conversation for Silent {}

impl Service for Silent {
    async fn call(&self, _: Request) -> Reply {
        Err(ErrorObject::internal().into())
    }

    async fn notify(&self, _: Notification) {}
}

impl Client {
    /// Starts a conversation in the latest revision.
    pub(crate) async fn new(server: ServerBuilder) -> Self {
        Self::with_revision(Revision::LATEST, server).await
    }

    /// Starts a conversation in a revision, with the handshake if it needs one.
    pub(crate) async fn with_revision(revision: Revision, server: ServerBuilder) -> Self {
        let server = server.build().unwrap();
        let link = connect(
            &ConnectionLimits::for_client(),
            |_| Silent,
            &server.limits(),
            |peer| server.accept(peer),
        );
        let client = Self { link, revision };
        if revision < Revision::LATEST {
            let params = initialize_params(revision.as_str(), json!({}));
            client.request("initialize", params).await.unwrap();
        }
        client
    }

    /// Returns the result of a request, or its error.
    pub(crate) async fn request(
        &self,
        method: &'static str,
        mut params: Value,
    ) -> Result<Value, ErrorObject> {
        if self.revision == Revision::LATEST {
            add_modern_meta(&mut params, &json!({}));
        }
        let request = Request::new(RequestId::Number(1), method, JsonBytes::new(&params).unwrap());
        match self.link.second().call(request).await {
            Ok(result) => Ok(result.parse().unwrap()),
            Err(CallError::Peer(error)) => Err(error),
            Err(other) => panic!("{other}"),
        }
    }

    /// Returns the result of a tool, whether it failed or not.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.try_call(tool, arguments).await.unwrap()
    }

    pub(crate) async fn try_call(
        &self,
        tool: &str,
        arguments: Value,
    ) -> Result<Value, ErrorObject> {
        self.request("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// Returns the text of a tool's first content block.
    pub(crate) async fn text(&self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.get("isError"), None, "{result}");
        text_of(&result).to_owned()
    }

    /// Returns the errors in the answer to a call with invalid arguments.
    pub(crate) async fn argument_errors(&self, tool: &str, arguments: Value) -> Vec<String> {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        argument_errors(text_of(&result))
    }

    pub(crate) async fn list(&self, family: &str) -> Vec<Value> {
        let (method, member) = match family {
            "tools" => ("tools/list", "tools"),
            "prompts" => ("prompts/list", "prompts"),
            "resources" => ("resources/list", "resources"),
            _ => ("resources/templates/list", "resourceTemplates"),
        };
        let mut result = self.request(method, json!({})).await.unwrap();
        let Value::Array(items) = result[member].take() else { panic!("{result}") };
        items
    }

    /// Returns one listed tool.
    pub(crate) async fn tool(&self, name: &str) -> Value {
        self.list("tools").await.into_iter().find(|tool| tool["name"] == name).unwrap()
    }

    /// Returns the text of the only message of a prompt.
    pub(crate) async fn prompt(&self, name: &str, arguments: Value) -> Result<String, ErrorObject> {
        let result =
            self.request("prompts/get", json!({"name": name, "arguments": arguments})).await?;
        Ok(result["messages"][0]["content"]["text"].as_str().unwrap().to_owned())
    }

    /// Returns the only contents of a resource.
    pub(crate) async fn read(&self, uri: &str) -> Result<Value, ErrorObject> {
        let mut result = self.request("resources/read", json!({"uri": uri})).await?;
        Ok(result["contents"][0].take())
    }

    /// Returns the suggested values for an argument; `reference` is the `ref` of the request.
    pub(crate) async fn complete(&self, reference: Value, argument: &str, typed: &str) -> Value {
        let argument = json!({"name": argument, "value": typed});
        let params = json!({"ref": reference, "argument": argument});
        self.request("completion/complete", params).await.unwrap()["completion"]["values"].take()
    }
}

/// Returns the list entries in an answer to invalid arguments.
pub(crate) fn argument_errors(answer: &str) -> Vec<String> {
    let mut lines = answer.lines();
    assert_eq!(lines.next(), Some("The arguments do not match the tool's input schema:"));
    lines.map(|line| line.strip_prefix("- ").unwrap().to_owned()).collect()
}
