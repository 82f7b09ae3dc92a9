//! POST of the legacy era: sessions, calls that outlive their connection, batches. Spec: basic/transports of
//! 2025-03-26 to 2025-11-25.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use crate::call::{AnswerStream, CallMeta};
use crate::http::HttpLimits;
use bytes::BytesMut;
use futures::future::{AbortHandle, Abortable, Aborted, join_all};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use mcp_core::http::names::{PROTOCOL_VERSION, SESSION_ID};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{
    Decoded, ErrorObject, Malformed, Message, RequestId, code, write_error, write_result,
};
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{CallError, Notification, Peer, Reply, Request, Service as _};
use serde::Deserialize;

use super::admission::Admitted;
use super::events::Events;
use super::exchange::{Decision, Exchange, Finisher};
use super::service::Shared;
use super::session::{Entry, Full, SessionId, Sessions};
use super::{HttpOptions, Response, status};
use crate::definition::ServerDefinition;
use crate::principal::Principal;
use crate::server::Connection;

pub(super) use super::delete::delete;
pub(super) use super::get::get;

/// What the sessions of one service share.
#[derive(Debug)]
pub(super) struct Legacy {
    pub(super) sessions: Arc<Sessions>,
    pub(super) limits: HttpLimits,
}

impl Legacy {
    pub(super) fn new(server: &ServerDefinition, options: &HttpOptions) -> Self {
        let limits = server.limits().http.clone();
        Self { sessions: Sessions::new(&limits, options.event_store.clone()), limits }
    }

    /// The session that a request is part of.
    ///
    /// To any other principal it does not exist (THREAT-47).
    pub(super) fn session(
        &self,
        shared: &Shared,
        parts: &Parts,
    ) -> Result<Arc<Entry>, Box<Response>> {
        let version = version(shared, parts)?;
        if shared.options.stateless {
            let revision = version.unwrap_or_else(|| assumed(&shared.server.revisions));
            return Ok(Entry::stateless(Connection::stateless(&shared.modern, revision)));
        }
        let mut ids = parts.headers.get_all(SESSION_ID).iter();
        let (Some(id), None) = (ids.next(), ids.next()) else {
            return Err(Box::new(refuse(
                StatusCode::BAD_REQUEST,
                "one Mcp-Session-Id is required, which initialize gives",
            )));
        };
        let entry = SessionId::parse(id.as_bytes())
            .and_then(|id| self.sessions.find(id, parts.extensions.get::<Principal>()));
        entry.ok_or_else(|| {
            Box::new(refuse(
                StatusCode::NOT_FOUND,
                "there is no such session: initialize a new one",
            ))
        })
    }
}

/// The revision in `MCP-Protocol-Version`: one of the legacy era that is offered. It may be missing (SH-9).
fn version(shared: &Shared, parts: &Parts) -> Result<Option<Revision>, Box<Response>> {
    let Some(value) = parts.headers.get(PROTOCOL_VERSION) else { return Ok(None) };
    let named = value.to_str().ok().and_then(|name| name.trim().parse::<Revision>().ok());
    match named.filter(|revision| shared.server.revisions.contains(revision)) {
        Some(revision) if revision.era() == Era::Legacy => Ok(Some(revision)),
        // The header promises a modern message, and the message is none.
        Some(_) => Err(Box::new(status::error(
            StatusCode::BAD_REQUEST,
            None,
            &CallMeta::missing_version(),
        ))),
        None => {
            let supported: Vec<_> =
                shared.server.revisions.iter().map(|known| known.as_str()).collect();
            let message = format!("MCP-Protocol-Version must be one of {}", supported.join(", "));
            Err(Box::new(refuse(StatusCode::BAD_REQUEST, &message)))
        }
    }
}

/// What a client speaks that does not say, on a server that keeps no sessions.
fn assumed(offered: &[Revision]) -> Revision {
    let legacy = offered.iter().copied().filter(|revision| revision.era() == Era::Legacy);
    match offered.contains(&Revision::V2025_03_26) {
        true => Revision::V2025_03_26,
        false => legacy.max().unwrap_or(Revision::LATEST_LEGACY),
    }
}

