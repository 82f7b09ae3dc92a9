//! POST of a session: calls that may outlive their connection, and batches. Spec: basic/transports
//! of 2025-03-26 to 2025-11-25.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use futures::future::{AbortHandle, Abortable};
use futures::stream::FuturesUnordered;
use http::StatusCode;
use mcp_core::jsonrpc::{
    Decoded, ErrorKind, ErrorObject, Malformed, Message, Params, RequestId, write_error,
};
use mcp_core::method::{Initialize, Method as _};
use mcp_core::service::{Peer, Reply, Request, write_reply};

use super::events::Events;
use super::exchange::{Answer, Decision, Exchange, Finisher, Presence};
use super::incoming::take;
use super::initialize::initialize;
use super::lookup;
use super::session::{Entry, SESSION_FULL};
use super::translations::Translations;
use crate::call::{AnswerStream, CallMeta};
use crate::http::admission::Admitted;
use crate::http::head::accept::Accepts;
use crate::http::head::fields::Field;
use crate::http::head::version::VersionHeader;
use crate::http::request::Head;
use crate::http::response::body::{HttpBody, Response};
use crate::http::response::status;
use crate::http::shared::Shared;
use crate::server::Connection;

/// Answers a body that is not a modern request: its headers are checked and it is decoded.
///
/// `admitted` is the permit of the request. `meta` is that of a single request.
pub(in crate::http) async fn post(
    shared: &Arc<Shared>,
    head: &Head<'_>,
    mut frame: Decoded,
    meta: CallMeta,
    admitted: Admitted,
) -> Response {
    let mut translations = match check_scopes(shared, head, &mut frame) {
        Ok(translations) => translations,
        Err(error) => return status::refusal(status::LEGACY, frame_id(&frame), error),
    };
    let has_session = head.fields.session_id != Field::Absent;
    let id = match &frame {
        Decoded::Single(Message::Request { id, method, params }) => {
            let mut request = || translations.request(id.clone(), method.clone(), params.clone());
            if method == Initialize::NAME && (shared.options.stateless || !has_session) {
                return Box::pin(initialize(shared, head, request(), meta)).await;
            }
            if !has_session && !shared.options.stateless && head.version() == VersionHeader::Absent
            {
                let mut request = request();
                head.describe(&mut request);
                return Box::pin(without_session(shared, request, meta)).await;
            }
            Some(id)
        }
        _ => None,
    };
    let entry = match lookup::session(shared, head, id).await {
        Ok(entry) => entry,
        Err(refused) => return *refused,
    };
    let accepts = head.accepts();
    let post = Post { shared, accepts, head, entry, admitted };
    match frame {
        Decoded::Single(Message::Request { id, method, params }) => {
            post.request(translations.request(id, method, params), meta).await
        }
        Decoded::Single(message) => match Box::pin(take(&post.entry, message)).await {
            Ok(()) => status::bare(StatusCode::ACCEPTED),
            Err(refused) => *refused,
        },
        Decoded::Batch(entries) if post.entry.revision().rules().batching => {
            Box::pin(post.batch(entries, translations)).await
        }
        Decoded::Batch(_) => {
            let revision = post.entry.revision();
            let reason = format!("arrays of messages are not part of {revision}");
            status::refused(StatusCode::BAD_REQUEST, None, &reason)
        }
    }
}

/// Checks that the caller has the scopes of all messages in a body, before a stream begins and
/// before a session is looked up. Their arguments are translated before.
pub(super) fn check_scopes(
    shared: &Shared,
    head: &Head<'_>,
    frame: &mut Decoded,
) -> Result<Translations, ErrorObject> {
    let access = &shared.server.access;
    let registry = shared.server.live.registry();
    if !access.may_require_scopes(&*registry) {
        return Ok(Translations::default());
    }
    let translations = Translations::of(&registry, frame);
    let check =
        |method: &str, params: &Params| access.check(&*registry, method, params, head.principal());
    match frame {
        Decoded::Single(Message::Request { method, params, .. }) => check(method, params)?,
        Decoded::Single(_) => access.check_required(&access.server, head.principal())?,
        Decoded::Batch(entries) => {
            let mut required: Vec<_> =
                access.server.iter().map(|scope| Cow::Borrowed(&**scope)).collect();
            for entry in entries {
                if let Ok(Message::Request { method, params, .. }) = entry
                    && let Err(error) = check(method, params)
                    && error.kind() == ErrorKind::InsufficientScope
                {
                    required.extend(access.required(&*registry, method, params)?);
                }
            }
            access.check_required(&required, head.principal())?;
        }
    }
    Ok(translations)
}

fn frame_id(frame: &Decoded) -> Option<&RequestId> {
    match frame {
        Decoded::Single(Message::Request { id, .. }) => Some(id),
        _ => None,
    }
}

