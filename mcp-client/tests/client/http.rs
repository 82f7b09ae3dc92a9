//! The client over HTTP, against a scripted stack.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::poll_immediate;
use http_body::{Body, Frame};
use mcp_client::http::{Bytes, HeaderValue, HttpBody, HttpError, HttpStack, Request, Response, StatusCode};
use mcp_client::service::BoxFuture;
use mcp_client::types::{Root, SubscriptionFilter};
use mcp_client::{Client, ClientBuilder, Event, Limits, Revision};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::Instant;

type Exchange = (Request<Bytes>, oneshot::Sender<Response<HttpBody>>);

/// Hands every request to the test.
struct Scripted(UnboundedSender<Exchange>);

impl HttpStack for Scripted {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<HttpBody>, HttpError>> {
        let (respond, response) = oneshot::channel();
        let sent = self.0.send((request, respond));
        Box::pin(async move {
            sent.map_err(|_| HttpError::unsent("the test is over"))?;
            response.await.map_err(|_| HttpError::lost("not answered"))
        })
    }
}

/// The body of an answer, piece by piece.
struct Pieces(UnboundedReceiver<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// A server that does what the test says, exchange by exchange.
struct Server(UnboundedReceiver<Exchange>);

/// An open stream of events.
struct Events(UnboundedSender<Bytes>);

impl Events {
    fn send(&self, message: &Value) {
        self.0.send(format!("data: {message}\n\n").into()).unwrap();
    }
}

fn answer(media: &'static str) -> (Response<HttpBody>, UnboundedSender<Bytes>) {
    let (pieces, body) = unbounded_channel();
    let mut response = Response::new(HttpBody::new(Pieces(body)));
    response.headers_mut().insert("content-type", HeaderValue::from_static(media));
    (response, pieces)
}

fn reply(respond: oneshot::Sender<Response<HttpBody>>, message: &Value) {
    let (mut response, body) = answer("application/json");
    response.headers_mut().insert("mcp-session-id", HeaderValue::from_static("s"));
    body.send(message.to_string().into()).unwrap();
    drop(respond.send(response));
}

fn accepted(respond: oneshot::Sender<Response<HttpBody>>) {
    let (mut response, _) = answer("text/plain");
    *response.status_mut() = StatusCode::ACCEPTED;
    drop(respond.send(response));
}

fn stream(respond: oneshot::Sender<Response<HttpBody>>) -> Events {
    let (response, events) = answer("text/event-stream");
    drop(respond.send(response));
    Events(events)
}

impl Server {
    async fn next(&mut self) -> (Request<Bytes>, Value, oneshot::Sender<Response<HttpBody>>) {
        let (request, respond) = self.0.recv().await.unwrap();
        let message = serde_json::from_slice(request.body()).unwrap_or_default();
        (request, message, respond)
    }

    /// Shakes hands.
    async fn initialize(&mut self) {
        let (_, initialize, respond) = self.next().await;
        let server = json!({ "name": "scripted", "version": "1" });
        let result =
            json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} }, "serverInfo": server });
        reply(respond, &json!({ "jsonrpc": "2.0", "id": initialize["id"], "result": result }));
        let (_, initialized, respond) = self.next().await;
        assert_eq!(initialized["method"], "notifications/initialized");
        accepted(respond);
    }

    /// Opens the stream of the session.
    async fn open_stream(&mut self) -> Events {
        let (get, _, respond) = self.next().await;
        assert_eq!(get.method(), "GET");
        stream(respond)
    }
}

/// A client in a session.
async fn legacy(builder: ClientBuilder) -> (Client, Server) {
    let (sender, exchanges) = unbounded_channel();
    let mut server = Server(exchanges);
    let builder = builder.pin(Revision::V2025_11_25).http_stack(Scripted(sender));
    let (client, ()) = tokio::join!(builder.connect_http("http://server.test/mcp"), server.initialize());
    (client.unwrap(), server)
}

#[tokio::test]
async fn an_answer_on_the_stream_of_the_session_is_an_answer() {
    let (client, mut server) = legacy(Client::builder()).await;
    let session = server.open_stream().await;
    let call = client.call("wait", &json!({}));
    let serve = async {
        let (_, call, respond) = server.next().await;
        let own = stream(respond);
        let result = json!({ "content": [{ "type": "text", "text": "astray" }] });
        session.send(&json!({ "jsonrpc": "2.0", "id": "unknown", "result": {} }));
        session.send(&json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }));
        own
    };
    let (reply, own) = tokio::join!(call, serve);
    assert_eq!(reply.unwrap().text(), "astray");
    // The call's own stream is closed, and what comes there is nobody's.
    own.0.closed().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_told_and_asked_in_a_session_finds_its_stream_open() {
    let filter = || SubscriptionFilter::new().tools_list_changed(true);
    let (client, mut server) = legacy(Client::builder()).await;
    let mut subscribing = pin!(client.subscribe(filter()));
    assert!(poll_immediate(&mut subscribing).await.is_none(), "the stream is not open");
    let session = server.open_stream().await;
    let mut changes = subscribing.await.unwrap();
    session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" }));
    assert!(matches!(changes.next().await, Some(Event::ToolsListChanged)));

    // A call, if there is something to ask.
    let (client, mut server) = legacy(Client::builder().roots([Root::new("file:///r")])).await;
    let mut call = pin!(client.call("ask", &json!({})).into_future());
    assert!(poll_immediate(&mut call).await.is_none());
    let session = server.open_stream().await;
    let serve = async {
        let (_, call, respond) = server.next().await;
        session.send(&json!({ "jsonrpc": "2.0", "id": 7, "method": "roots/list" }));
        let (_, answer, accept) = server.next().await;
        accepted(accept);
        let uri = &answer["result"]["roots"][0]["uri"];
        let result = json!({ "content": [{ "type": "text", "text": uri }] });
        reply(respond, &json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }));
    };
    let (answer, ()) = tokio::join!(call, serve);
    assert_eq!(answer.unwrap().text(), "file:///r");

    // A server that keeps the head of its answer back is not waited for until then, and only once.
    let (client, server) = legacy(Client::builder()).await;
    for waited in [Limits::for_client().http_client.stream_opening, Duration::ZERO] {
        let before = Instant::now();
        client.subscribe(filter()).await.unwrap();
        assert_eq!(before.elapsed(), waited);
    }
    drop(server);
}
