//! One POST of the legacy era: where its handler speaks to, and what its answer becomes.
//!
//! The answer is plain JSON until the handler says something else first; then it is a stream of events, which
//! carries what the handler says, what it asks, and the answer at its end (SH-3). What is said in a call goes on
//! that call's stream and on no other (SH-6).
//! Spec: basic/transports (2025-03-26 … 2025-11-25), Sending Messages to the Server.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::FutureExt as _;
use futures::task::AtomicWaker;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{RequestId, write_notification, write_request};
use mcp_core::service::{Notification, Reply, Request, Service};
use mcp_core::transport::{TransportError, TransportErrorKind};

use super::event_store::StreamKey;
use super::service::Shared;
use super::session::Entry;
use super::stream::{EventStream, Kept, Reader};
use crate::call::ResumableStream;

/// One POST, while its answer is not complete.
pub(crate) struct Exchange {
    shared: Arc<Shared>,
    entry: Arc<Entry>,
    /// Whether the client reads streams of events as answers.
    takes_events: bool,
    answer: Mutex<Answer>,
    waiter: AtomicWaker,
    stream: OnceLock<Arc<EventStream>>,
}

/// What the answer to the POST is.
enum Answer {
    /// Not decided.
    Open,
    /// A stream of events. The place to read it is kept here until the response is written.
    Stream(Option<Reader>),
    /// One JSON text; none when the call was cancelled.
    Whole(Option<Bytes>),
    /// The client left before it was decided.
    Left,
}

/// What is written as the response.
#[derive(Debug)]
pub(super) enum Decision {
    /// JSON.
    Whole(Bytes),
    /// Events.
    Stream(Reader),
    /// The call was cancelled, and is not answered.
    Cancelled,
}

impl Exchange {
    pub(super) fn new(shared: &Arc<Shared>, entry: &Arc<Entry>, takes_events: bool) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::clone(shared),
            entry: Arc::clone(entry),
            takes_events,
            answer: Mutex::new(Answer::Open),
            waiter: AtomicWaker::new(),
            stream: OnceLock::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ---- the handler's side --------------------------------------------------------------------------

    /// The answer becomes a stream of events, unless it is something else already.
    pub(super) fn begin_stream(&self) -> Option<&Arc<EventStream>> {
        let mut answer = self.lock();
        match *answer {
            Answer::Open if self.takes_events => {
                let stream = self.stream.get_or_init(|| self.shared.legacy.new_stream(&self.entry));
                *answer = Answer::Stream(stream.attach());
                drop(answer);
                if !self.entry.open(stream) {
                    stream.end();
                }
                self.waiter.wake();
            }
            Answer::Stream(_) => {}
            _ => return None,
        }
        self.stream.get()
    }

    /// The answer is a text that is at hand, if it is not a stream already: nothing can be said in this
    /// exchange any more.
    pub(super) fn close(&self) -> bool {
        let mut answer = self.lock();
        let is_open = matches!(*answer, Answer::Open);
        if is_open {
            *answer = Answer::Whole(None);
        }
        is_open
    }

    /// Whether nothing has been said yet.
    fn is_open(&self) -> bool {
        matches!(*self.lock(), Answer::Open)
    }

    /// The call is over: `text` is the answer, none if it was cancelled.
    pub(super) async fn finish(&self, text: Option<Bytes>) {
        let streams = {
            let mut answer = self.lock();
            match *answer {
                Answer::Open => {
                    *answer = Answer::Whole(text.clone());
                    false
                }
                Answer::Stream(_) => true,
                Answer::Whole(_) | Answer::Left => false,
            }
        };
        self.waiter.wake();
        if let Some(stream) = self.stream.get().filter(|_| streams) {
            stream.finish(text).await;
            self.entry.close(stream);
        }
    }

    /// Several answers, each of which is a message of its own where the answer is a stream.
    pub(super) async fn finish_batch(&self, texts: Vec<BytesMut>) {
        if self.is_open() {
            let mut array = BytesMut::from(&b"["[..]);
            for (place, text) in texts.iter().enumerate() {
                array.extend_from_slice(if place == 0 { b"" } else { b"," });
                array.extend_from_slice(text);
            }
            array.extend_from_slice(b"]");
            // Nothing can begin a stream any more: every call of the batch is over.
            return self.finish((!texts.is_empty()).then(|| array.freeze())).await;
        }
        if let Some(stream) = self.stream.get() {
            for text in texts {
                drop(stream.publish(text.freeze()).await);
            }
        }
        self.finish(None).await;
    }

