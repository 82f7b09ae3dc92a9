//! HTTP without a socket: a request is a POST to the service. Cancelling a modern request drops its
//! response.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;
use mcp_server::Server;
use mcp_server::http::{HttpBody, HttpService};
use mcp_test_support::http::{Call, data};
use mcp_test_support::message::{self, MODERN};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::client::{Inbox, Outcome, Received, Wire, outcome, response};

pub struct Http {
    shared: Arc<Shared>,
    running: Mutex<HashMap<Value, AbortHandle>>,
}

struct Shared {
    service: HttpService,
    /// Whether notifications have the headers of the modern era.
    is_modern: bool,
    inbox: Inbox,
    session: Mutex<Session>,
}

/// The headers that the client of a session sends with each request.
#[derive(Default)]
struct Session {
    id: Option<String>,
    revision: Option<String>,
    /// The task that reads the stream of the session.
    stream: Option<AbortHandle>,
}

pub fn open(server: &Server, is_modern: bool, inbox: Inbox) -> Http {
    let service = server.clone().into_service();
    let shared = Arc::new(Shared { service, is_modern, inbox, session: Mutex::default() });
    Http { shared, running: Mutex::default() }
}

impl Wire for Http {
    fn request(&self, id: Value, method: &str, params: Value) -> oneshot::Receiver<Outcome> {
        let (sender, answer) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let message = message::request(id.clone(), method, params);
        let task = tokio::spawn(async move {
            if let Some(answered) = shared.call(&message).await {
                let _ = sender.send(answered);
            }
        });
        self.running.lock().unwrap().insert(id, task.abort_handle());
        answer
    }

    fn notify(&self, method: &str, params: Value) {
        let message = message::notification(method, params);
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move { drop(shared.post(&message).await) });
    }

    fn cancel(&self, id: &Value) {
        if self.shared.session.lock().unwrap().id.is_some() {
            self.notify("notifications/cancelled", json!({"requestId": id, "reason": "the test"}));
        } else if let Some(task) = self.running.lock().unwrap().remove(id) {
            task.abort();
        }
    }

    fn close(&self) {
        for (_, task) in self.running.lock().unwrap().drain() {
            task.abort();
        }
        let session = std::mem::take(&mut *self.shared.session.lock().unwrap());
        if let Some(stream) = &session.stream {
            stream.abort();
        }
        if let Some(id) = session.id {
            let request = Call::empty(Method::DELETE).header("mcp-session-id", id);
            let service = self.shared.service.clone();
            tokio::spawn(async move { drop(request.begin(&service).await) });
        }
    }
}

impl Shared {
    /// Sends a request; `None` if the response ends without an answer.
    async fn call(self: &Arc<Self>, message: &Value) -> Option<Outcome> {
        let response = self.post(message).await;
        if message["method"] == "initialize" {
            let headers = response.headers().clone();
            let answered = self.read(response.into_body(), message.get("id")).await;
            if let Some(Ok(result)) = &answered {
                self.begin_session(&headers, result);
            }
            return answered;
        }
        self.read(response.into_body(), message.get("id")).await
    }

    async fn post(&self, message: &Value) -> http::Response<HttpBody> {
        let mut request = Call::of(message);
        let version = &message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
        if version.is_string() {
            if let Some(name) = request.get("mcp-name") {
                let name = mcp_core::http::encode_value(str::from_utf8(name).unwrap()).into_owned();
                request = request.header("mcp-name", name);
            }
        } else if self.is_modern && message.get("id").is_none() {
            request = request.header("mcp-protocol-version", MODERN);
            request = request.header("mcp-method", message["method"].as_str().unwrap());
        } else {
            let session = self.session.lock().unwrap();
            for (name, value) in
                [("mcp-session-id", &session.id), ("mcp-protocol-version", &session.revision)]
            {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
        }
        request.begin(&self.service).await
    }

    fn begin_session(self: &Arc<Self>, headers: &HeaderMap, result: &Value) {
        let Some(id) = headers.get("mcp-session-id") else { return };
        let mut session = self.session.lock().unwrap();
        session.id = Some(id.to_str().unwrap().to_owned());
        session.revision = result["protocolVersion"].as_str().map(str::to_owned);
        let request = Call::empty(Method::GET)
            .header("accept", "text/event-stream")
            .header("mcp-session-id", id)
            .header("mcp-protocol-version", session.revision.as_deref().unwrap());
        let shared = Arc::clone(self);
        let stream = tokio::spawn(async move {
            let response = request.begin(&shared.service).await;
            drop(shared.read(response.into_body(), None).await);
        });
        session.stream = Some(stream.abort_handle());
    }

    /// Reads a response until its end, or until the answer to the request `id`.
    async fn read(self: &Arc<Self>, mut body: HttpBody, id: Option<&Value>) -> Option<Outcome> {
        let mut text = Vec::new();
        while let Some(frame) = body.frame().await {
            text.extend_from_slice(&frame.unwrap().into_data().unwrap_or_default());
            while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = text.drain(..end + 2).collect();
                let event = String::from_utf8(event).unwrap();
                if let Some(data) = data(&event).next().filter(|data| !data.is_empty())
                    && let Some(answered) = self.take(&serde_json::from_str(data).unwrap(), id)
                {
                    return Some(answered);
                }
            }
        }
        let message = serde_json::from_slice(&text).ok()?;
        self.take(&message, id)
    }

    /// Handles a message of the server: the answer to the request `id`, or something else.
    fn take(self: &Arc<Self>, message: &Value, id: Option<&Value>) -> Option<Outcome> {
        let Some(method) = message["method"].as_str() else {
            if id.is_some() {
                return Some(outcome(message));
            }
            let received = Received { method: "(stray answer)".into(), params: message.clone() };
            let _ = self.inbox.received.send(received);
            return None;
        };
        let params = message.get("params").cloned().unwrap_or_else(|| json!({}));
        let answer = message.get("id").and_then(|_| (self.inbox.request_handler)(method, &params));
        let _ = self.inbox.received.send(Received { method: method.to_owned(), params });
        let answer = response(&message["id"], answer?);
        let shared = Arc::clone(self);
        tokio::spawn(async move { drop(shared.post(&answer).await) });
        None
    }
}
