//! One POST of a session: where its handlers speak to, what its response becomes, and what happens
//! when its client disconnects.
//!
//! The response is plain JSON until a handler says something else first; then it is an event
//! stream, which carries what the handler says, what it asks, and the answer at its end (SH-3).
//! What is said in a call goes on that call's stream and on no other (SH-6).
//! Spec: basic/transports (2025-03-26 … 2025-11-25), Sending Messages to the Server.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::AbortHandle;
use futures::task::AtomicWaker;
use http::StatusCode;
use mcp_core::jsonrpc::{ErrorObject, ErrorTable, RequestId, code};
use mcp_core::service::{Notification, Reply, Request, Service, write_reply};
use mcp_core::sync::Mutex;
use mcp_core::transport::TransportError;

use super::ask::{ask, tell};
use super::session::{Detached, Entry};
use super::stream::{EventStream, Reader};
use crate::call::ResumableStream;
use crate::http::admission::{Admitted, Full};
use crate::http::response::body::Response;
use crate::http::response::status;
use crate::http::shared::Shared;

/// One POST, while its response is not complete.
pub(crate) struct Exchange {
    shared: Arc<Shared>,
    entry: Arc<Entry>,
    /// Whether the client reads event streams as responses.
    accepts_events: bool,
    /// The requests that it answers, where another instance may have to answer them.
    requests: Box<[RequestId]>,
    response: Mutex<ResponseState>,
    waiter: AtomicWaker,
    stream: OnceLock<Arc<EventStream>>,
    work: Mutex<Work>,
    /// Why the calls were cancelled after the client disconnected, where it can learn of it.
    rejection: OnceLock<ErrorObject>,
}

/// What the response to the POST is.
enum ResponseState {
    Undecided,
    /// An event stream. Its reader is kept here until the response is written.
    Stream(Option<Reader>),
    /// One JSON text; `None` when the call was cancelled.
    Whole(Option<Answer>),
    /// The client disconnected before it was decided.
    Abandoned,
}

/// The calls of the POST, and what they occupy.
#[derive(Default)]
struct Work {
    admitted: Option<Admitted>,
    detached: Option<Detached>,
    running: Vec<AbortHandle>,
}

/// What a POST is answered with.
#[derive(Debug)]
pub(super) enum Answer {
    /// The reply to its request.
    Reply(RequestId, Reply),
    /// The array of the answers to a batch.
    Array(Bytes),
}

/// What is written as the response.
#[derive(Debug)]
pub(super) enum Decision {
    /// JSON.
    Whole(Answer),
    /// Events.
    Stream(Reader),
    /// The call was cancelled, and is not answered.
    Cancelled,
}

impl Answer {
    /// The answer as the only content of a response, which has the status of its error.
    pub(super) fn into_response(self, errors: &ErrorTable, max_bytes: usize) -> Response {
        match self {
            Self::Reply(id, reply) => {
                status::reply(&id, reply, max_bytes, |error| status::of(errors, error))
            }
            Self::Array(text) => status::message(StatusCode::OK, text),
        }
    }

    /// The answer as the last event of a stream.
    fn into_text(self, max_bytes: usize) -> Bytes {
        match self {
            Self::Reply(id, reply) => {
                let mut text = BytesMut::new();
                write_reply(&mut text, &id, reply, max_bytes);
                text.freeze()
            }
            Self::Array(text) => text,
        }
    }
}

impl Exchange {
    pub(super) fn new(
        shared: &Arc<Shared>,
        entry: &Arc<Entry>,
        accepts_events: bool,
        requests: Box<[RequestId]>,
    ) -> Arc<Self> {
        Arc::new(Self {
            requests,
            shared: Arc::clone(shared),
            entry: Arc::clone(entry),
            accepts_events,
            response: Mutex::new(ResponseState::Undecided),
            waiter: AtomicWaker::new(),
            stream: OnceLock::new(),
            work: Mutex::default(),
            rejection: OnceLock::new(),
        })
    }

