//! A test client that answers questions in any era and records them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use mcp_core::json::JsonBytes;
use mcp_core::service::{Accept as _, Conversation, Notification, Peer, Reply, Request, Service};
use mcp_core::transport::{memory, stream};
use mcp_server::jsonrpc::{ErrorObject, RequestId};
use mcp_server::{ConnectionLimits, Principal, Revision, Server, ServerBuilder};
use mcp_test_support::message::{add_modern_meta, initialize_params, text_of};
use serde_json::{Value, json};

type Answers = Arc<dyn Fn(&str, &Value) -> Value + Send + Sync>;

/// The revisions with elicitation.
pub(crate) const REVISIONS: [Revision; 3] =
    [Revision::V2025_06_18, Revision::V2025_11_25, Revision::V2026_07_28];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Memory,
    Stream,
}

pub(crate) struct Client {
    to_server: Peer,
    /// Reaches the client from the server. A stream connection sets it itself.
    from_server: Peer,
    pub(crate) revision: Revision,
    capabilities: Value,
    answers: Answers,
    /// The questions: their methods and parameters.
    pub(crate) asked: Arc<Mutex<Vec<(String, Value)>>>,
    /// The keys of the questions of each round (modern).
    pub(crate) rounds: Mutex<Vec<Vec<String>>>,
    last_id: AtomicI64,
    principal: Option<Principal>,
    _open: Box<dyn std::any::Any + Send + Sync>,
}

/// Answers the requests of a legacy server.
struct AnsweringService {
    answers: Answers,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Conversation for AnsweringService {}

impl Service for AnsweringService {
    async fn call(&self, request: Request) -> Reply {
        let params: Value = request.params.parse().unwrap();
        self.asked.lock().unwrap().push((request.method.to_string(), params.clone()));
        tokio::task::yield_now().await;
        Ok(JsonBytes::new(&(self.answers)(&request.method, &params)).unwrap())
    }

    async fn notify(&self, _: Notification) {}
}

pub(crate) fn all_capabilities() -> Value {
    json!({ "elicitation": { "form": {}, "url": {} }, "sampling": { "tools": {}, "context": {} }, "roots": {} })
}

impl Client {
    pub(crate) async fn open(
        server: ServerBuilder,
        link: Link,
        revision: Revision,
        answers: impl Fn(&str, &Value) -> Value + Send + Sync + 'static,
    ) -> Self {
        Self::open_with(
            &server.build().unwrap(),
            link,
            revision,
            all_capabilities(),
            Arc::new(answers),
        )
        .await
    }

    pub(crate) async fn open_with(
        server: &Server,
        link: Link,
        revision: Revision,
        capabilities: Value,
        answers: Answers,
    ) -> Self {
        let asked = Arc::default();
        let local = AnsweringService { answers: Arc::clone(&answers), asked: Arc::clone(&asked) };
        let (to_server, from_server, open): (Peer, Peer, Box<dyn std::any::Any + Send + Sync>) =
            match link {
                Link::Memory => {
                    let limits = ConnectionLimits::for_client();
                    let link = memory::connect(
                        &server.limits(),
                        |peer| server.accept(peer),
                        &limits,
                        |_| local,
                    );
                    (link.first(), link.second(), Box::new(link))
                }
                Link::Stream => {
                    let (client_end, server_end) = tokio::io::duplex(1 << 16);
                    let server = server.clone();
                    tokio::spawn(async move {
                        let (reader, writer) = tokio::io::split(server_end);
                        server.serve(reader, writer).await
                    });
                    let (reader, writer) = tokio::io::split(client_end);
                    let (remote, driver) =
                        stream::connect(reader, writer, &ConnectionLimits::for_client(), |_| local);
                    tokio::spawn(driver.run(futures::stream::pending()));
                    (Peer::new(remote), Peer::none(), Box::new(()))
                }
            };
        let client = Self {
            to_server,
            from_server,
            revision,
            capabilities,
            answers,
            asked,
            rounds: Mutex::default(),
            last_id: AtomicI64::new(0),
            principal: None,
            _open: open,
        };
        if !client.is_modern() {
            let params = initialize_params(revision.as_str(), client.capabilities.clone());
            client.once("initialize", params).await.unwrap();
            client
                .to_server
                .notify(Notification::new("notifications/initialized", JsonBytes::empty_object()))
                .await;
        }
        client
    }

    pub(crate) fn principal(mut self, id: &str) -> Self {
        self.principal = Some(Principal::new(id));
        self
    }

    pub(crate) fn is_modern(&self) -> bool {
        self.revision == Revision::V2026_07_28
    }

    /// Sends one request.
    pub(crate) async fn once(
        &self,
        method: &'static str,
        mut params: Value,
    ) -> Result<Value, ErrorObject> {
        if self.is_modern() {
            add_modern_meta(&mut params, &self.capabilities);
        }
        let id = RequestId::Number(self.last_id.fetch_add(1, Ordering::Relaxed) + 1);
        let mut request = Request::new(id, method, JsonBytes::new(&params).unwrap())
            .with_peer(self.from_server.clone());
        if let Some(principal) = &self.principal {
            request.extensions.insert(principal.clone());
        }
        match self.to_server.call(request).await {
            Ok(result) => Ok(result.parse().unwrap()),
            Err(mcp_core::service::CallError::Peer(error)) => Err(error),
            Err(other) => panic!("{other}"),
        }
    }

    /// Returns the answers to the questions of a round.
    pub(crate) fn answer(&self, round: &Value) -> Value {
        let requests = round["inputRequests"].as_object().cloned().unwrap_or_default();
        self.rounds.lock().unwrap().push(requests.keys().cloned().collect());
        let answer = |(key, request): (String, Value)| {
            let method = request["method"].as_str().unwrap();
            self.asked.lock().unwrap().push((method.to_owned(), request["params"].clone()));
            (key, (self.answers)(method, &request["params"]))
        };
        Value::Object(requests.into_iter().map(answer).collect())
    }

    /// Sends a request and repeats it for all its rounds.
    pub(crate) async fn request(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<Value, ErrorObject> {
        let mut next = params.clone();
        loop {
            let result = self.once(method, next).await?;
            if result["resultType"] != "input_required" {
                return Ok(result);
            }
            assert!(self.is_modern());
            next = params.clone();
            next["inputResponses"] = self.answer(&result);
            next["requestState"] = result["requestState"].clone();
        }
    }

    pub(crate) async fn tool(&self, name: &str, arguments: Value) -> Result<Value, ErrorObject> {
        self.request("tools/call", json!({ "name": name, "arguments": arguments })).await
    }

    /// Returns the text of a tool's result.
    pub(crate) async fn text(&self, name: &str, arguments: Value) -> String {
        text_of(&self.tool(name, arguments).await.unwrap()).to_owned()
    }

    /// Returns the number of questions so far.
    pub(crate) fn questions(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

pub(crate) fn accept(content: Value) -> Value {
    json!({ "action": "accept", "content": content })
}

/// Runs a test on every link, in every revision.
pub(crate) async fn everywhere<F: Future<Output = ()>>(test: impl Fn(Link, Revision) -> F) {
    for link in [Link::Memory, Link::Stream] {
        for revision in REVISIONS {
            test(link, revision).await;
        }
    }
}

/// Connects a modern client in memory that answers every question with an empty object.
pub(crate) async fn modern(server: ServerBuilder) -> Client {
    Client::open(server, Link::Memory, Revision::V2026_07_28, |_, _| json!({})).await
}
