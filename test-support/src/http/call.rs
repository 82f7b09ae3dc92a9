//! A request to a server.

use std::fmt::Debug;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::Full;
use serde_json::{Value, json};
use tower_service::Service;

use super::Answer;
use crate::message::{add_modern_meta, request};

/// A request: what a correct client sends, until a test changes it.
#[derive(Debug, Clone)]
pub struct Call {
    /// The header fields, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The HTTP method.
    pub method: Method,
    /// The request target.
    pub uri: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Call {
    /// Creates a modern request, with the id 1. `_meta` is added, with the lowest log level.
    #[must_use]
    pub fn new(method: &str, mut params: Value) -> Self {
        params["_meta"]["io.modelcontextprotocol/logLevel"] = "debug".into();
        add_modern_meta(&mut params, &json!({}));
        Self::of(&request(1, method, params))
    }

    /// Creates a modern call of a tool.
    #[must_use]
    pub fn tool(name: &str, arguments: Value) -> Self {
        Self::new("tools/call", json!({"name": name, "arguments": arguments}))
    }

    /// Creates the POST of a message, with the header fields that a modern one needs.
    #[must_use]
    pub fn of(message: &Value) -> Self {
        let (post, params) = (Self::raw(message), &message["params"]);
        let version = &params["_meta"]["io.modelcontextprotocol/protocolVersion"];
        let (Some(version), Some(method)) = (version.as_str(), message["method"].as_str()) else {
            return post;
        };
        let post = post.header("mcp-protocol-version", version).header("mcp-method", method);
        let name = match method {
            "tools/call" | "prompts/get" => params["name"].as_str(),
            "resources/read" => params["uri"].as_str(),
            "tasks/get" | "tasks/update" | "tasks/cancel" => params["taskId"].as_str(),
            _ => None,
        };
        match name {
            Some(name) => post.header("mcp-name", name),
            None => post,
        }
    }

    /// Creates the POST of a body, with the header fields of HTTP alone.
    #[must_use]
    pub fn raw(body: &Value) -> Self {
        Self::empty(Method::POST)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(body.to_string())
    }

    /// Creates a request without a body.
    #[must_use]
    pub fn empty(method: Method) -> Self {
        Self { headers: Vec::new(), method, uri: "/mcp".into(), body: Vec::new() }
            .header("host", "localhost")
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Returns a header field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.headers.iter().filter(|(other, _)| other == name);
        fields.next().map(|(_, value)| &value[..])
    }

    /// Sets a header field.
    #[must_use]
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).and(name, value)
    }

    /// Adds a header field.
    #[must_use]
    pub fn and(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    /// Removes a header field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    /// Returns the request.
    ///
    /// # Panics
    /// If it is not valid HTTP.
    #[must_use]
    pub fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(self.method.clone()).uri(&self.uri);
        for (name, value) in &self.headers {
            request = request.header(name, &value[..]);
        }
        request.body(Full::from(self.body.clone())).expect("a valid request")
    }

    /// Sends the request to a service. Returns the response with an unread body.
    ///
    /// # Panics
    /// If the service fails.
    pub async fn begin<S, B>(&self, service: &S) -> Response<B>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Debug> + Clone,
    {
        service.clone().call(self.request()).await.expect("a response")
    }

    /// Sends the request to a service, and reads the response to its end.
    ///
    /// # Panics
    /// If the service or the body fails.
    pub async fn send<S, B>(&self, service: &S) -> Answer
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Debug> + Clone,
        B: Body<Error: Debug>,
    {
        Answer::read(self.begin(service).await).await
    }
}

/// Returns a request as the bytes of HTTP/1.1.
#[must_use]
pub fn wire(call: &Call) -> Vec<u8> {
    let Call { method, uri, body, .. } = call;
    let length = body.len();
    let mut bytes = format!("{method} {uri} HTTP/1.1\r\ncontent-length: {length}\r\n").into_bytes();
    for (name, value) in &call.headers {
        bytes.extend_from_slice(format!("{name}: ").as_bytes());
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}