/// A frame that is of no modern request: its headers are checked and its body is read and decoded.
///
/// `admitted` is the request's place among those in flight; whoever goes on working on it keeps it.
/// `meta` is that of a single request.
pub(super) async fn post(
    shared: &Arc<Shared>,
    parts: Arc<Parts>,
    frame: Decoded,
    meta: CallMeta,
    admitted: Admitted,
) -> Response {
    if let Decoded::Single(Message::Request { id, method, params }) = &frame
        && method == "initialize"
        && (shared.options.stateless || !parts.headers.contains_key(SESSION_ID))
    {
        return Box::pin(initialize(shared, &parts, id.clone(), params.clone())).await;
    }
    let entry = match shared.legacy.session(shared, &parts) {
        Ok(entry) => entry,
        Err(refused) => return *refused,
    };
    let post = Post { shared, accepts: Accepts::read(&parts), parts, entry, admitted };
    match frame {
        Decoded::Single(Message::Request { id, method, params }) => {
            post.request(Request::new(id, method, params), meta).await
        }
        Decoded::Single(message) => {
            Box::pin(post.entry.take(message)).await;
            status::bare(StatusCode::ACCEPTED)
        }
        Decoded::Batch(entries) if post.entry.revision().rules().batching => {
            Box::pin(post.batch(entries)).await
        }
        Decoded::Batch(_) => {
            refuse(StatusCode::BAD_REQUEST, "arrays of messages are not part of this revision")
        }
    }
}

/// A frame that was meant to answer a request of ours, and cannot be read: who asked learns of it.
pub(super) fn failed_answer(shared: &Shared, parts: &Parts, id: &RequestId, error: &ErrorObject) {
    if let Ok(entry) = shared.legacy.session(shared, parts) {
        entry.answer(id, Err(error.clone().into()));
    }
}

/// Begins a session. Its entry is made last, so whatever fails before leaves nothing behind.
async fn initialize(
    shared: &Arc<Shared>,
    parts: &Parts,
    id: RequestId,
    params: JsonBytes,
) -> Response {
    let connection = Connection::session_of(&shared.modern);
    let reply = connection.call(Request::new(id.clone(), "initialize", params)).await;
    let begun = reply.is_ok();
    let mut response = status::json(
        StatusCode::OK,
        write_reply(&id, reply, shared.server.limits().connection.max_outgoing_bytes),
    );
    if !begun || shared.options.stateless {
        return response;
    }
    let Ok(session) = SessionId::random() else {
        let error = crate::error::internal("minting a session id", &"the system has no randomness");
        return status::error(StatusCode::INTERNAL_SERVER_ERROR, Some(&id), &error);
    };
    let entry = Entry::new(session, parts.extensions.get().cloned(), connection);
    match shared.legacy.sessions.insert(entry) {
        Ok(()) => {}
        Err(Full::All) => return status::overloaded(Some(&id)),
        Err(Full::Principal) => return status::too_many(Some(&id)),
    }
    if let Ok(value) = HeaderValue::from_str(&session.to_text()) {
        response.headers_mut().insert(SESSION_ID, value);
    }
    response
}

/// One POST of a session.
struct Post<'a> {
    shared: &'a Arc<Shared>,
    accepts: Accepts,
    parts: Arc<Parts>,
    entry: Arc<Entry>,
    admitted: Admitted,
}

type Call = futures::future::BoxFuture<'static, Reply>;

