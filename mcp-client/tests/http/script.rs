//! A server that does what the test says, exchange by exchange.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame};
use mcp_client::http::{
    Bytes, HttpBody, HttpError, HttpStack, Request, Response, StatusCode, async_trait,
};
use mcp_client::{Client, ClientBuilder, Revision};
use mcp_test_support::{message, within_an_hour};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub(crate) const URL: &str = "https://example.com/mcp";

type Answer = Result<Response<HttpBody>, HttpError>;

/// The client's side.
#[derive(Clone)]
pub(crate) struct Stack(mpsc::UnboundedSender<Exchange>);

#[async_trait]
impl HttpStack for Stack {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        let (answer, answered) = oneshot::channel();
        let sent = self.0.send(Exchange { request, answer });
        if sent.is_err() {
            return Err(HttpError::unsent("the test is over"));
        }
        answered.await.unwrap_or_else(|_| Err(HttpError::lost("the server hung up")))
    }
}

/// The server's side: what the client sends, in order.
pub(crate) struct Script(mpsc::UnboundedReceiver<Exchange>);

impl Script {
    pub(crate) fn new() -> (Stack, Self) {
        let (sender, exchanges) = mpsc::unbounded_channel();
        (Stack(sender), Self(exchanges))
    }

    pub(crate) async fn next(&mut self) -> Exchange {
        within_an_hour("a request of the client", self.0.recv()).await.expect("the client is there")
    }

    /// The next request, which must be a POST of this method.
    pub(crate) async fn expect(&mut self, method: &str) -> Exchange {
        let exchange = self.next().await;
        assert_eq!(
            exchange.request.method(),
            "POST",
            "instead of {method}: {:?}",
            exchange.request
        );
        assert_eq!(exchange.message()["method"], method, "{}", exchange.message());
        exchange
    }

    /// The next request, which must have this HTTP method and no body.
    pub(crate) async fn expect_bare(&mut self, method: &str) -> Exchange {
        let exchange = self.next().await;
        assert_eq!(exchange.request.method(), method, "{:?}", exchange.request);
        assert!(exchange.request.body().is_empty());
        exchange
    }

    /// Nothing is sent for that long.
    pub(crate) async fn expect_silence(&mut self, time: Duration) {
        if let Ok(Some(exchange)) = timeout(time, self.0.recv()).await {
            panic!("not expected: {:?}", exchange.request);
        }
    }
}

/// One request. Dropping it is a connection that fails before the answer.
pub(crate) struct Exchange {
    pub(crate) request: Request<Bytes>,
    answer: oneshot::Sender<Answer>,
}

impl Exchange {
    pub(crate) fn message(&self) -> Value {
        serde_json::from_slice(self.request.body()).expect("the body is a message")
    }

    pub(crate) fn id(&self) -> Value {
        self.message()["id"].clone()
    }

    /// A header field; none when it is not there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.request.headers().get_all(name).iter();
        let value = values.next().map(|value| value.to_str().expect("ASCII"));
        assert!(values.next().is_none(), "{name} is there twice");
        value
    }

    /// Waits until the client does not wait for the head of the answer any more.
    pub(crate) async fn dropped(&mut self) {
        within_an_hour("the client leaves", self.answer.closed()).await;
    }

    /// No connection could be made.
    pub(crate) fn unreachable(self) {
        drop(self.answer.send(Err(HttpError::unsent("connection refused"))));
    }

    /// The head of an answer, and the way to send its body.
    pub(crate) fn begin(self, status: u16, fields: &[(&str, &str)]) -> Sending {
        let (sender, pieces) = mpsc::unbounded_channel();
        let mut response = Response::new(HttpBody::new(Pieces(pieces)));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        for (name, value) in fields {
            let name: mcp_client::http::HeaderName = name.parse().expect("a name");
            response.headers_mut().append(name, value.parse().expect("a value"));
        }
        drop(self.answer.send(Ok(response))); // The client may have left.
        Sending(sender)
    }

    /// A whole answer.
    pub(crate) fn page(self, status: u16, media: &str, body: &str) {
        self.begin(status, &[("content-type", media)]).raw(body);
    }

    /// An answer without a body.
    pub(crate) fn status(self, status: u16) {
        drop(self.begin(status, &[]));
    }

    pub(crate) fn redirect(self, status: u16, location: &str) {
        drop(self.begin(status, &[("location", location)]));
    }

    pub(crate) fn json(self, status: u16, message: &Value) {
        self.page(status, "application/json", &message.to_string());
    }

    pub(crate) fn reply(self, result: Value) {
        let message = message::response(&self.id(), result);
        self.json(200, &message);
    }

    pub(crate) fn refuse(self, status: u16, code: i32, data: Value) {
        let refusal = message::error(&self.id(), code.into(), "no", data);
        self.json(status, &refusal);
    }

    /// A stream of events.
    pub(crate) fn stream(self) -> Sending {
        self.begin(200, &[("content-type", "text/event-stream")])
    }
}

