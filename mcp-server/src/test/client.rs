//! The client of a test.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::limits::ConnectionLimits;
use mcp_core::meta::{CLIENT_CAPABILITIES, CLIENT_INFO, PROTOCOL_VERSION};
use mcp_core::method::notification::Initialized;
use mcp_core::method::{
    Initialize, Method as _, NotificationMethod as _, PromptsGet, ResourcesRead, ToolsCall,
};
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{Accept as _, CallError, Notification, Request};
use mcp_core::transport::memory::{Link, connect};
use mcp_core::types::{GetPromptResult, InputRequiredResult, ReadResourceResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answers::Answers;
use super::tool_answer::ToolAnswer;
use crate::server::Server;

/// The `resultType` of a result that asks for input.
const INPUT_REQUIRED: &str = "input_required";

/// A client that is connected to a server in memory. [`client`](super::client) creates it; dropping
/// it ends the connection.
///
/// ```
/// # use mcp_server::{Server, routes, tool};
/// # /// Add two numbers.
/// # #[tool]
/// # async fn add(a: i64, b: i64) -> i64 { a + b }
/// use mcp_server::test;
/// use serde_json::json;
///
/// # fn server() -> mcp_server::ServerBuilder { Server::builder("calculator", "1.0.0").routes(routes![add]) }
/// #[tokio::test]
/// async fn two_numbers_are_added() {
///     let client = test::client(server()).await;
///     client.call("add", json!({ "a": 1, "b": 2 })).await.assert_text("3");
///     client.call("add", json!({ "a": 1 })).await.assert_error_at("/b");
/// }
/// ```
pub struct Client {
    link: Link,
    revision: Revision,
    timeout: Duration,
    answers: Answers,
    max_rounds: u32,
    last_id: AtomicI64,
}

impl Client {
    pub(super) async fn connect(
        server: &Server,
        revision: Option<Revision>,
        timeout: Duration,
        answers: Answers,
    ) -> Self {
        let newest = server.definition.revisions.iter().max_by_key(|it| it.index());
        let revision = revision.or_else(|| newest.copied()).unwrap_or(Revision::LATEST);
        let (limits, side) = (server.limits(), answers.clone());
        let link =
            connect(&ConnectionLimits::for_client(), |_| side, &limits, |peer| server.accept(peer));
        let client = Self {
            link,
            revision,
            timeout,
            answers,
            max_rounds: server.definition.limits().max_input_rounds,
            last_id: AtomicI64::new(0),
        };
        if revision.era() == Era::Legacy {
            client.initialize().await;
        }
        client
    }

    async fn initialize(&self) {
        let params = json!({
            "protocolVersion": self.revision.as_str(),
            "capabilities": self.answers.capabilities(),
            "clientInfo": client_info(),
        });
        match self.send(Initialize::NAME, &params).await {
            Ok(result) if result["protocolVersion"] == self.revision.as_str() => {}
            Ok(result) => panic!(
                "the server does not support {}: it answered {}",
                self.revision, result["protocolVersion"]
            ),
            Err(error) => panic!("the server refused the client: {error:?}"),
        }
        let notification = Notification::new(Initialized::NAME, JsonBytes::empty_object());
        self.link.second().notify(notification).await;
    }

    /// Returns the revision.
    ///
    /// ```
    /// # use mcp_server::{Revision, Server, test};
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let client = test::client(Server::builder("notes", "1.0.0")).await;
    /// assert_eq!(client.revision(), Revision::LATEST); // The newest, unless the test sets one.
    /// # });
    /// ```
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Calls a tool. `arguments` is an object: `json!({ … })`, or a value of a type that serializes
    /// to one.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::test;
    /// #[derive(serde::Serialize)]
    /// struct Sum {
    ///     a: i64,
    ///     b: i64,
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("calculator", "1.0.0").routes(routes![add])).await;
    /// client.call("add", serde_json::json!({ "a": 1, "b": 2 })).await.assert_text("3");
    /// client.call("add", Sum { a: 1, b: 2 }).await.assert_text("3");
    /// # });
    /// ```
    ///
    /// # Panics
    /// If no answer arrives in time, or the answer is not that of a tool.
    pub async fn call(&self, name: &str, arguments: impl Serialize) -> ToolAnswer {
        let params = json!({ "name": name, "arguments": value_of(&arguments) });
        let answer = self.request(ToolsCall::NAME, params).await;
        ToolAnswer::new(name, answer)
    }

    /// Reads a resource.
    ///
    /// ```
    /// # use mcp_server::{Server, resource, routes, test};
    /// /// A note.
    /// #[resource("note://{id}")]
    /// fn note(id: u64) -> String {
    ///     format!("note {id}")
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("notes", "1.0.0").routes(routes![note])).await;
    /// let note = client.read("note://7").await.unwrap();
    /// assert_eq!(note.contents[0].as_text(), Some("note 7"));
    /// let error = client.read("notes://7").await.unwrap_err();
    /// assert!(error.message().contains("notes://7"));
    /// # });
    /// ```
    ///
    /// # Errors
    /// The error of the server.
    ///
    /// # Panics
    /// If no answer arrives in time, or the answer is not that of a resource.
    pub async fn read(&self, uri: &str) -> Result<ReadResourceResult, ErrorObject> {
        let result = self.request(ResourcesRead::NAME, json!({ "uri": uri })).await?;
        Ok(decode(ResourcesRead::NAME, result))
    }

    /// Gets a prompt.
    ///
    /// ```
    /// # use mcp_server::{Server, prompt, routes, test};
    /// /// Plan a trip.
    /// #[prompt]
    /// fn plan(city: String) -> String {
    ///     format!("Plan a trip to {city}.")
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("travel", "1.0.0").routes(routes![plan])).await;
    /// let plan = client.prompt("plan", serde_json::json!({ "city": "Bergen" })).await.unwrap();
    /// assert_eq!(plan.messages[0].content.as_text(), Some("Plan a trip to Bergen."));
    /// # });
    /// ```
    ///
    /// # Errors
    /// The error of the server.
    ///
    /// # Panics
    /// If no answer arrives in time, or the answer is not that of a prompt.
    pub async fn prompt(
        &self,
        name: &str,
        arguments: impl Serialize,
    ) -> Result<GetPromptResult, ErrorObject> {
        let params = json!({ "name": name, "arguments": value_of(&arguments) });
        let result = self.request(PromptsGet::NAME, params).await?;
        Ok(decode(PromptsGet::NAME, result))
    }

    /// Sends a request of any method, and answers what the server asks. `params` is an object.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::test;
    /// # use serde_json::json;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let server = Server::builder("calculator", "1.0.0").title("Calculator").routes(routes![add]);
    /// # let client = test::client(server).await;
    /// let found = client.request("server/discover", json!({})).await.unwrap();
    /// assert!(found["capabilities"].get("tools").is_some());
    /// assert!(client.request("com.example/health", json!({})).await.is_err()); // No such method.
    /// # });
    /// ```
    ///
    /// # Errors
    /// The error of the server.
    ///
    /// # Panics
    /// If no answer arrives in time, or the server asks in more rounds than its
    /// `Limits::max_input_rounds`.
    pub async fn request(&self, method: &str, params: Value) -> Result<Value, ErrorObject> {
        let mut params = params;
        if self.revision.era() == Era::Legacy {
            return self.send(method, &params).await;
        }
        let added = [
            (PROTOCOL_VERSION, json!(self.revision.as_str())),
            (CLIENT_CAPABILITIES, self.answers.capabilities()),
            (CLIENT_INFO, client_info()),
        ];
        for (name, value) in added {
            params["_meta"][name] = value;
        }
        for _ in 0..=self.max_rounds {
            let result = self.send(method, &params).await?;
            if result["resultType"] != INPUT_REQUIRED {
                return Ok(result);
            }
            let asked: InputRequiredResult = decode(method, result);
            let mut responses = json!({});
            for (key, question) in asked.input_requests.unwrap_or_default() {
                let what = question.method().to_owned();
                responses[&key] = match self.answers.answer(question) {
                    Ok(answer) => answer,
                    Err(_) => panic!("the server asks {what}, and the test has no answer to it"),
                };
            }
            params["inputResponses"] = responses;
            if let Some(state) = asked.request_state {
                params["requestState"] = json!(state);
            }
        }
        panic!("{method}: the server still asks after {} rounds", self.max_rounds)
    }

    /// Sends one request.
    async fn send(&self, method: &str, params: &Value) -> Result<Value, ErrorObject> {
        let id = RequestId::from(self.last_id.fetch_add(1, Ordering::Relaxed) + 1);
        let params = match JsonBytes::new(params) {
            Ok(params) => params,
            Err(error) => panic!("{method}: the parameters are not JSON: {error}"),
        };
        let request = Request::new(id, method.to_owned(), params).with_peer(self.link.first());
        let server = self.link.second();
        let answer = match tokio::time::timeout(self.timeout, server.call(request)).await {
            Ok(answer) => answer,
            Err(_) => panic!("{method}: no answer within {:?}", self.timeout),
        };
        match answer {
            Ok(result) => match result.parse() {
                Ok(result) => Ok(result),
                Err(error) => panic!("{method}: the result is unreadable: {error}"),
            },
            Err(CallError::Peer(error)) => Err(error),
            Err(error) => panic!("{method}: {error}"),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("revision", &self.revision).finish_non_exhaustive()
    }
}

fn client_info() -> Value {
    json!({ "name": "test-client", "version": env!("CARGO_PKG_VERSION") })
}

fn value_of(arguments: &impl Serialize) -> Value {
    match serde_json::to_value(arguments) {
        Ok(value) => value,
        Err(error) => panic!("the arguments are not JSON: {error}"),
    }
}

fn decode<T: DeserializeOwned>(method: &str, result: Value) -> T {
    match serde_json::from_value(result.clone()) {
        Ok(decoded) => decoded,
        Err(error) => panic!("{method}: the result is invalid: {error}: {result}"),
    }
}
