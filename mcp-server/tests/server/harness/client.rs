//! The client: JSON in, JSON out, the same over every way.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use mcp_server::{Revision, ServeError, Server};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;

#[cfg(feature = "http")]
use super::{MODERN, http};
use super::{Way, memory, stream};

/// How long a client waits for anything. Paused clocks get there as soon as nothing else can
/// happen; it is longer than every limit of the server's own.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// An error that came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub code: i64,
    pub message: String,
    pub data: Option<Value>,
}

impl Failure {
    /// Holds the error to be −32603 that tells nothing but an id, by which the reason is found in
    /// the log.
    #[track_caller]
    pub fn expect_internal(&self) {
        assert_eq!((self.code, &*self.message), (-32603, "internal error"));
        let data = self.data.as_ref().and_then(Value::as_object).expect("data");
        let keys: Vec<_> = data.keys().collect();
        assert_eq!(keys, ["correlationId"]);
        assert!(data["correlationId"].as_str().is_some_and(|id| !id.is_empty()));
    }
}

/// What a request comes to: none when the connection ended without an answer.
pub type Answered = Result<Value, Failure>;

/// What a client answers the server's own requests with.
pub type Answerer = Arc<dyn Fn(&str, &Value) -> Option<Answered> + Send + Sync>;

/// The two ends that a way offers.
pub trait Wire: Send + Sync {
    /// Sends a request; the answer arrives on the channel, or the channel closes.
    fn request(&self, id: Value, method: &str, params: Value) -> oneshot::Receiver<Answered>;
    fn notify(&self, method: &str, params: Value);
    /// Cancels a request in the manner of the way.
    fn cancel(&self, id: &Value);
    /// Closes the client's side.
    fn close(&self);
}

/// What the server sent of its own accord.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub method: String,
    pub params: Value,
}

/// Where a way puts what the server sends.
#[derive(Clone)]
pub struct Inbox {
    pub told: mpsc::UnboundedSender<Told>,
    pub answerer: Answerer,
}

/// What a client is like, beyond its way and revision.
#[derive(Clone)]
pub struct Setup {
    pub capabilities: Value,
    answerer: Answerer,
    /// Bytes that fit between the two sides of a stream.
    pub pipe: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self { capabilities: json!({}), answerer: Arc::new(|_, _| None), pipe: 1 << 20 }
    }
}

impl Setup {
    pub fn capabilities(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Answers the server's requests; none leaves one without an answer.
    pub fn answers(
        mut self,
        answer: impl Fn(&str, &Value) -> Option<Answered> + Send + Sync + 'static,
    ) -> Self {
        self.answerer = Arc::new(answer);
        self
    }

    /// A client that has not said hello.
    pub fn open(self, server: &Server, way: Way, revision: Revision) -> Client {
        let (told, inbox) = mpsc::unbounded_channel();
        let Self { capabilities, answerer, pipe } = self;
        let inward = Inbox { told, answerer };
        #[cfg(feature = "http")]
        let is_modern = MODERN.contains(&revision);
        let (stop, served, wire): (_, _, Box<dyn Wire>) = match way {
            Way::Stream => {
                let (wire, stop, served) = stream::open(server, pipe, inward);
                (Some(stop), Some(served), Box::new(wire))
            }
            Way::Memory => (None, None, Box::new(memory::open(server, inward))),
            #[cfg(feature = "http")]
            Way::Http => (None, None, Box::new(http::open(server, is_modern, inward))),
        };
        Client {
            way,
            revision,
            capabilities,
            wire,
            last_id: AtomicI64::new(1_000),
            inbox: Mutex::new((inbox, VecDeque::new())),
            stop: std::sync::Mutex::new(stop),
            served: Mutex::new(served),
        }
    }

    /// A client that is ready to call: it has shaken hands where the revision wants it.
    pub async fn connect(self, server: &Server, way: Way, revision: Revision) -> Client {
        let client = self.open(server, way, revision);
        if client.is_legacy() {
            client.initialize().await.expect("the handshake");
        }
        client
    }
}

/// A client of raw JSON.
pub struct Client {
    pub way: Way,
    pub revision: Revision,
    pub capabilities: Value,
    wire: Box<dyn Wire>,
    last_id: AtomicI64,
    inbox: Mutex<(mpsc::UnboundedReceiver<Told>, VecDeque<Told>)>,
    stop: std::sync::Mutex<Option<oneshot::Sender<()>>>,
    served: Mutex<Option<tokio::task::JoinHandle<Result<(), ServeError>>>>,
}

/// A request that is on its way.
pub struct Call {
    pub id: Value,
    answer: oneshot::Receiver<Answered>,
}

impl Call {
    /// The answer; panics when none comes.
    pub async fn answer(self) -> Answered {
        let id = self.id.clone();
        self.ended().await.unwrap_or_else(|| panic!("the request {id} ended without an answer"))
    }

    /// The answer, or none when the request ends without one.
    pub async fn ended(self) -> Option<Answered> {
        match timeout(PATIENCE, self.answer).await {
            Ok(answer) => answer.ok(),
            Err(_) => panic!("the request {} is neither answered nor ended", self.id),
        }
    }