/// The rest of an answer. Dropping it ends the body in the proper way.
pub(crate) struct Sending(mpsc::UnboundedSender<Result<Bytes, &'static str>>);

impl Sending {
    pub(crate) fn raw(&self, bytes: impl Into<Vec<u8>>) {
        drop(self.0.send(Ok(Bytes::from(bytes.into())))); // The client may have left.
    }

    /// One event with a message.
    pub(crate) fn message(&self, message: &Value) {
        self.raw(format!("event: message\ndata: {message}\n\n"));
    }

    pub(crate) fn tell(&self, method: &str, params: Value) {
        self.message(&message::notification(method, params));
    }

    pub(crate) fn ask(&self, id: &Value, method: &str, params: Value) {
        self.message(&message::request(id.clone(), method, params));
    }

    pub(crate) fn reply(&self, id: &Value, result: Value) {
        self.message(&message::response(id, result));
    }

    /// The connection fails.
    pub(crate) fn cut(self) {
        drop(self.0.send(Err("connection reset")));
    }

    /// Waits until the client does not read any more.
    pub(crate) async fn dropped(&self) {
        within_an_hour("the client leaves", self.0.closed()).await;
    }
}

/// A body that is fed through a channel.
struct Pieces(mpsc::UnboundedReceiver<Result<Bytes, &'static str>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// What a modern server says of itself.
pub(crate) fn discovered() -> Value {
    message::discovered(json!({"tools": {"listChanged": true}}))
}

/// A page of tools, without a next one.
pub(crate) fn tools(tools: Value) -> Value {
    json!({"resultType": "complete", "tools": tools, "ttlMs": 0, "cacheScope": "private"})
}

/// A client of a modern server.
pub(crate) async fn modern(builder: ClientBuilder) -> (Client, Script) {
    let (stack, mut script) = Script::new();
    let serve = async {
        script.expect("server/discover").await.reply(discovered());
    };
    let (client, ()) = tokio::join!(builder.http_stack(stack).connect_http(URL), serve);
    (client.expect("a modern server"), script)
}

/// Answers a handshake; with the name of the session, if it is to have one.
pub(crate) async fn shake_hands(script: &mut Script, session: Option<&str>) -> Exchange {
    let exchange = script.expect("initialize").await;
    assert_eq!(exchange.header("mcp-session-id"), None);
    let result = message::response(&exchange.id(), message::initialized("2025-11-25"));
    let mut fields = vec![("content-type", "application/json")];
    fields.extend(session.map(|session| ("mcp-session-id", session)));
    exchange.begin(200, &fields).raw(result.to_string());
    let noted = script.expect("notifications/initialized").await;
    assert_eq!(noted.header("mcp-session-id"), session);
    noted.status(202);
    script.expect_bare("GET").await
}

/// A client of a legacy server whose sessions have names, and the request for the stream of the
/// session.
pub(crate) async fn legacy(builder: ClientBuilder) -> (Client, Script, Exchange) {
    let (stack, mut script) = Script::new();
    let builder = builder.revision(Revision::V2025_11_25).http_stack(stack);
    let (client, standalone) =
        tokio::join!(builder.connect_http(URL), shake_hands(&mut script, Some("session-1")));
    (client.expect("a legacy server"), script, standalone)
}