impl Post<'_> {
    async fn request(self, request: Request, meta: CallMeta) -> Response {
        let most = self.shared.server.limits().connection.max_in_flight_requests;
        // Nothing is begun that may not go on: it might be called once more, and have done half of its work twice.
        if !self.entry.has_room(most) {
            return status::overloaded(Some(&request.id));
        }
        let finisher = self.exchange();
        let exchange = &finisher.0;
        let longest = self.shared.server.limits().connection.max_outgoing_bytes;
        let id = request.id.clone();
        let mut call = self.call(exchange, request, meta);
        let polled = poll_once(&mut call).await;
        if let Poll::Ready(reply) = polled {
            if exchange.close() {
                return match reply {
                    Ok(result) if result.as_bytes().len() <= longest => status::result(&id, result),
                    reply => status::json(StatusCode::OK, write_reply(&id, reply, longest)),
                };
            }
            call = Box::pin(std::future::ready(reply)); // The task below waits for the client to read.
        }
        let (handle, registration) = AbortHandle::new_pair();
        let Some(place) = Entry::start(&self.entry, id.clone(), handle, most) else {
            return status::overloaded(Some(&id));
        };
        // From here on the session owns the call: a client that leaves does not cancel it (SH-10).
        let (admitted, exchange) = (self.admitted, Arc::clone(exchange));
        self.shared.tasks.spawn(async move {
            let reply = Abortable::new(call, registration).await;
            let text = reply.ok().map(|reply| write_reply(&id, reply, longest).freeze());
            finisher.0.finish(text).await;
            drop((place, admitted, finisher));
        });
        Box::pin(respond(self.shared, &self.entry, &exchange)).await
    }

    /// An array of 2025-03-26: calls run side by side and are answered together (SH-2).
    async fn batch(self, entries: Vec<Result<Message, Malformed>>) -> Response {
        let finisher = self.exchange();
        let exchange = Arc::clone(&finisher.0);
        let limits = self.shared.server.limits();
        let longest = limits.connection.max_outgoing_bytes;
        let mut texts = Vec::new();
        let mut calls = Vec::new();
        for message in entries {
            match message {
                Ok(Message::Request { id, method, params }) => {
                    let (handle, registration) = AbortHandle::new_pair();
                    let Some(place) = Entry::start(
                        &self.entry,
                        id.clone(),
                        handle,
                        limits.connection.max_in_flight_requests,
                    ) else {
                        texts.push(error_text(Some(&id), &status::busy()));
                        continue;
                    };
                    let call = CallMeta::read(&params).map(|meta| {
                        self.call(&exchange, Request::new(id.clone(), method, params), meta)
                    });
                    calls.push(Abortable::new(
                        async move {
                            let reply = match call {
                                Ok(call) => call.await,
                                Err(error) => Err(error.into()),
                            };
                            drop(place);
                            write_reply(&id, reply, longest)
                        },
                        registration,
                    ));
                }
                Ok(message) => self.entry.take(message).await,
                Err(Malformed { answers: Some(id), error, .. }) => {
                    self.entry.answer(&id, Err(error.into()));
                }
                Err(Malformed { id, error, .. }) => texts.push(error_text(id.as_ref(), &error)),
            }
        }
        if calls.is_empty() && texts.is_empty() {
            return status::bare(StatusCode::ACCEPTED);
        }
        let admitted = self.admitted;
        self.shared.tasks.spawn(async move {
            texts.extend(
                join_all(calls).await.into_iter().filter_map(|done: Result<_, Aborted>| done.ok()),
            );
            finisher.0.finish_batch(texts).await;
            drop((admitted, finisher));
        });
        respond(self.shared, &self.entry, &exchange).await
    }

    /// The exchange of this POST, which is completed on every way out.
    fn exchange(&self) -> Finisher {
        let exchange = Exchange::new(self.shared, &self.entry, self.accepts.events);
        if !self.accepts.json {
            exchange.begin_stream();
        }
        Finisher(exchange)
    }

    fn call(&self, exchange: &Arc<Exchange>, request: Request, meta: CallMeta) -> Call {
        let mut request = request.with_peer(Peer::shared(Arc::clone(exchange)));
        request.extensions.insert_shared(Arc::clone(&self.parts));
        request.extensions.insert(AnswerStream(Arc::clone(exchange) as _));
        if let Some(principal) = self.parts.extensions.get::<Principal>() {
            request.extensions.insert(principal.clone());
        }
        let entry = Arc::clone(&self.entry);
        Box::pin(async move { entry.connection.call_with(request, meta).await })
    }
}

