//! A server with a tool for every need, and a client that speaks HTTP to it without a socket.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use mcp_core::codec::sse::{Event, EventDecoder};
use mcp_server::http::{HttpBody, HttpOptions, HttpService};
use mcp_server::input::KeyRing;
use mcp_server::store::Stores;
use mcp_server::types::LoggingLevel;
use mcp_server::types::{ElicitParams, ElicitSchema, StringSchema};
use mcp_server::{Context, Principal, Server, ServerHandle, tools};
use mcp_test_support::http::Call;
use mcp_test_support::message::{self, result_of, text_of};
use serde_json::{Value, json};
use tower_service::Service as _;

/// What the tools of the server did.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) finished: AtomicUsize,
    pub(super) dropped: AtomicUsize,
    lines: Mutex<Vec<String>>,
}

impl Log {
    pub(super) fn finished(&self) -> usize {
        self.finished.load(Ordering::SeqCst)
    }

    /// What handlers left behind.
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    pub(super) fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }
}

struct Tools(Arc<Log>);

#[tools]
impl Tools {
    /// Gives the text back.
    #[tool]
    fn echo(&self, text: String) -> String {
        text
    }

    /// Gives the text back after it said something.
    #[tool]
    async fn echo_loudly(&self, ctx: &Context, text: String) -> String {
        ctx.log(LoggingLevel::Warning, "loud").await;
        text
    }

    /// Sleeps for some milliseconds.
    #[tool]
    async fn slow(&self, ms: u64) -> String {
        let mut guard = CountDrop { log: Arc::clone(&self.0), armed: true };
        tokio::time::sleep(Duration::from_millis(ms)).await;
        guard.armed = false;
        self.0.finished.fetch_add(1, Ordering::SeqCst);
        format!("slept {ms} ms")
    }

    /// Logs as many messages as asked for, a second apart.
    #[tool]
    async fn count(&self, ctx: &Context, to: u64) -> String {
        for number in 1..=to {
            ctx.log(LoggingLevel::Warning, number).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        format!("counted to {to}")
    }

    /// Logs as many messages as asked for, at once.
    #[tool]
    async fn burst(&self, ctx: &Context, to: u64) -> String {
        for number in 1..=to {
            ctx.log(LoggingLevel::Warning, number).await;
        }
        format!("counted to {to}")
    }

    /// Asks for a name.
    #[tool]
    async fn ask(&self, ctx: &Context, question: String) -> String {
        let form = ElicitSchema::new().required_field("name", StringSchema::new());
        match ctx.elicit_with(ElicitParams::form(question, form)).await {
            Ok(answer) => format!("name {}", answer.content.unwrap_or_default()["name"]),
            Err(error) => error.to_string(),
        }
    }

    /// Sends the client away and answers later.
    #[tool]
    async fn poll_me(&self, ctx: &Context) -> String {
        let closed = ctx.close_stream(Duration::from_millis(50));
        tokio::time::sleep(Duration::from_secs(1)).await;
        format!("closed {closed}")
    }

    /// Leaves something behind that logs once the call is over.
    #[tool]
    fn linger(&self, ctx: &Context) -> String {
        let ctx = ctx.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            ctx.log(LoggingLevel::Warning, "late").await;
        });
        "left something behind".into()
    }

    /// Leaves something behind that asks once the call is over.
    #[tool]
    fn ask_later(&self, ctx: &Context) -> String {
        let (ctx, log) = (ctx.clone(), Arc::clone(&self.0));
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let form = ElicitSchema::new().required_field("name", StringSchema::new());
            let outcome = ctx.elicit_with(ElicitParams::form("late?", form)).await;
            let line = outcome.map_or_else(|error| error.to_string(), |_| "answered".into());
            log.lines.lock().unwrap().push(line);
        });
        "left something behind".into()
    }

    /// Says something, and then much.
    #[tool]
    async fn large(&self, ctx: &Context, kib: usize) -> String {
        ctx.log(LoggingLevel::Warning, "first").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        "x".repeat(kib << 10)
    }

    /// The `User-Agent` of the request.
    #[tool]
    fn agent(&self, ctx: &Context) -> String {
        let request = ctx.http_request().unwrap();
        let agent = request.headers.get("user-agent").map(|agent| agent.to_str().unwrap());
        agent.unwrap_or("none").to_owned()
    }

    /// Who calls.
    #[tool]
    fn whoami(&self, ctx: &Context) -> String {
        ctx.principal().map_or("anonymous", Principal::id).to_owned()
    }
}

struct CountDrop {
    log: Arc<Log>,
    armed: bool,
}