    /// Where something is written: on the stream of this call, or, once that is over, on the standalone
    /// stream if anybody reads it.
    fn way_out(&self) -> Option<Arc<EventStream>> {
        if let Some(stream) = self.begin_stream()
            && !stream.has_ended()
        {
            return Some(Arc::clone(stream));
        }
        self.entry.standalone().filter(|stream| stream.is_read())
    }

    // ---- the client's side ---------------------------------------------------------------------------

    /// Waits until it is clear what the answer is. After `patience` it is a stream, so that keep-alives flow.
    /// Dropping the future means that the client left.
    pub(super) async fn decide(&self, patience: Duration) -> Decision {
        let leave = Leave(self);
        let decided = poll_fn(|cx| {
            self.waiter.register(cx.waker());
            self.poll_decided()
        });
        let decision = match tokio::time::timeout(patience, decided).await {
            Ok(decision) => decision,
            Err(_) => {
                self.begin_stream();
                poll_fn(|cx| {
                    self.waiter.register(cx.waker());
                    self.poll_decided()
                })
                .await
            }
        };
        std::mem::forget(leave);
        decision
    }

    fn poll_decided(&self) -> Poll<Decision> {
        Poll::Ready(match &mut *self.lock() {
            Answer::Stream(reader) => match reader.take() {
                Some(reader) => Decision::Stream(reader),
                None => Decision::Cancelled,
            },
            Answer::Whole(Some(text)) => Decision::Whole(std::mem::take(text)),
            Answer::Whole(None) | Answer::Left => Decision::Cancelled,
            Answer::Open => return Poll::Pending,
        })
    }
}

/// The client has gone before it was decided what to answer.
struct Leave<'a>(&'a Exchange);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let reader = match &mut *self.0.lock() {
            Answer::Stream(reader) => reader.take(),
            answer => {
                *answer = Answer::Left;
                None
            }
        };
        drop(reader);
    }
}

/// The way from a handler to the client.
impl Service for Exchange {
    async fn call(&self, request: Request) -> Reply {
        if self.entry.is_stateless() {
            let reason = "this server keeps no sessions, so it cannot ask the client anything";
            return Err(TransportError::closed(reason).into());
        }
        let stream = self
            .way_out()
            .ok_or_else(|| TransportError::closed("no stream leads to the client"))?;
        let limits = self.shared.server.limits();
        check_length(&request.params, limits.connection.max_outgoing_bytes)?;
        let answer =
            self.entry.expect(request.id.clone(), limits.connection.max_pending_requests)?;
        let mut text = BytesMut::new();
        write_request(&mut text, &request.id, &request.method, request.params.as_bytes());
        let _withdraw = Withdraw { entry: &self.entry, stream: &stream, id: &request.id };
        let closed = |_| TransportError::closed("the session has ended");
        stream
            .publish(text.freeze())
            .await
            .map_err(|_| TransportError::closed("the stream has ended"))?;
        answer.await.map_err(closed)?
    }

    async fn notify(&self, notification: Notification) {
        let Some(stream) = self.way_out() else { return };
        let Notification { method, params, .. } = notification;
        if let Err(error) =
            check_length(&params, self.shared.server.limits().connection.max_outgoing_bytes)
        {
            return tracing::debug!(%method, %error, "a notification was not sent");
        }
        let mut text = BytesMut::new();
        write_notification(&mut text, &method, params.as_bytes());
        drop(stream.publish(text.freeze()).await); // Nobody listens any more.
    }
}

fn check_length(params: &JsonBytes, most: usize) -> Result<(), TransportError> {
    let length = params.as_bytes().len();
    if length <= most {
        return Ok(());
    }
    let message = format!("the message has {length} bytes; at most {most} are sent");
    Err(TransportError::new(TransportErrorKind::TooLong, message))
}

/// Takes a request back when nobody waits for its answer any more.
struct Withdraw<'a> {
    entry: &'a Entry,
    stream: &'a Arc<EventStream>,
    id: &'a RequestId,
}

