//! HTTP+SSE, the transport of 2024-11-05: one stream of events from the server, and a URL that it names for what the
//! client sends. To the engine it is a byte stream like any other: each event is a line, each line a POST.
//! Spec: 2024-11-05 basic/transports, "HTTP with SSE" (SSE-1).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use futures::StreamExt as _;
use futures::channel::mpsc;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, Uri};
use mcp_core::codec::sse::EventDecoder;
use mcp_core::http::names;
use mcp_core::method::RetrySafety;
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::exchange::{Attempts, Outgoing, RequestInfo, shown};
use super::session::is_stream;
use super::stack::HttpBody;
use super::transport::{HttpTransport, Shared};
use super::url::resolve;

/// How long the server may take to say where messages go.
const ENDPOINT_WAIT: Duration = Duration::from_secs(10);
/// How long a POST holds up the next one. Some servers answer it only when the work is done.
const IN_ORDER: Duration = Duration::from_millis(500);
/// Most messages that wait to be sent.
const MOST_WAITING: usize = 64;
/// Most messages that are on their way at a time.
const MOST_POSTS: usize = 256;

impl HttpTransport {
    /// Opens a stream and learns where messages go.
    ///
    /// # Errors
    /// When the server has no such stream, or wants messages sent to another origin.
    pub(crate) async fn open_sse_2024(&self) -> Result<(Events, Posts), TransportError> {
        let shared = &self.0;
        let mut headers = shared.headers.clone();
        headers.remove(CONTENT_TYPE);
        headers.insert(ACCEPT, HeaderValue::from_static(names::EVENT_STREAM));
        let outgoing = Outgoing {
            method: Method::GET,
            headers,
            body: Bytes::new(),
            about: RequestInfo::STREAM,
        };
        let mut attempts = Attempts::new(shared);
        let opened =
            shared.within(ENDPOINT_WAIT, shared.send_unnumbered(None, &outgoing, &mut attempts));
        let response = opened.await??;
        if !is_stream(&response) {
            let status = response.status().as_u16();
            return Err(TransportError::refused(
                status,
                format!("the server has no stream of events ({status})"),
            ));
        }
        let limit = shared.limits.connection.max_message_bytes;
        let (end, ended) = tokio::sync::mpsc::channel(1);
        let mut events = Events::new(response.into_body(), limit, ended);
        let reference = timeout(ENDPOINT_WAIT, events.endpoint()).await.map_err(|_| {
            let message = format!(
                "the server's stream did not begin with an endpoint within {ENDPOINT_WAIT:?}"
            );
            TransportError::new(TransportErrorKind::Protocol, message)
        })?;
        let reference =
            reference.map_err(|error| TransportError::io("reading the server's stream", error))?;
        let target = resolve(shared.endpoint.uri(), &reference)
            .filter(|target| shared.endpoint.is_same_origin(target));
        let Some(target) = target else {
            let message = format!(
                "the server wants messages sent elsewhere ({}): refused",
                shown(&reference)
            );
            return Err(TransportError::new(TransportErrorKind::Protocol, message));
        };
        Ok((events, Posts::new(Arc::clone(shared), target, end)))
    }
}

/// The server's messages, a line each.
pub(crate) struct Events {
    body: HttpBody,
    decoder: EventDecoder,
    line: Bytes,
    /// Says that nothing that comes is for anybody any more: the client closed its side, or a message of it was
    /// lost, with the reason.
    ended: tokio::sync::mpsc::Receiver<io::Error>,
}

impl Events {
    fn new(body: HttpBody, limit: usize, ended: tokio::sync::mpsc::Receiver<io::Error>) -> Self {
        Self { body, decoder: EventDecoder::new(limit), line: Bytes::new(), ended }
    }

