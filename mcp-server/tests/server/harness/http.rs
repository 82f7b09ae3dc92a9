//! Over HTTP without a socket: a request is a POST to the service, and cancelling it drops the
//! response of a modern one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use mcp_server::Server;
use mcp_server::http::{HttpBody, HttpService};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tower_service::Service as _;

use super::client::{Answered, Failure, Inbox, Told, Wire};

pub struct Http {
    shared: Arc<Shared>,
    running: Mutex<HashMap<Value, AbortHandle>>,
}

struct Shared {
    service: HttpService,
    /// Notifications are those of the modern era, which the headers say.
    is_modern: bool,
    inbox: Inbox,
    session: Mutex<Session>,
}

/// What the client of a session sends with each request.
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
    fn request(&self, id: Value, method: &str, params: Value) -> oneshot::Receiver<Answered> {
        let (sender, answer) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let task = tokio::spawn(async move {
            if let Some(answered) = shared.call(&message).await {
                let _ = sender.send(answered);
            }
        });
        self.running.lock().unwrap().insert(id, task.abort_handle());
        answer
    }

    fn notify(&self, method: &str, params: Value) {
        let message = json!({"jsonrpc": "2.0", "method": method, "params": params});
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
            let request = head(Method::DELETE).header("mcp-session-id", id);
            let request = request.body(Full::<Bytes>::default());
            let mut service = self.shared.service.clone();
            tokio::spawn(async move { drop(service.call(request.unwrap()).await) });
        }
    }
}

fn head(method: Method) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
}

impl Shared {
    /// The answer to a request; none when the response ends without one.
    async fn call(self: &Arc<Self>, message: &Value) -> Option<Answered> {
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
        let mut request = head(Method::POST);
        let params = &message["params"];
        let version = &params["_meta"]["io.modelcontextprotocol/protocolVersion"];
        let is_modern = version.is_string();
        if let Some(version) = version.as_str() {
            request = request.header("mcp-protocol-version", version);
            if let Some(method) = message["method"].as_str() {
                request = request.header("mcp-method", method);
            }
            let is_named = ["tools/call", "prompts/get", "resources/read"]
                .iter()
                .any(|method| message["method"] == *method);
            let name = params.get("name").or_else(|| params.get("uri"));
            if let (true, Some(name)) = (is_named, name.and_then(Value::as_str)) {
                request = request.header("mcp-name", mcp_core::http::encode_value(name).as_ref());
            }
        }
        if self.is_modern && message.get("id").is_none() {
            request = request.header("mcp-protocol-version", "2026-07-28");
            request = request.header("mcp-method", message["method"].as_str().unwrap());
        } else if !is_modern {
            let session = self.session.lock().unwrap();
            if let Some(id) = &session.id {
                request = request.header("mcp-session-id", id);
            }
            if let Some(revision) = &session.revision {
                request = request.header("mcp-protocol-version", revision);
            }
        }
        let request = request.body(Full::<Bytes>::from(message.to_string())).unwrap();
        self.service.clone().call(request).await.unwrap()
    }

    fn begin_session(self: &Arc<Self>, headers: &HeaderMap, result: &Value) {
        let Some(id) = headers.get("mcp-session-id") else { return };
        let mut session = self.session.lock().unwrap();
        session.id = Some(id.to_str().unwrap().to_owned());
        session.revision = result["protocolVersion"].as_str().map(str::to_owned);
        let request = head(Method::GET).header("mcp-session-id", id);
        let request = request
            .header("mcp-protocol-version", session.revision.as_deref().unwrap())
            .body(Full::<Bytes>::default())
            .unwrap();
        let shared = Arc::clone(self);
        let stream = tokio::spawn(async move {
            let response = shared.service.clone().call(request).await.unwrap();
            drop(shared.read(response.into_body(), None).await);
        });
        session.stream = Some(stream.abort_handle());
    }

    /// Reads a response to its end, or to the answer to the request `id`.
    async fn read(self: &Arc<Self>, mut body: HttpBody, id: Option<&Value>) -> Option<Answered> {
        let mut text = Vec::new();
        while let Some(frame) = body.frame().await {
            text.extend_from_slice(&frame.unwrap().into_data().unwrap_or_default());
            while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = text.drain(..end + 2).collect();
                let event = String::from_utf8(event).unwrap();
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                if let Some(data) = data.filter(|data| !data.is_empty())
                    && let Some(answered) = self.take(&serde_json::from_str(data).unwrap(), id)
                {
                    return Some(answered);
                }
            }
        }
        let message = serde_json::from_slice(&text).ok()?;
        self.take(&message, id)
    }

    /// A message of the server: the answer to the request `id`, or something else.
    fn take(self: &Arc<Self>, message: &Value, id: Option<&Value>) -> Option<Answered> {
        let Some(method) = message["method"].as_str() else {
            if id.is_some() {
                return Some(outcome(message));
            }
            let told = Told { method: "(stray answer)".into(), params: message.clone() };
            let _ = self.inbox.told.send(told);
            return None;
        };
        let params = message.get("params").cloned().unwrap_or_else(|| json!({}));
        let answer = message.get("id").and_then(|_| (self.inbox.answerer)(method, &params));
        let _ = self.inbox.told.send(Told { method: method.to_owned(), params });
        let answer = match answer? {
            Ok(result) => json!({"jsonrpc": "2.0", "id": message["id"], "result": result}),
            Err(Failure { code, message: text, data }) => {
                let error = json!({"code": code, "message": text, "data": data});
                json!({"jsonrpc": "2.0", "id": message["id"], "error": error})
            }
        };
        let shared = Arc::clone(self);
        tokio::spawn(async move { drop(shared.post(&answer).await) });
        None
    }
}

fn outcome(message: &Value) -> Answered {
    match message.get("error") {
        None => Ok(message["result"].clone()),
        Some(error) => Err(Failure {
            code: error["code"].as_i64().expect("a code"),
            message: error["message"].as_str().expect("a message").to_owned(),
            data: error.get("data").cloned(),
        }),
    }
}