impl Drop for Withdraw<'_> {
    fn drop(&mut self) {
        if !self.entry.forget(self.id) {
            return;
        }
        let id = serde_json::to_string(self.id).unwrap_or_default();
        let mut text = BytesMut::new();
        let params = format!(r#"{{"requestId":{id}}}"#);
        write_notification(&mut text, "notifications/cancelled", params.as_bytes());
        let stream = Arc::clone(self.stream);
        let mut telling = Box::pin(async move { stream.publish(text.freeze()).await });
        // Mostly there is room; and without a runtime the process is ending.
        if (&mut telling).now_or_never().is_none()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(telling);
        }
    }
}

/// Completes an exchange on every way out of its POST and its task.
pub(super) struct Finisher(pub(super) Arc<Exchange>);

impl Drop for Finisher {
    fn drop(&mut self) {
        let exchange = &self.0;
        let mut answer = exchange.lock();
        if matches!(*answer, Answer::Open) {
            *answer = Answer::Whole(None);
        }
        drop(answer);
        exchange.waiter.wake();
        if let Some(stream) = exchange.stream.get() {
            stream.end();
            exchange.entry.close(stream);
        }
    }
}

impl super::legacy::Legacy {
    /// A stream of a session. Its number is random, for its event ids prove that somebody read it.
    pub(super) fn new_stream(&self, entry: &Entry) -> Arc<EventStream> {
        let store = self.sessions.store.as_ref().filter(|_| !entry.is_stateless());
        let kept = store.and_then(|store| {
            let stream = getrandom::u64().ok()?;
            Some(Kept { key: StreamKey::new(entry.id(), stream), store: Arc::clone(store) })
        });
        EventStream::new(kept, &self.limits)
    }
}

impl ResumableStream for Exchange {
    fn close(&self, retry: Option<Duration>) -> bool {
        if !self.entry.revision().rules().stream_polling || self.entry.is_stateless() {
            return false;
        }
        self.begin_stream().is_some_and(|stream| stream.cut(retry))
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("entry", &self.entry).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::Limits;
    use http::StatusCode;
    use http_body_util::Full;
    use tower_service::Service as _;

    use super::super::session::SessionId;
    use super::super::{HttpService, Response};
    use super::Bytes;
    use crate::server::Server;
    use crate::tool::ToolRoute;

    const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"s","version":"1"}}}"#;
    const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"tell"}}"#;
    const NOTE: &str = r#"[{"jsonrpc":"2.0","method":"notifications/initialized"}]"#;

    async fn post(
        service: &HttpService,
        session: &str,
        accept: &str,
        body: &'static str,
    ) -> Response {
        let request = http::Request::post("/").header("host", "localhost").header("accept", accept);
        let request =
            request.header("content-type", "application/json").header("mcp-session-id", session);
        let request = request.body(Full::<Bytes>::from(body)).unwrap();
        service.clone().call(request).await.unwrap()
    }

    #[tokio::test]
    async fn a_post_that_is_refused_or_not_answered_leaves_no_stream() {
        let tool = ToolRoute::builder("tell").handler(|context: crate::Context| async move {
            context.log(crate::types::LoggingLevel::Error, "the first event").await;
            std::future::pending::<String>().await
        });
        let mut limits = Limits::new();
        limits.connection.max_in_flight_requests = 0;
        let service =
            Server::builder("streams", "1").tool(tool).limits(limits).into_service().unwrap();
        let initialize = http::Request::post("/").header("host", "localhost");
        let initialize = initialize.header("content-type", "application/json");
        let begun = service
            .clone()
            .call(initialize.body(Full::<Bytes>::from(INITIALIZE)).unwrap())
            .await
            .unwrap();
        let id = begun.headers()["mcp-session-id"].to_str().unwrap();
        let entry =
            service.sessions().find(SessionId::parse(id.as_bytes()).unwrap(), None).unwrap();
        for accept in ["text/event-stream", "text/event-stream, application/json"] {
            let refused = post(&service, id, accept, CALL).await;
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(post(&service, id, accept, NOTE).await.status(), StatusCode::ACCEPTED);
            assert_eq!(entry.open_streams(), 0, "{accept}");
        }
    }
}
