//! HTTP+SSE, the transport of 2024-11-05: a GET opens a stream and names the endpoint to POST to;
//! answers come on the stream. Spec: basic/transports of 2024-11-05.
//!
//! The stream is the session: it counts among the sessions, its calls among all requests in flight,
//! and everything in it ends when the client disconnects. The session's id stands in the URL, as
//! the transport requires: one reason to prefer Streamable HTTP.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use futures::future::{AbortHandle, Abortable};
use futures::stream::FuturesUnordered;
use http::{Method, StatusCode};
use http_body::{Body, Frame};
use mcp_core::codec::sse;
use mcp_core::jsonrpc::{self, Decoded, ErrorObject, Malformed, Message, RequestId, code};
use mcp_core::service::{BatchReply, Notification, Peer, Reply, Request, Service, write_reply};
use mcp_core::transport::TransportError;

use super::ask::{ask, tell};
use super::events::Events;
use super::incoming::take;
use super::initialize::no_randomness;
use super::post::{check_scopes, run};
use super::session::{Entry, EntryKind, Permit, SESSION_FULL, SessionId};
use super::stream::EventStream;
use super::translations::Translations;
use crate::call::{CallMeta, Claim};
use crate::http::admission::{Admitted, RequestBody, read};
use crate::http::request::Head;
use crate::http::response::body::{HttpBody, Response};
use crate::http::response::status;
use crate::http::shared::Shared;
use crate::server::Connection;

/// Where the stream is opened.
const STREAM: &str = "/sse";
/// Where messages are posted.
const MESSAGES: &str = "/messages";

/// Whether a request is one of this transport.
pub(in crate::http) fn is_meant(shared: &Shared, head: &Head<'_>) -> bool {
    shared.http_sse && matches!(head.uri.path(), STREAM | MESSAGES)
}

/// Answers a request whose head is checked.
pub(in crate::http) async fn answer(
    shared: &Arc<Shared>,
    head: &Head<'_>,
    body: RequestBody,
) -> Response {
    match (head.uri.path(), &head.method) {
        (STREAM, &Method::GET) => open(shared, head),
        (MESSAGES, &Method::POST) => post(shared, head, body).await,
        _ => status::bare(StatusCode::METHOD_NOT_ALLOWED),
    }
}

// ---- the stream
// --------------------------------------------------------------------------------------

fn open(shared: &Arc<Shared>, head: &Head<'_>) -> Response {
    let Ok(id) = SessionId::random() else { return no_randomness(None) };
    let stream = EventStream::new(None, &[], &shared.legacy.limits);
    let changes = Outlet { shared: Arc::clone(shared), stream: Arc::clone(&stream), entry: None };
    let connection = Connection::http_sse_of(&shared.modern, Peer::new(changes));
    let principal = head.principal().cloned();
    let entry = Entry::of_kind(EntryKind::HttpSse, id, principal, connection);
    if let Err(full) = shared.legacy.sessions.insert(Arc::clone(&entry)) {
        return status::full(status::LEGACY, full, None);
    }
    let session = OpenStream { shared: Arc::clone(shared), id };
    let Some(stream) = entry.open_standalone(|| stream) else {
        return status::refused(StatusCode::NOT_FOUND, None, "the session has ended");
    };
    let mut first = BytesMut::new();
    // Relative to the URL of the stream, wherever the service is mounted.
    let endpoint = format!("{}?sessionId={}", &MESSAGES[1..], id.to_text());
    sse::write_event(&mut first, Some("endpoint"), None, endpoint.as_bytes());
    let keep_alive = shared.legacy.limits.keep_alive_interval;
    let events = Events::new(stream.take_over(), Entry::busy(&entry), keep_alive);
    let events = events.fed_by(Box::pin(end_after_drain(Arc::clone(shared), entry, stream)));
    let events = events.until_expiry(head.principal());
    status::events(HttpBody::stream(StreamBody {
        first: first.freeze(),
        events,
        _session: session,
    }))
}

/// Ends the stream when the server shuts down, once its calls are answered.
async fn end_after_drain(shared: Arc<Shared>, entry: Arc<Entry>, stream: Arc<EventStream>) {
    shared.modern.drained().await;
    let patience = shared.legacy.limits.shutdown_timeout;
    if tokio::time::timeout(patience, entry.calls_done()).await.is_err() {
        tracing::debug!("an HTTP+SSE stream ended before its calls did");
    }
    stream.end();
}