/// Answers a request that names neither a session nor a version, as every transport does.
async fn without_session(shared: &Arc<Shared>, request: Request, meta: CallMeta) -> Response {
    let id = request.id.clone();
    let connection = Connection::session_of(&shared.modern);
    let reply = connection.finish(connection.begin(request, meta)).await;
    let max_bytes = shared.server.limits().connection.max_outgoing_bytes;
    status::reply(&id, reply, max_bytes, |_| StatusCode::BAD_REQUEST)
}

/// One POST of a session.
struct Post<'a> {
    shared: &'a Arc<Shared>,
    accepts: Accepts,
    head: &'a Head<'a>,
    entry: Arc<Entry>,
    admitted: Admitted,
}

type Call = Pin<Box<dyn Future<Output = Reply> + Send>>;

impl Post<'_> {
    async fn request(self, request: Request, meta: CallMeta) -> Response {
        let limits = &self.shared.server.limits().connection;
        let max_bytes = limits.max_outgoing_bytes;
        let id = request.id.clone();
        let (handle, registration) = AbortHandle::new_pair();
        // Nothing begins without a permit: a call that is refused half-way may be repeated, and do
        // its work twice.
        let permit =
            Entry::start(&self.entry, id.clone(), handle.clone(), limits.max_in_flight_requests);
        let Some(permit) = permit else {
            return status::full(status::LEGACY, SESSION_FULL, Some(&id));
        };
        let finisher = self.exchange(|| [id.clone()].into());
        let exchange = Arc::clone(&finisher.0);
        let mut call = Abortable::new(self.call(&exchange, request, meta), registration);
        let mut call = match poll_once(&mut call).await {
            Poll::Pending => call,
            Poll::Ready(Ok(reply)) if exchange.close() => {
                let errors = self.entry.revision().rules().errors;
                return Answer::Reply(id, reply).into_response(errors, max_bytes);
            }
            Poll::Ready(Ok(reply)) => {
                // The task below waits for the client to read what was said before.
                let (_, registration) = AbortHandle::new_pair();
                Abortable::new(Box::pin(std::future::ready(reply)) as Call, registration)
            }
            Poll::Ready(Err(_)) => return status::events(HttpBody::empty()), // Cancelled.
        };
        // From here on the session owns the call.
        exchange.begin_work(self.admitted, vec![handle]);
        let presence = Presence(Arc::clone(&exchange));
        self.shared.tasks.spawn(async move {
            let reply = match (&mut call).await {
                Ok(reply) => Some(reply),
                Err(_) => finisher.0.rejection().map(|error| Err(error.into())),
            };
            drop(call);
            finisher.0.finish(reply.map(|reply| Answer::Reply(id, reply))).await;
            drop((permit, finisher));
        });
        Box::pin(respond(self.shared, &self.entry, presence)).await
    }

    /// An array of 2025-03-26: calls run concurrently and are answered together (SH-2).
    async fn batch(
        self,
        entries: Vec<Result<Message, Malformed>>,
        mut translations: Translations,
    ) -> Response {
        let ids = || {
            entries.iter().filter_map(|entry| match entry {
                Ok(Message::Request { id, .. }) => Some(id.clone()),
                _ => None,
            })
        };
        let finisher = self.exchange(|| ids().collect());
        let exchange = Arc::clone(&finisher.0);
        let limits = &self.shared.server.limits().connection;
        let mut answers = Answers { texts: Vec::new(), remaining: limits.max_outgoing_bytes };
        let calls = FuturesUnordered::new();
        let mut handles = Vec::new();
        for message in entries {
            match message {
                Ok(Message::Request { id, method, params }) => {
                    let request = translations.request(id.clone(), method, params);
                    let meta = match CallMeta::read_batch_entry(&request.params) {
                        Ok(meta) => meta,
                        Err(error) => {
                            answers.push_error(Some(&id), &error);
                            continue;
                        }
                    };
                    let (handle, registration) = AbortHandle::new_pair();
                    let permit = Entry::start(
                        &self.entry,
                        id.clone(),
                        handle.clone(),
                        limits.max_in_flight_requests,
                    );
                    let Some(permit) = permit else {
                        answers.push_error(Some(&id), &status::busy(SESSION_FULL));
                        continue;
                    };
                    handles.push(handle);
                    let call = Abortable::new(self.call(&exchange, request, meta), registration);
                    calls.push(async move {
                        let reply = call.await;
                        drop(permit);
                        (id, reply)
                    });
                }
                Ok(message) => {
                    // Nothing of a batch can be repeated, so what cannot be forwarded is lost.
                    drop(take(&self.entry, message).await);
                }
                Err(Malformed { answers: Some(id), error, .. }) => {
                    drop(self.entry.answer(&id, Err(error.into())));
                }
                Err(Malformed { id, error, .. }) => answers.push_error(id.as_ref(), &error),
            }
        }
        if calls.is_empty() && answers.texts.is_empty() {
            return status::bare(StatusCode::ACCEPTED);
        }
        exchange.begin_work(self.admitted, handles);
        let presence = Presence(Arc::clone(&exchange));
        self.shared.tasks.spawn(async move {
            let exchange = &finisher.0;
            let mut calls = calls;
            while let Some((id, reply)) = calls.next().await {
                match (reply, exchange.rejection()) {
                    (Ok(reply), _) => answers.push(&id, reply),
                    (Err(_), Some(error)) => answers.push_error(Some(&id), &error),
                    (Err(_), None) => {} // Cancelled.
                }
                answers.write_events(exchange).await;
            }
            answers.write_events(exchange).await;
            exchange.finish(answers.into_array().map(Answer::Array)).await;
            drop(finisher);
        });
        respond(self.shared, &self.entry, presence).await
    }

    /// The exchange of this POST, which is completed on every way out.
    fn exchange(&self, requests: impl FnOnce() -> Box<[RequestId]>) -> Finisher {
        let requests = match self.shared.legacy.has_marks() {
            true => requests(),
            false => Box::default(),
        };
        let exchange = Exchange::new(self.shared, &self.entry, self.accepts.events, requests);
        if !self.accepts.json {
            exchange.begin_stream();
        }
        Finisher(exchange)
    }

    fn call(&self, exchange: &Arc<Exchange>, request: Request, meta: CallMeta) -> Call {
        let mut request = request.with_peer(Peer::shared(Arc::clone(exchange)));
        request.extensions.insert(AnswerStream(Arc::clone(exchange) as _));
        run(&self.entry, self.head, request, meta)
    }
}