impl Drop for CountDrop {
    fn drop(&mut self) {
        if self.armed {
            self.log.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// A server, and what its tools did.
pub(super) struct Host {
    pub(super) service: HttpService,
    pub(super) handle: ServerHandle,
    pub(super) log: Arc<Log>,
}

impl Host {
    pub(super) fn new() -> Self {
        Self::with(HttpOptions::new(), mcp_server::Limits::new())
    }

    pub(super) fn with(options: HttpOptions, limits: mcp_server::Limits) -> Self {
        Self::sharing(Stores::new(), options, limits)
    }

    /// A server that keeps sessions in these stores.
    pub(super) fn sharing(
        stores: Stores,
        options: HttpOptions,
        mut limits: mcp_server::Limits,
    ) -> Self {
        limits.min_log_interval = Duration::ZERO; // The tests fill streams with log messages.
        let log = Arc::<Log>::default();
        let server = Server::builder("host", "1.0.0")
            .with(Tools(Arc::clone(&log)))
            .resources([])
            .limits(limits)
            .stores(stores)
            .state_keys(KeyRing::new("0123456789abcdef0123456789abcdef").unwrap());
        let handle = server.handle();
        let service = server.build().unwrap().into_service_with(options);
        Self { service, handle, log }
    }

    /// A client that has not said anything yet.
    pub(super) fn client(&self) -> Client {
        Client::of(&self.service)
    }

    /// A client with a session of this revision.
    pub(super) async fn session(&self, revision: &str) -> Client {
        let mut client = self.client();
        client.initialize(revision).await;
        client
    }
}

#[derive(Clone)]
pub(super) struct Client {
    service: HttpService,
    pub(super) session: Option<String>,
    pub(super) version: Option<String>,
    pub(super) principal: Option<Principal>,
}

impl Client {
    pub(super) fn of(service: &HttpService) -> Self {
        Self { service: service.clone(), session: None, version: None, principal: None }
    }

    /// The same client, as a load balancer leads it to another instance.
    pub(super) fn at(&self, host: &Host) -> Self {
        Self { service: host.service.clone(), ..self.clone() }
    }

    pub(super) async fn initialize(&mut self, revision: &str) {
        let answer = self.post(initialize(revision)).await;
        assert_eq!(answer.status, StatusCode::OK);
        self.session = answer.header("mcp-session-id");
        assert_eq!(answer.json().await["result"]["protocolVersion"], revision);
        let note = message::notification("notifications/initialized", json!({}));
        assert_eq!(self.post(note).await.status, StatusCode::ACCEPTED);
    }

    pub(super) async fn post(&self, message: Value) -> Answer {
        self.send(Method::POST, &[], message.to_string()).await
    }

    pub(super) async fn call(&self, id: impl Into<Value>, tool: &str, arguments: Value) -> Answer {
        self.post(message::call(id, tool, arguments)).await
    }

    pub(super) async fn get(&self) -> Answer {
        self.send(Method::GET, &[], String::new()).await
    }

    pub(super) async fn resume(&self, last: &str) -> Answer {
        self.send(Method::GET, &[("last-event-id", last)], String::new()).await
    }

    pub(super) async fn delete(&self) -> Answer {
        self.send(Method::DELETE, &[], String::new()).await
    }

    pub(super) async fn send(
        &self,
        method: Method,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        self.send_to("/mcp", method, headers, body).await
    }

    pub(super) async fn send_to(
        &self,
        uri: &str,
        method: Method,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let accept = match method {
            Method::GET => "text/event-stream",
            _ => "application/json, text/event-stream",
        };
        let mut call = Call::empty(method.clone()).header("accept", accept).body(body);
        call.uri = uri.to_owned();
        if method == Method::POST {
            call = call.header("content-type", "application/json");
        }
        if let Some(session) = &self.session {
            call = call.header("mcp-session-id", session);
        }
        if let Some(version) = &self.version {
            call = call.header("mcp-protocol-version", version);
        }
        if headers.iter().any(|(name, _)| *name == "accept") {
            call = call.without("accept"); // The test sets its own.
        }
        for (name, value) in headers {
            call = call.and(name, value);
        }
        let mut request = call.request();
        if let Some(principal) = &self.principal {
            request.extensions_mut().insert(principal.clone());
        }
        let (head, body) = self.service.clone().call(request).await.unwrap().into_parts();
        let decoder = EventDecoder::new(16 << 20);
        let began = tokio::time::Instant::now();
        Answer { status: head.status, headers: head.headers, body, decoder, began }
    }
}

pub(super) fn initialize(revision: &str) -> Value {
    message::initialize(revision, json!({"elicitation": {}}))
}

/// A response. Dropping it is what a client does that loses its connection.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: HttpBody,
    decoder: EventDecoder,
    began: tokio::time::Instant,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    pub(super) fn is_stream(&self) -> bool {
        self.header("content-type").as_deref() == Some("text/event-stream")
    }

    pub(super) async fn chunk(&mut self) -> Option<Bytes> {
        // Keep-alives would make a test that waits for nothing wait without end.
        assert!(self.began.elapsed() < Duration::from_secs(7_200), "nothing but keep-alives");
        self.body.frame().await?.unwrap().into_data().ok()
    }

    pub(super) async fn text(mut self) -> String {
        let mut text = Vec::new();
        while let Some(chunk) = self.chunk().await {
            text.extend_from_slice(&chunk);
        }
        String::from_utf8(text).unwrap()
    }

    pub(super) async fn json(self) -> Value {
        assert_eq!(self.header("content-type").as_deref(), Some("application/json"));
        serde_json::from_str(&self.text().await).unwrap()
    }

    /// The next event, those without data included; none at the end.
    pub(super) async fn event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.decoder.next_event().unwrap() {
                return Some(event);
            }
            let chunk = self.chunk().await?;
            self.decoder.push(&chunk);
        }
    }

    /// The next message, with its event id.
    pub(super) async fn message(&mut self) -> Option<(String, Value)> {
        loop {
            let event = self.event().await?;
            if !event.data.is_empty() {
                return Some((
                    event.id.unwrap_or_default(),
                    serde_json::from_slice(&event.data).unwrap(),
                ));
            }
        }
    }

    /// All messages to the end.
    pub(super) async fn messages(mut self) -> Vec<Value> {
        let mut messages = Vec::new();
        while let Some((_, message)) = self.message().await {
            messages.push(message);
        }
        messages
    }

    /// The text of a tool's result, whichever way it comes.
    pub(super) async fn tool_text(self) -> String {
        let message = match self.is_stream() {
            true => self.messages().await.pop().unwrap(),
            false => self.json().await,
        };
        text_of(result_of(&message)).to_owned()
    }
}
