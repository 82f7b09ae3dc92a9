//! HTTP+SSE, the transport of 2024-11-05: a GET opens a stream and is told where to POST; answers come on the
//! stream. Spec: basic/transports of 2024-11-05.
//!
//! Behind it stands the engine for byte streams, as on stdio: what is posted is a line in, what the stream
//! carries are the lines out. The body of the GET runs it, so the conversation, with everything in it, ends
//! when the client leaves. The session's id stands in the URL, as the transport has it: that is one reason to
//! prefer Streamable HTTP.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Method, StatusCode};
use http_body::{Body, Frame};
use mcp_core::codec::line::{Line, LineDecoder};
use mcp_core::codec::sse;
use mcp_core::jsonrpc;
use mcp_core::service::{BoxFuture, Conversation, Notification, Reply, Request, Service};
use mcp_core::transport::stream;
use tokio::io::{AsyncRead as _, AsyncWriteExt as _, DuplexStream, ReadBuf, ReadHalf};
use tokio::sync::mpsc;

use super::admission::Admitted;
use super::keep_alive::KeepAlive;
use super::legacy::refuse;
use super::service::Shared;
use super::session::{SessionId, shrink};
use super::{HttpBody, Response, events, read, status};
use crate::call::Binding;
use crate::principal::Principal;
use crate::server::Connection;

/// Where the stream is opened.
const STREAM: &str = "/sse";
/// Where messages are posted.
const MESSAGES: &str = "/messages";
/// Bytes on their way between the engine and the response.
const PIPE: usize = 64 << 10;
/// Messages that were posted and not read yet. Their bytes are counted with all others in flight.
const WAITING: usize = 64;

/// The streams that are open.
#[derive(Debug, Default)]
pub(super) struct Streams(Mutex<HashMap<SessionId, Inbox>>);

#[derive(Debug)]
struct Inbox {
    principal: Option<Principal>,
    messages: mpsc::Sender<(Bytes, Admitted)>,
}

impl Streams {
    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Inbox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request is one of this transport.
pub(super) fn is_meant(shared: &Shared, parts: &Parts) -> bool {
    shared.options.http_sse && matches!(parts.uri.path(), STREAM | MESSAGES)
}

/// Answers a request whose head is checked.
pub(super) async fn answer<B: Body>(shared: &Arc<Shared>, parts: Arc<Parts>, body: B) -> Response {
    match (parts.uri.path(), &parts.method) {
        (STREAM, &Method::GET) => open(shared, parts),
        (MESSAGES, &Method::POST) => take(shared, &parts, body).await,
        _ => status::bare(StatusCode::METHOD_NOT_ALLOWED),
    }
}

fn open(shared: &Arc<Shared>, parts: Arc<Parts>) -> Response {
    let Ok(id) = SessionId::random() else {
        let error = crate::error::internal("minting a session id", &"the system has no randomness");
        return status::error(StatusCode::INTERNAL_SERVER_ERROR, None, &error);
    };
    let principal = parts.extensions.get::<Principal>().cloned();
    let (messages, posted) = mpsc::channel(WAITING);
    {
        let mut open = shared.sse_2024.lock();
        if open.len() >= shared.legacy.limits.max_sessions {
            return status::overloaded(None);
        }
        open.insert(id, Inbox { principal: principal.clone(), messages });
    }
    let mut first = BytesMut::new();
    // Relative to where the stream is, wherever the service is mounted.
    let endpoint = format!("{}?sessionId={}", &MESSAGES[1..], id.to_text());
    sse::write_event(&mut first, Some("endpoint"), None, endpoint.as_bytes());
    let (outside, inside) = tokio::io::duplex(PIPE);
    let (lines, writer) = tokio::io::split(outside);
    let limits = shared.server.limits();
    events::respond(HttpBody::stream(ConversationState {
        feed: Some(Box::pin(feed(posted, writer))),
        engine: Some(engine(shared, parts, principal, inside)),
        lines,
        decoder: LineDecoder::new(limits.connection.max_outgoing_bytes.saturating_add(1 << 10)),
        first: first.freeze(),
        keep_alive: KeepAlive::new(shared.legacy.limits.keep_alive_interval),
        _place: Place { shared: Arc::clone(shared), id },
    }))
}

/// What answers: it ends when the client has gone, or the service is closed.
fn engine(
    shared: &Arc<Shared>,
    parts: Arc<Parts>,
    principal: Option<Principal>,
    pipe: DuplexStream,
) -> BoxFuture<'static, ()> {
    let (reader, writer) = tokio::io::split(pipe);
    let server = shared.modern.server().clone();
    let closed = shared.modern.drained();
    let mut limits = shared.server.limits().connection.clone();
    limits.shutdown_timeout = shared.server.limits().http.shutdown_timeout;
    let (_, driver) = stream::connect(reader, writer, &limits, |peer| Known {
        inner: Connection::new(server, peer, Binding::Stream),
        parts,
        principal,
    });
    Box::pin(async move {
        if let Err(error) = driver.run(futures::stream::once(closed)).await {
            tracing::debug!(%error, "a conversation over HTTP+SSE ended");
        }
    })
}