    // ---- the handler's side
    // --------------------------------------------------------------------------

    /// Makes the response an event stream, unless it is something else already.
    pub(super) fn begin_stream(&self) -> Option<&Arc<EventStream>> {
        let mut response = self.response.lock();
        match *response {
            ResponseState::Undecided if self.accepts_events => {
                let stream = self
                    .stream
                    .get_or_init(|| self.shared.legacy.new_stream(&self.entry, &self.requests));
                *response = ResponseState::Stream(stream.attach());
                drop(response);
                if !self.entry.open(stream) {
                    stream.end();
                }
                self.waiter.wake();
            }
            ResponseState::Stream(_) => {}
            _ => return None,
        }
        self.stream.get()
    }

    /// Makes the response a text that is at hand, if it is not a stream already: nothing can be
    /// said in this exchange any more.
    pub(super) fn close(&self) -> bool {
        let mut response = self.response.lock();
        let is_undecided = matches!(*response, ResponseState::Undecided);
        if is_undecided {
            *response = ResponseState::Whole(None);
        }
        is_undecided
    }

    /// The stream, where the response is one.
    pub(super) fn stream(&self) -> Option<&Arc<EventStream>> {
        let is_stream = matches!(*self.response.lock(), ResponseState::Stream(_));
        self.stream.get().filter(|_| is_stream)
    }

    /// The work is over. Without an answer it was cancelled.
    pub(super) async fn finish(&self, answer: Option<Answer>) {
        let is_stream = {
            let mut response = self.response.lock();
            match *response {
                ResponseState::Undecided => {
                    *response = ResponseState::Whole(answer);
                    drop(response);
                    return self.waiter.wake();
                }
                ResponseState::Stream(_) => true,
                ResponseState::Whole(_) | ResponseState::Abandoned => false,
            }
        };
        self.waiter.wake();
        if let Some(stream) = self.stream.get().filter(|_| is_stream) {
            let max_bytes = self.shared.server.limits().connection.max_outgoing_bytes;
            stream.finish(answer.map(|answer| answer.into_text(max_bytes))).await;
            self.entry.close(stream);
        }
    }

    /// Where something is written: the stream of this call, or, once that is over, the standalone
    /// stream if a client reads it.
    fn outlet(&self) -> Option<Arc<EventStream>> {
        if let Some(stream) = self.begin_stream()
            && !stream.has_ended()
        {
            return Some(Arc::clone(stream));
        }
        self.entry.standalone().filter(|stream| stream.is_read())
    }

    // ---- the client's side
    // ---------------------------------------------------------------------------

    /// Waits until it is clear what the response is. After `upgrade_delay` it is a stream, so that
    /// keep-alives flow. Dropping the future means that the client disconnected.
    pub(super) async fn decide(&self, upgrade_delay: Duration) -> Decision {
        let abandon = Abandon(self);
        let decided = || {
            poll_fn(|cx| {
                self.waiter.register(cx.waker());
                self.poll_decided()
            })
        };
        let decision = match tokio::time::timeout(upgrade_delay, decided()).await {
            Ok(decision) => decision,
            Err(_) => {
                self.begin_stream();
                decided().await
            }
        };
        std::mem::forget(abandon);
        decision
    }

    fn poll_decided(&self) -> Poll<Decision> {
        let decision = match &mut *self.response.lock() {
            ResponseState::Stream(reader) => reader.take().map(Decision::Stream),
            ResponseState::Whole(answer) => answer.take().map(Decision::Whole),
            ResponseState::Abandoned => None,
            ResponseState::Undecided => return Poll::Pending,
        };
        Poll::Ready(decision.unwrap_or(Decision::Cancelled))
    }

    // ---- calls that outlive their connection
    // ---------------------------------------------------------

    /// Begins work that may outlive the connection. What `admitted` holds is returned when it ends.
    pub(super) fn begin_work(&self, admitted: Admitted, running: Vec<AbortHandle>) {
        let mut work = self.work.lock();
        work.admitted = Some(admitted);
        work.running = running;
    }