/// Ends the session when its stream ends.
struct OpenStream {
    shared: Arc<Shared>,
    id: SessionId,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.shared.legacy.sessions.remove(self.id);
    }
}

/// The body of a stream: the endpoint, and then the events.
struct StreamBody {
    first: Bytes,
    events: Events,
    _session: OpenStream,
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.first.is_empty() {
            let first = std::mem::take(&mut self.first);
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        Pin::new(&mut self.events).poll_frame(cx)
    }
}

// ---- messages
// ----------------------------------------------------------------------------------------

async fn post(shared: &Arc<Shared>, head: &Head<'_>, body: RequestBody) -> Response {
    let mut admitted = match shared.admission.admit() {
        Ok(admitted) => admitted,
        Err(full) => return status::full(status::LEGACY, full, None),
    };
    let entry = match find(shared, head) {
        Ok(entry) => entry,
        Err(refused) => return *refused,
    };
    let limits = shared.server.limits();
    let bytes = match read(body, limits, &mut admitted, || status::LEGACY).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    if let Err(full) = admitted.becomes_request(head.principal()) {
        return status::full_for(status::LEGACY, full, &bytes, limits);
    }
    let Some(stream) = entry.standalone() else { return ended() };
    let mut message = match jsonrpc::decode(&bytes, &limits.connection) {
        Ok(message) => message,
        Err(Malformed { answers: Some(id), error, .. }) => {
            drop(entry.answer(&id, Err(error.clone().into())));
            return status::error(StatusCode::BAD_REQUEST, None, &error);
        }
        Err(malformed) => {
            return status::error(StatusCode::BAD_REQUEST, malformed.id.as_ref(), &malformed.error);
        }
    };
    let mut translations = match check_scopes(shared, head, &mut message) {
        Ok(translations) => translations,
        Err(error) => return status::refusal(status::LEGACY, None, error),
    };
    let post = Post { shared, head, entry, stream };
    let answered = match message {
        Decoded::Single(Message::Request { id, method, params }) => {
            post.request(translations.request(id, method, params), admitted).await
        }
        Decoded::Single(message) => {
            drop(Box::pin(take(&post.entry, message)).await);
            Ok(())
        }
        Decoded::Batch(entries) if post.entry.revision().rules().batching => {
            Box::pin(post.batch(entries, translations, admitted)).await
        }
        Decoded::Batch(_) => {
            let reason = "arrays of messages are not part of this session's revision";
            Err(status::refused(StatusCode::BAD_REQUEST, None, reason))
        }
    };
    answered.map_or_else(|refused| refused, |()| status::bare(StatusCode::ACCEPTED))
}

fn find(shared: &Shared, head: &Head<'_>) -> Result<Arc<Entry>, Box<Response>> {
    let refuse = |reason: &str| Box::new(status::refused(StatusCode::BAD_REQUEST, None, reason));
    if head.version().is_modern() {
        return Err(refuse("MCP-Protocol-Version names a revision without this transport"));
    }
    let query = head.uri.query().unwrap_or_default();
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let Some((_, id)) = pairs.find(|(name, _)| *name == "sessionId") else {
        return Err(refuse("sessionId is required; the endpoint event has it"));
    };
    SessionId::parse(id.as_bytes())
        .and_then(|id| shared.legacy.sessions.find(id, head.principal()))
        .filter(|entry| entry.kind() == EntryKind::HttpSse)
        .ok_or_else(|| Box::new(ended()))
}

fn ended() -> Response {
    status::refused(StatusCode::NOT_FOUND, None, "unknown sessionId: the stream has ended")
}

/// One POST of a stream.
struct Post<'a> {
    shared: &'a Arc<Shared>,
    head: &'a Head<'a>,
    entry: Arc<Entry>,
    stream: Arc<EventStream>,
}

/// What a call of a POST became.
/// The permit is returned once the answer is written.
type Outcome = (RequestId, Option<Reply>, Permit);