/// Writes each message that is posted as a line.
async fn feed(
    mut posted: mpsc::Receiver<(Bytes, Admitted)>,
    mut writer: tokio::io::WriteHalf<DuplexStream>,
) {
    while let Some((line, _admitted)) = posted.recv().await {
        if writer.write_all(&line).await.is_err() {
            return;
        }
    }
}

async fn take<B: Body>(shared: &Arc<Shared>, parts: &Parts, body: B) -> Response {
    let Some(mut admitted) = shared.admission.admit() else { return status::overloaded(None) };
    let mut pairs =
        parts.uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let Some((_, id)) = pairs.find(|(name, _)| *name == "sessionId") else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "sessionId is required: it stands in the endpoint event",
        );
    };
    let principal = parts.extensions.get::<Principal>();
    let inbox = SessionId::parse(id.as_bytes()).and_then(|id| {
        let open = shared.sse_2024.lock();
        let inbox = open.get(&id).filter(|inbox| inbox.principal.as_ref() == principal)?;
        Some(inbox.messages.clone())
    });
    let Some(inbox) = inbox else {
        return refuse(StatusCode::NOT_FOUND, "there is no such session");
    };
    let limits = shared.server.limits();
    let bytes = match read::read(body, limits, &mut admitted).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused,
    };
    if !admitted.becomes_request() {
        return status::overloaded(None);
    }
    if let Err(malformed) = jsonrpc::decode(&bytes, &limits.connection) {
        return status::error(StatusCode::BAD_REQUEST, malformed.id.as_ref(), &malformed.error);
    }
    // It is valid JSON, so line breaks stand between its tokens alone.
    let blank = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
    let line: Vec<u8> = bytes.iter().map(blank).chain([b'\n']).collect();
    match inbox.try_send((line.into(), admitted)) {
        Ok(()) => status::bare(StatusCode::ACCEPTED),
        Err(mpsc::error::TrySendError::Full(_)) => status::overloaded(None),
        Err(mpsc::error::TrySendError::Closed(_)) => {
            refuse(StatusCode::NOT_FOUND, "there is no such session")
        }
    }
}

/// The connection, with what is known of who opened the stream.
struct Known {
    inner: Connection,
    parts: Arc<Parts>,
    principal: Option<Principal>,
}

impl Service for Known {
    async fn call(&self, mut request: Request) -> Reply {
        request.extensions.insert_shared(Arc::clone(&self.parts));
        if let Some(principal) = &self.principal {
            request.extensions.insert(principal.clone());
        }
        self.inner.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}

impl Conversation for Known {
    fn accepts_batches(&self) -> bool {
        self.inner.accepts_batches()
    }

    fn draining(&self) {
        self.inner.draining();
    }
}

/// The place of a stream among those that are open.
struct Place {
    shared: Arc<Shared>,
    id: SessionId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.shared.sse_2024.lock();
        open.remove(&self.id);
        shrink(&mut open);
    }
}

/// The body of a stream, which runs the conversation.
struct ConversationState {
    feed: Option<BoxFuture<'static, ()>>,
    engine: Option<BoxFuture<'static, ()>>,
    lines: ReadHalf<DuplexStream>,
    decoder: LineDecoder,
    first: Bytes,
    keep_alive: KeepAlive,
    _place: Place,
}

impl ConversationState {
    /// What the engine has written; none at its end.
    fn poll_lines(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut out = BytesMut::new();
        loop {
            while let Some(line) = self.decoder.next_line() {
                if let Line::Frame(frame) = line {
                    sse::write_event(&mut out, Some("message"), None, &frame);
                }
            }
            if out.len() >= PIPE {
                return Poll::Ready(Some(out.freeze()));
            }
            let mut space = [0; 8 << 10];
            let mut buffer = ReadBuf::new(&mut space);
            let read = Pin::new(&mut self.lines).poll_read(cx, &mut buffer);
            match read {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.decoder.space().extend_from_slice(buffer.filled());
                }
                _ if !out.is_empty() => return Poll::Ready(Some(out.freeze())),
                Poll::Ready(_) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Body for ConversationState {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if !this.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.first)))));
        }
        for part in [&mut this.feed, &mut this.engine] {
            if part.as_mut().is_some_and(|part| part.as_mut().poll(cx).is_ready()) {
                *part = None; // Drops its end of the pipe, so that the other one sees the end.
            }
        }
        let chunk = this.poll_lines(cx);
        this.keep_alive.poll_frame(cx, chunk)
    }
}

impl fmt::Debug for ConversationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConversationState")
    }
}