    /// Why the calls were cancelled, where the client can still learn of it.
    pub(super) fn rejection(&self) -> Option<ErrorObject> {
        self.rejection.get().cloned()
    }

    /// The client disconnected, or its response is complete.
    ///
    /// Calls that still run are cancelled where their answer cannot be delivered: without sessions,
    /// and without an event store. Otherwise a lost connection does not cancel (SH-10), but such
    /// calls count against limits of their own instead of those of all requests, so that they
    /// cannot keep other clients out.
    fn disconnected(&self) {
        let mut work = self.work.lock();
        if work.admitted.is_none() {
            return;
        }
        if self.entry.is_resumable() && self.shared.legacy.sessions.store.is_some() {
            let Err(full) = self.detach(&mut work) else { return };
            let (whose, limit) = match full {
                Full::All(limit) => ("the server", limit),
                Full::Principal(limit) => ("this session or user", limit),
            };
            let message = format!(
                "cancelled: the client disconnected, and {whose} is at the limit of such calls ({limit})"
            );
            drop(self.rejection.set(ErrorObject::new(code::INTERNAL_ERROR, message)));
        }
        let running = std::mem::take(&mut work.running);
        drop(work);
        for call in running {
            call.abort();
        }
    }

    fn detach(&self, work: &mut Work) -> Result<(), Full> {
        let limits = &self.shared.legacy.limits;
        let detached = Entry::detach(&self.entry, limits.max_detached_calls_per_session)
            .ok_or(Full::Principal("max_detached_calls_per_session"))?;
        if let Some(admitted) = &mut work.admitted {
            admitted.becomes_detached()?;
        }
        work.detached = Some(detached);
        Ok(())
    }
}

/// Cleans up when the client disconnects before it was decided what the response is.
struct Abandon<'a>(&'a Exchange);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        let reader = match &mut *self.0.response.lock() {
            ResponseState::Stream(reader) => reader.take(),
            response => {
                *response = ResponseState::Abandoned;
                None
            }
        };
        drop(reader);
    }
}

/// Held while the client is connected to the response. Dropping it means that the client
/// disconnected, or has read all of it.
pub(super) struct Presence(pub(super) Arc<Exchange>);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.disconnected();
    }
}

/// Completes an exchange on every way out of its POST and its task.
pub(super) struct Finisher(pub(super) Arc<Exchange>);

impl Drop for Finisher {
    fn drop(&mut self) {
        let exchange = &self.0;
        let mut response = exchange.response.lock();
        if matches!(*response, ResponseState::Undecided) {
            *response = ResponseState::Whole(None);
        }
        drop(response);
        exchange.waiter.wake();
        if let Some(stream) = exchange.stream.get() {
            stream.end();
            exchange.entry.close(stream);
        }
        let work = std::mem::take(&mut *exchange.work.lock());
        drop(work); // Returns the permits.
    }
}

/// The way from a handler to the client.
impl Service for Exchange {
    async fn call(&self, request: Request) -> Reply {
        if !self.entry.has_client() {
            let reason = "this server keeps no sessions, so it cannot ask the client anything";
            return Err(TransportError::closed(reason).into());
        }
        let stream =
            self.outlet().ok_or_else(|| TransportError::closed("no stream leads to the client"))?;
        ask(&self.entry, &stream, &request, &self.shared.server.limits().connection).await
    }

    async fn notify(&self, notification: Notification) {
        let Some(stream) = self.outlet() else { return };
        tell(&stream, &notification, &self.shared.server.limits().connection).await;
    }
}

impl ResumableStream for Exchange {
    fn close(&self, retry: Option<Duration>) -> bool {
        if !self.entry.revision().rules().stream_polling || !self.entry.is_resumable() {
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
    use super::Bytes;
    use crate::http::HttpService;
    use crate::http::response::body::Response;
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
    #[expect(deprecated, reason = "logging is the shortest way to say something")]
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