    /// The data of the first event, which must be the endpoint.
    async fn endpoint(&mut self) -> io::Result<String> {
        loop {
            if let Some(event) = self.decoder.next_event().map_err(io::Error::other)? {
                if event.name.as_deref() != Some("endpoint") {
                    return Err(io::Error::other("the stream does not begin with an endpoint"));
                }
                return String::from_utf8(event.data.to_vec()).map_err(io::Error::other);
            }
            match self.body.chunk().await.map_err(io::Error::other)? {
                Some(chunk) => self.decoder.push(&chunk),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// The next message as a line; an empty one at the end.
    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        loop {
            while let Some(event) = self.decoder.next_event().map_err(io::Error::other)? {
                let is_message = event.name.as_deref().is_none_or(|name| name == "message");
                if is_message && !event.data.is_empty() {
                    let mut line = BytesMut::from(event.data);
                    // Between tokens a line break is a space, and there is none within.
                    line.iter_mut()
                        .filter(|byte| matches!(byte, b'\n' | b'\r'))
                        .for_each(|byte| *byte = b' ');
                    line.extend_from_slice(b"\n");
                    return Poll::Ready(Ok(line.freeze()));
                }
            }
            if let Poll::Ready(ended) = self.ended.poll_recv(cx) {
                return Poll::Ready(ended.map_or(Ok(Bytes::new()), Err));
            }
            match ready!(self.body.poll_chunk(cx)).map_err(io::Error::other)? {
                Some(chunk) => self.decoder.push(&chunk),
                None => return Poll::Ready(Ok(Bytes::new())),
            }
        }
    }
}

impl AsyncRead for Events {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.line.is_empty() {
            self.line = ready!(self.poll_line(cx))?;
        }
        let length = self.line.len().min(buffer.remaining());
        buffer.put_slice(&self.line[..length]);
        self.line.advance(length);
        Poll::Ready(Ok(()))
    }
}

/// The client's messages: each line that is written becomes a POST.
pub(crate) struct Posts {
    unsent: BytesMut,
    queue: Option<mpsc::Sender<Bytes>>,
    /// Dropped when the client has no more messages, which ends the events.
    end: Option<tokio::sync::mpsc::Sender<io::Error>>,
}

impl Posts {
    fn new(shared: Arc<Shared>, target: Uri, end: tokio::sync::mpsc::Sender<io::Error>) -> Self {
        let (queue, lines) = mpsc::channel(MOST_WAITING);
        tokio::spawn(post_lines(shared, target, lines, end.downgrade()));
        Self { unsent: BytesMut::new(), queue: Some(queue), end: Some(end) }
    }

    /// Hands complete lines over, waiting for room.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        while let Some(end) = memchr::memchr(b'\n', &self.unsent) {
            let Some(queue) = &mut self.queue else {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            };
            ready!(queue.poll_ready(cx)).map_err(gone)?;
            let line = self.unsent.split_to(end + 1).freeze();
            queue.start_send(line.slice(..end)).map_err(gone)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Posts {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(cx))?;
        self.unsent.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        self.queue = None;
        self.end = None;
        Poll::Ready(Ok(()))
    }
}

/// Posts lines in their order, without letting a slow answer hold up the next line for long. The first one that does
/// not arrive ends the conversation, and says why.
async fn post_lines(
    shared: Arc<Shared>,
    target: Uri,
    mut lines: mpsc::Receiver<Bytes>,
    end: tokio::sync::mpsc::WeakSender<io::Error>,
) {
    let mut slow = JoinSet::new();
    loop {
        let posted = tokio::select! {
            biased;
            Some(posted) = slow.join_next() => Some(posted),
            line = lines.next(), if slow.len() < MOST_POSTS => match line {
                None => break,
                Some(line) => {
                    let (shared, target) = (Arc::clone(&shared), target.clone());
                    slow.spawn(async move { shared.post_to(target, line).await });
                    timeout(IN_ORDER, slow.join_next()).await.ok().flatten()
                }
            },
        };
        if let Some(Ok(Err(error))) = posted {
            tracing::warn!(%error, "a message did not reach the server");
            if let Some(end) = end.upgrade() {
                drop(end.try_send(io::Error::other(error))); // The first reason is the one that counts.
            }
            return;
        }
    }
    // The last ones may still be on their way. Those that the server answers when the work is done are waited for by
    // nobody any more.
    let arrived = async { while slow.join_next().await.is_some() {} };
    if timeout(shared.limits.http.shutdown_timeout, arrived).await.is_err() {
        tracing::debug!("the server did not answer the last messages");
    }
}

impl Shared {
    async fn post_to(&self, target: Uri, body: Bytes) -> Result<(), TransportError> {
        let headers = self.headers.clone();
        let about = RequestInfo { method: None, name: None, retry: RetrySafety::Unsafe };
        let outgoing = Outgoing { method: Method::POST, headers, body, about };
        let response =
            self.send_unnumbered(Some(target), &outgoing, &mut Attempts::new(self)).await?;
        let status = response.status().as_u16();
        if response.status().is_success() {
            return Ok(());
        }
        Err(TransportError::refused(status, format!("the server refused a message with {status}")))
    }
}