    /// Whether the answer is here already.
    pub fn is_answered(&mut self) -> bool {
        !matches!(self.answer.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }
}

impl Client {
    pub async fn connect(server: &Server, way: Way, revision: Revision) -> Self {
        Setup::default().connect(server, way, revision).await
    }

    pub fn is_legacy(&self) -> bool {
        self.revision != Revision::V2026_07_28
    }

    pub async fn initialize(&self) -> Answered {
        let params = json!({
            "protocolVersion": self.revision.as_str(),
            "capabilities": self.capabilities,
            "clientInfo": {"name": "test-client", "version": "0.0.1"},
        });
        let result = self.raw("initialize", params).await?;
        self.wire.notify("notifications/initialized", json!({}));
        Ok(result)
    }

    // ---- requests
    // ------------------------------------------------------------------------------------

    /// A request with what the revision wants in `_meta`.
    pub async fn request(&self, method: &str, params: Value) -> Answered {
        self.start(method, params).answer().await
    }

    /// A request that must succeed.
    pub async fn ok(&self, method: &str, params: Value) -> Value {
        self.request(method, params).await.unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    /// A request that must fail.
    pub async fn err(&self, method: &str, params: Value) -> Failure {
        match self.request(method, params).await {
            Ok(result) => panic!("{method} gave {result}"),
            Err(error) => error,
        }
    }

    /// A tool's result.
    pub async fn tool(&self, name: &str, arguments: Value) -> Value {
        self.ok("tools/call", json!({"name": name, "arguments": arguments})).await
    }

    /// The text of a tool's first block.
    pub async fn tool_text(&self, name: &str, arguments: Value) -> String {
        let result = self.tool(name, arguments).await;
        result["content"][0]["text"]
            .as_str()
            .unwrap_or_else(|| panic!("no text in {result}"))
            .to_owned()
    }

    /// Begins a call of a tool.
    pub fn start_tool(&self, name: &str) -> Call {
        self.start("tools/call", json!({"name": name}))
    }

    /// Begins a request.
    pub fn start(&self, method: &str, params: Value) -> Call {
        self.start_as(self.next_id(), method, params)
    }

    /// Begins a request with an id.
    pub fn start_as(&self, id: Value, method: &str, params: Value) -> Call {
        let params = if self.is_legacy() { params } else { self.modern(params) };
        self.start_raw(id, method, params)
    }

    /// A request as it is.
    pub async fn raw(&self, method: &str, params: Value) -> Answered {
        self.start_raw(self.next_id(), method, params).answer().await
    }

    pub fn start_raw(&self, id: Value, method: &str, params: Value) -> Call {
        let answer = self.wire.request(id.clone(), method, params);
        Call { id, answer }
    }

    /// Parameters with the `_meta` of a modern request; what is there already stays.
    pub fn modern(&self, mut params: Value) -> Value {
        let meta =
            params.as_object_mut().expect("parameters").entry("_meta").or_insert_with(|| json!({}));
        let meta = meta.as_object_mut().expect("_meta");
        for (key, value) in [
            ("protocolVersion", json!(Revision::V2026_07_28.as_str())),
            ("clientCapabilities", self.capabilities.clone()),
            ("clientInfo", json!({"name": "test-client", "version": "0.0.1"})),
        ] {
            meta.entry(format!("io.modelcontextprotocol/{key}")).or_insert(value);
        }
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

    // ---- what the server says
    // ------------------------------------------------------------------------

    /// The next notification.
    pub async fn told(&self) -> Told {
        let mut inbox = self.inbox.lock().await;
        if let Some(kept) = inbox.1.pop_front() {
            return kept;
        }
        match timeout(PATIENCE, inbox.0.recv()).await {
            Ok(Some(told)) => told,
            Ok(None) => panic!("the connection ended while a notification was awaited"),
            Err(_) => panic!("a notification was awaited in vain"),
        }
    }

    /// The next notification, which must be of this method.
    pub async fn told_of(&self, method: &str) -> Value {
        let told = self.told().await;
        assert_eq!(told.method, method, "{}", told.params);
        told.params
    }

    /// Lets everything settle: whatever the server has to say now is here afterwards.
    pub async fn settle(&self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    /// Everything that the server says without being asked, until nothing more happens.
    pub async fn all_told(&self) -> Vec<Told> {
        self.settle().await;
        let mut inbox = self.inbox.lock().await;
        let mut all: Vec<_> = std::mem::take(&mut inbox.1).into();
        while let Ok(told) = inbox.0.try_recv() {
            all.push(told);
        }
        all
    }

    // ---- the end
    // -------------------------------------------------------------------------------------

    /// Closes the client's side of the connection.
    pub fn close(&self) {
        self.wire.close();
    }

    /// Asks the server to stop (streams alone).
    pub fn stop_server(&self) {
        let stop = self.stop.lock().unwrap().take().expect("a stream, and not stopped yet");
        let _ = stop.send(());
    }

    /// What serving came to (streams alone).
    pub async fn served(&self) -> Result<(), ServeError> {
        let served = self.served.lock().await.take().expect("a stream, and asked once");
        timeout(PATIENCE, served)
            .await
            .expect("the server ends")
            .expect("the server does not panic")
    }
}
