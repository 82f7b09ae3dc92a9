//! The client, with JSON requests and results on every transport.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use mcp_server::{Revision, ServeError, Server};
use mcp_test_support::message::{self, add_modern_meta, initialize_params, text_of};
use mcp_test_support::{settle, within_an_hour};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc, oneshot};

#[cfg(feature = "http")]
use super::{MODERN, http};
use super::{Transport, memory, stream};

/// An error from the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub code: i64,
    pub message: String,
    pub data: Option<Value>,
}

impl Failure {
    /// Asserts that the error is −32603 and reveals only a correlation id, by which the log names
    /// the reason.
    #[track_caller]
    pub fn expect_internal(&self) {
        assert_eq!((self.code, &*self.message), (-32603, "internal error"));
        let data = self.data.as_ref().and_then(Value::as_object).expect("data");
        let keys: Vec<_> = data.keys().collect();
        assert_eq!(keys, ["correlationId"]);
        assert!(data["correlationId"].as_str().is_some_and(|id| !id.is_empty()));
    }
}

/// The outcome of a request.
pub type Outcome = Result<Value, Failure>;

/// Returns the outcome in a response.
pub fn outcome(response: &Value) -> Outcome {
    match response.get("error") {
        None => Ok(response["result"].clone()),
        Some(error) => Err(Failure {
            code: error["code"].as_i64().expect("a code"),
            message: error["message"].as_str().expect("a message").to_owned(),
            data: error.get("data").cloned(),
        }),
    }
}

/// Creates the response to a request of the server.
pub fn response(id: &Value, outcome: Outcome) -> Value {
    match outcome {
        Ok(result) => message::response(id, result),
        Err(Failure { code, message, data }) => {
            message::error(id, code, &message, data.unwrap_or_default())
        }
    }
}

/// Answers the requests of the server.
pub type RequestHandler = Arc<dyn Fn(&str, &Value) -> Option<Outcome> + Send + Sync>;

/// The client's side of a transport.
pub trait Wire: Send + Sync {
    /// Sends a request; the answer arrives on the channel, or the channel closes.
    fn request(&self, id: Value, method: &str, params: Value) -> oneshot::Receiver<Outcome>;
    fn notify(&self, method: &str, params: Value);
    /// Cancels a request as the transport does it.
    fn cancel(&self, id: &Value);
    /// Closes the client's side.
    fn close(&self);
}

/// A request or notification from the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    pub method: String,
    pub params: Value,
}

/// Receives what the server sends.
#[derive(Clone)]
pub struct Inbox {
    pub received: mpsc::UnboundedSender<Received>,
    pub request_handler: RequestHandler,
}

/// The settings of a client, except its transport and revision.
#[derive(Clone)]
pub struct Setup {
    pub capabilities: Value,
    request_handler: RequestHandler,
    /// The capacity of the pipe of a stream, in bytes.
    pub pipe: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self { capabilities: json!({}), request_handler: Arc::new(|_, _| None), pipe: 1 << 20 }
    }
}

impl Setup {
    pub fn capabilities(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Sets the answers to the server's requests; `None` leaves a request unanswered.
    pub fn answers(
        mut self,
        answer: impl Fn(&str, &Value) -> Option<Outcome> + Send + Sync + 'static,
    ) -> Self {
        self.request_handler = Arc::new(answer);
        self
    }

    /// Opens a connection without the handshake.
    pub fn open(self, server: &Server, transport: Transport, revision: Revision) -> Client {
        let (received, inbox) = mpsc::unbounded_channel();
        let Self { capabilities, request_handler, pipe } = self;
        let inward = Inbox { received, request_handler };
        #[cfg(feature = "http")]
        let is_modern = MODERN.contains(&revision);
        let (stop, served, wire): (_, _, Box<dyn Wire>) = match transport {
            Transport::Stream => {
                let (wire, stop, served) = stream::open(server, pipe, inward);
                (Some(stop), Some(served), Box::new(wire))
            }
            Transport::Memory => (None, None, Box::new(memory::open(server, inward))),
            #[cfg(feature = "http")]
            Transport::Http => (None, None, Box::new(http::open(server, is_modern, inward))),
        };
        Client {
            transport,
            revision,
            capabilities,
            wire,
            last_id: AtomicI64::new(1_000),
            inbox: Mutex::new((inbox, VecDeque::new())),
            stop: std::sync::Mutex::new(stop),
            served: Mutex::new(served),
        }
    }

    /// Opens a connection and performs the handshake if the revision has one.
    pub async fn connect(
        self,
        server: &Server,
        transport: Transport,
        revision: Revision,
    ) -> Client {
        let client = self.open(server, transport, revision);
        if client.is_legacy() {
            client.initialize().await.expect("the handshake succeeds");
        }
        client
    }
}

/// A raw JSON client.
pub struct Client {
    pub transport: Transport,
    pub revision: Revision,
    pub capabilities: Value,
    wire: Box<dyn Wire>,
    last_id: AtomicI64,
    inbox: Mutex<(mpsc::UnboundedReceiver<Received>, VecDeque<Received>)>,
    stop: std::sync::Mutex<Option<oneshot::Sender<()>>>,
    served: Mutex<Option<tokio::task::JoinHandle<Result<(), ServeError>>>>,
}

/// A request in flight.
pub struct Call {
    pub id: Value,
    answer: oneshot::Receiver<Outcome>,
}

impl Call {
    /// Waits for the answer. Panics if the request ends without one.
    pub async fn answer(self) -> Outcome {
        let id = self.id.clone();
        self.ended().await.unwrap_or_else(|| panic!("the request {id} ended without an answer"))
    }