/// The call of a request, with what is known of the HTTP request that it came in.
pub(super) fn run(
    entry: &Arc<Entry>,
    head: &Head<'_>,
    mut request: Request,
    meta: CallMeta,
) -> Call {
    head.describe(&mut request);
    let entry = Arc::clone(entry);
    let begun = entry.connection.begin(request, meta);
    Box::pin(async move { entry.connection.finish(begun).await })
}

/// The answers to one batch. All of them together have a limit.
pub(super) struct Answers {
    texts: Vec<Bytes>,
    remaining: usize,
}

impl Answers {
    fn push(&mut self, id: &RequestId, reply: Reply) {
        let mut text = BytesMut::new();
        write_reply(&mut text, id, reply, self.remaining);
        self.remaining = self.remaining.saturating_sub(text.len());
        self.texts.push(text.freeze());
    }

    fn push_error(&mut self, id: Option<&RequestId>, error: &ErrorObject) {
        self.texts.push(error_text(id, error));
    }

    /// Writes the answers as messages of their own, where the response is a stream.
    async fn write_events(&mut self, exchange: &Exchange) {
        let Some(stream) = exchange.stream() else { return };
        for text in std::mem::take(&mut self.texts) {
            drop(stream.publish(text).await); // The stream may have ended.
        }
    }

    /// The array of all of them; `None` when there are none.
    fn into_array(self) -> Option<Bytes> {
        let (first, rest) = self.texts.split_first()?;
        let mut array = BytesMut::from(&b"["[..]);
        array.extend_from_slice(first);
        for text in rest {
            array.extend_from_slice(b",");
            array.extend_from_slice(text);
        }
        array.extend_from_slice(b"]");
        Some(array.freeze())
    }
}

/// The response, once it is clear what it is.
async fn respond(shared: &Shared, entry: &Arc<Entry>, presence: Presence) -> Response {
    let limits = &shared.legacy.limits;
    match presence.0.decide(limits.stream_upgrade_delay).await {
        Decision::Whole(answer) => {
            let max_bytes = shared.server.limits().connection.max_outgoing_bytes;
            answer.into_response(entry.revision().rules().errors, max_bytes)
        }
        Decision::Stream(mut reader) => {
            if let Some(stream) = presence.0.stream() {
                stream.begin().await;
            }
            if entry.revision().rules().stream_polling {
                reader = reader.primed(limits.stream_retry_delay);
            }
            let events = Events::new(reader, Entry::busy(entry), limits.keep_alive_interval);
            events.of(presence).into_response()
        }
        Decision::Cancelled => status::events(HttpBody::empty()),
    }
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

fn error_text(id: Option<&RequestId>, error: &ErrorObject) -> Bytes {
    let mut text = BytesMut::new();
    write_error(&mut text, id, error);
    text.freeze()
}