impl Entry {
    /// A message that is not answered.
    async fn take(&self, message: Message) {
        match message {
            Message::Notification { method, params } if method == "notifications/cancelled" => {
                #[derive(Deserialize)]
                struct Cancelled {
                    #[serde(rename = "requestId")]
                    request_id: RequestId,
                }
                // Malformed cancellations are ignored (CAN-3).
                if let Ok(Cancelled { request_id }) = params.parse() {
                    self.cancel(&request_id);
                }
            }
            Message::Notification { method, params } => {
                self.connection.notify(Notification::new(method, params)).await;
            }
            Message::Response { id: Some(id), outcome } => {
                self.answer(&id, outcome.map_err(Into::into));
            }
            Message::Response { id: None, outcome } => {
                tracing::warn!(?outcome, "the client could not read a message of ours");
            }
            Message::Request { .. } => {}
        }
    }
}

/// The response, once it is clear what it is.
async fn respond(shared: &Shared, entry: &Arc<Entry>, exchange: &Exchange) -> Response {
    let limits = &shared.legacy.limits;
    match exchange.decide(limits.stream_upgrade_delay).await {
        Decision::Whole(text) => status::json(StatusCode::OK, text),
        Decision::Stream(mut reader) => {
            if entry.revision().rules().stream_polling {
                reader = reader.primed(limits.stream_retry_delay);
            }
            Events::new(reader, Entry::busy(entry), limits.keep_alive_interval).into_response()
        }
        Decision::Cancelled => super::events::respond(super::HttpBody::empty()),
    }
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx))).await
}

fn write_reply(id: &RequestId, reply: Reply, longest: usize) -> BytesMut {
    let mut text = BytesMut::new();
    match reply {
        Ok(result) if result.as_bytes().len() <= longest => {
            write_result(&mut text, id, result.as_bytes());
        }
        Ok(result) => {
            let length = result.as_bytes().len();
            tracing::error!(%id, length, longest, "a result is longer than is sent");
            let message = format!("the result is longer than {longest} bytes");
            write_error(&mut text, Some(id), &ErrorObject::new(code::INTERNAL_ERROR, message));
        }
        Err(CallError::Peer(error)) => write_error(&mut text, Some(id), &error),
        Err(error) => {
            let error = crate::error::internal("passing on a call", &error);
            write_error(&mut text, Some(id), &error);
        }
    }
    text
}

fn error_text(id: Option<&RequestId>, error: &ErrorObject) -> BytesMut {
    let mut text = BytesMut::new();
    write_error(&mut text, id, error);
    text
}

/// A request that is refused, with the reason.
pub(super) fn refuse(status: StatusCode, reason: &str) -> Response {
    status::error(status, None, &ErrorObject::invalid_request(reason))
}

/// What a client reads as an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accepts {
    pub(super) json: bool,
    pub(super) events: bool,
}

impl Accepts {
    /// Both, where the client does not say.
    pub(super) fn read(parts: &Parts) -> Self {
        let mut accepts = Self { json: false, events: false };
        let mut said = false;
        let values = parts.headers.get_all(http::header::ACCEPT).iter();
        for range in
            values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','))
        {
            let mut parameters = range.split(';').map(str::trim);
            let name = parameters.next().unwrap_or_default().to_ascii_lowercase();
            said |= !name.is_empty();
            let refused = parameters.any(|parameter| {
                parameter
                    .strip_prefix("q=")
                    .and_then(|q| q.parse::<f32>().ok())
                    .is_some_and(|q| q <= 0.0)
            });
            accepts.json |=
                !refused && matches!(&*name, "application/json" | "application/*" | "*/*");
            accepts.events |= !refused && matches!(&*name, "text/event-stream" | "text/*" | "*/*");
        }
        if said { accepts } else { Self { json: true, events: true } }
    }
}