    /// Waits for the answer; `None` if the request ends without one.
    pub async fn ended(self) -> Option<Outcome> {
        within_an_hour(&format!("the end of the request {}", self.id), self.answer).await.ok()
    }

    /// Whether the answer has arrived.
    pub fn is_answered(&mut self) -> bool {
        !matches!(self.answer.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }
}

impl Client {
    pub async fn connect(server: &Server, transport: Transport, revision: Revision) -> Self {
        Setup::default().connect(server, transport, revision).await
    }

    pub fn is_legacy(&self) -> bool {
        self.revision != Revision::V2026_07_28
    }

    pub async fn initialize(&self) -> Outcome {
        let params = initialize_params(self.revision.as_str(), self.capabilities.clone());
        let result = self.raw("initialize", params).await?;
        self.wire.notify("notifications/initialized", json!({}));
        Ok(result)
    }

    // ---- requests ----

    /// Sends a request, with the `_meta` that the revision needs.
    pub async fn request(&self, method: &str, params: Value) -> Outcome {
        self.start(method, params).answer().await
    }

    /// Sends a request that must succeed.
    pub async fn ok(&self, method: &str, params: Value) -> Value {
        self.request(method, params).await.unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    /// Sends a request that must fail.
    pub async fn err(&self, method: &str, params: Value) -> Failure {
        match self.request(method, params).await {
            Ok(result) => panic!("{method} returned {result}"),
            Err(error) => error,
        }
    }

    /// Calls a tool and returns its result.
    pub async fn tool(&self, name: &str, arguments: Value) -> Value {
        self.ok("tools/call", json!({"name": name, "arguments": arguments})).await
    }

    /// Calls a tool and returns the text of its first content block.
    pub async fn tool_text(&self, name: &str, arguments: Value) -> String {
        text_of(&self.tool(name, arguments).await).to_owned()
    }

    /// Starts a call of a tool.
    pub fn start_tool(&self, name: &str) -> Call {
        self.start("tools/call", json!({"name": name}))
    }

    /// Starts a request.
    pub fn start(&self, method: &str, params: Value) -> Call {
        self.start_as(self.next_id(), method, params)
    }

    /// Starts a request with an id.
    pub fn start_as(&self, id: Value, method: &str, params: Value) -> Call {
        let params = if self.is_legacy() { params } else { self.modern(params) };
        self.start_raw(id, method, params)
    }

    /// Sends a request without additions.
    pub async fn raw(&self, method: &str, params: Value) -> Outcome {
        self.start_raw(self.next_id(), method, params).answer().await
    }

    pub fn start_raw(&self, id: Value, method: &str, params: Value) -> Call {
        let answer = self.wire.request(id.clone(), method, params);
        Call { id, answer }
    }

    /// Adds the `_meta` of a modern request to parameters. Existing members stay.
    pub fn modern(&self, mut params: Value) -> Value {
        add_modern_meta(&mut params, &self.capabilities);
        params
    }

    fn next_id(&self) -> Value {
        json!(self.last_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub fn cancel(&self, call: &Call) {
        self.wire.cancel(&call.id);
    }

    pub fn notify(&self, method: &str, params: Value) {
        self.wire.notify(method, params);
    }

    // ---- requests and notifications from the server ----

    /// Waits for the next request or notification.
    pub async fn next_received(&self) -> Received {
        let mut inbox = self.inbox.lock().await;
        if let Some(stored) = inbox.1.pop_front() {
            return stored;
        }
        within_an_hour("a notification", inbox.0.recv())
            .await
            .expect("the connection ended before a notification")
    }

    /// Waits for the next request or notification, which must have this method.
    pub async fn receive(&self, method: &str) -> Value {
        let received = self.next_received().await;
        assert_eq!(received.method, method, "{}", received.params);
        received.params
    }

    /// Returns all requests and notifications that the server sends until all tasks are idle.
    pub async fn receive_all(&self) -> Vec<Received> {
        settle().await;
        let mut inbox = self.inbox.lock().await;
        let mut all: Vec<_> = std::mem::take(&mut inbox.1).into();
        while let Ok(received) = inbox.0.try_recv() {
            all.push(received);
        }
        all
    }

    // ---- shutdown ----

    /// Closes the client's side of the connection.
    pub fn close(&self) {
        self.wire.close();
    }

    /// Requests the server to stop (only streams).
    pub fn stop_server(&self) {
        let stop = self.stop.lock().unwrap().take().expect("a stream that is not stopped");
        let _ = stop.send(());
    }

    /// Waits for the result of serving (only streams).
    pub async fn served(&self) -> Result<(), ServeError> {
        let served = self.served.lock().await.take().expect("a stream whose result was not taken");
        within_an_hour("the end of the server", served).await.expect("the server does not panic")
    }
}