impl Post<'_> {
    async fn request(self, request: Request, admitted: Admitted) -> Result<(), Response> {
        let id = request.id.clone();
        let refuse = |error: &ErrorObject| status::error(StatusCode::BAD_REQUEST, Some(&id), error);
        let meta = legacy_meta(&request).map_err(|error| refuse(&error))?;
        let call = self
            .call(request, meta)
            .ok_or_else(|| status::full(status::LEGACY, SESSION_FULL, Some(&id)))?;
        let max_bytes = self.shared.server.limits().connection.max_outgoing_bytes;
        let stream = Arc::clone(&self.stream);
        self.spawn(async move {
            let (id, reply, permit) = call.await;
            if let Some(reply) = reply {
                let mut text = BytesMut::new();
                write_reply(&mut text, &id, reply, max_bytes);
                drop(stream.publish(text.freeze()).await); // The client may be gone.
            }
            drop((permit, admitted));
        })
        .await;
        Ok(())
    }

    async fn batch(
        self,
        entries: Vec<Result<Message, Malformed>>,
        mut translations: Translations,
        admitted: Admitted,
    ) -> Result<(), Response> {
        let mut answers =
            BatchReply::new(self.shared.server.limits().connection.max_outgoing_bytes);
        let calls = FuturesUnordered::new();
        for message in entries {
            match message {
                Ok(Message::Request { id, method, params }) => {
                    let request = translations.request(id.clone(), method, params);
                    match legacy_meta(&request).map(|meta| self.call(request, meta)) {
                        Ok(Some(call)) => calls.push(call),
                        Ok(None) => answers.push_error(Some(&id), &status::busy(SESSION_FULL)),
                        Err(error) => answers.push_error(Some(&id), &error),
                    }
                }
                Ok(message) => drop(take(&self.entry, message).await),
                Err(Malformed { answers: Some(id), error, .. }) => {
                    drop(self.entry.answer(&id, Err(error.into())));
                }
                Err(Malformed { id, error, .. }) => answers.push_error(id.as_ref(), &error),
            }
        }
        let stream = Arc::clone(&self.stream);
        self.spawn(async move {
            let mut calls = calls;
            let mut permits = Vec::new();
            while let Some((id, reply, permit)) = calls.next().await {
                if let Some(reply) = reply {
                    answers.push(&id, reply);
                }
                permits.push(permit);
            }
            if let Some(text) = answers.finish() {
                drop(stream.publish(text.freeze()).await); // The client may be gone.
            }
            drop((permits, admitted));
        })
        .await;
        Ok(())
    }

    /// The call of a request; `None` when the session runs too many, or has ended.
    fn call(
        &self,
        request: Request,
        meta: CallMeta,
    ) -> Option<impl Future<Output = Outcome> + use<>> {
        let (handle, registration) = AbortHandle::new_pair();
        let max = self.shared.server.limits().connection.max_in_flight_requests;
        let id = request.id.clone();
        let permit: Permit = Entry::start(&self.entry, id.clone(), handle, max)?;
        let outlet = Outlet {
            shared: Arc::clone(self.shared),
            stream: Arc::clone(&self.stream),
            entry: Some(Arc::clone(&self.entry)),
        };
        let request = request.with_peer(Peer::new(outlet));
        let call = Abortable::new(run(&self.entry, self.head, request, meta), registration);
        Some(async move { (id, call.await.ok(), permit) })
    }

    /// Polls the work once, so that the messages of a client that waits for each POST are handled
    /// in their order, and leaves the rest to a task. The session ends the task's calls.
    async fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut work = Box::pin(work);
        let polled = std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
        if polled.is_pending() {
            self.shared.tasks.spawn(work);
        }
    }
}

/// The `_meta` of a request, which must not be a modern one: those have header fields to check.
fn legacy_meta(request: &Request) -> Result<CallMeta, ErrorObject> {
    let meta = CallMeta::read(&request.params)?;
    if meta.claim == Claim::Absent {
        return Ok(meta);
    }
    let message = "the revision that _meta names does not have this transport: use Streamable HTTP";
    Err(ErrorObject::new(code::INVALID_REQUEST, message))
}

/// The way to the client of a stream. Without `entry`, for changes alone: the connection holds it,
/// and the entry holds the connection.
struct Outlet {
    shared: Arc<Shared>,
    stream: Arc<EventStream>,
    entry: Option<Arc<Entry>>,
}

impl Service for Outlet {
    async fn call(&self, request: Request) -> Reply {
        let Some(entry) = &self.entry else {
            return Err(TransportError::closed("no call leads to the client").into());
        };
        ask(entry, &self.stream, &request, &self.shared.server.limits().connection).await
    }

    async fn notify(&self, notification: Notification) {
        tell(&self.stream, &notification, &self.shared.server.limits().connection).await;
    }
}
