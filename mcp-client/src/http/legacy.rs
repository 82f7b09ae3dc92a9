//! A call of the legacy era: a POST in a session, whose stream can be gone on with after a cut. A session that the
//! server has forgotten is begun anew. Spec: basic/transports of 2025-03-26 to 2025-11-25 (SH-1 … SH-10).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode};
use mcp_core::http::names;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::{CallError, Reply, Request};
use mcp_core::transport::{TransportError, TransportErrorKind};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::sleep;

use super::awaited::Awaited;
use super::exchange::{About, Attempts, Failure, Outgoing, Twice, is_transient, pause_after, renumbered};
use super::modern::frame;
use super::reconnect::Reconnect;
use super::reply::{Cursor, media_type};
use super::stack::{HttpBody, HttpError};
use super::transport::Shared;

const INITIALIZE: &str = "initialize";
const INITIALIZED: &str = "notifications/initialized";

/// The session of a client, in the legacy era.
#[derive(Debug, Default)]
pub(super) struct Legacy {
    session: Mutex<Session>,
    pub(super) awaited: Awaited,
    /// Whether the server has said something about the stream of the session: that it is open, or that there is none.
    pub(super) is_listening: watch::Sender<bool>,
    /// Held by whoever begins the session anew, so that only one does; with how the last try failed, for those who
    /// waited for it.
    beginning: tokio::sync::Mutex<Option<TransportError>>,
    /// How often that failed.
    failed: AtomicU64,
}

/// What the server and the client agreed on.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    /// The server's name for it, if it has one.
    id: Option<HeaderValue>,
    /// The revision that was agreed on.
    version: Option<HeaderValue>,
    /// How it was asked for, to ask again.
    asked: Option<JsonBytes>,
    /// Grows with each session.
    generation: u64,
}

impl Session {
    pub(super) fn has_id(&self) -> bool {
        self.id.is_some()
    }
}

impl Legacy {
    fn lock(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn session(&self) -> Session {
        self.lock().clone()
    }

    pub(super) fn has_session(&self) -> bool {
        self.lock().id.is_some()
    }
}

/// What came of sending a call.
enum Attempt {
    Answered(Reply),
    /// The server does not know the session.
    Forgotten,
    /// The connection failed before the answer.
    Cut(HttpError),
}

impl Shared {
    /// The header fields of a POST in the session.
    pub(super) fn legacy_headers(&self) -> HeaderMap {
        self.headers_in(&self.legacy.session())
    }

    fn headers_in(&self, session: &Session) -> HeaderMap {
        let mut headers = self.headers.clone();
        if let Some(id) = &session.id {
            headers.insert(names::SESSION_ID, id.clone());
        }
        if let Some(version) = &session.version {
            headers.insert(names::PROTOCOL_VERSION, version.clone());
        }
        headers
    }

    pub(super) async fn call_legacy(self: &Arc<Self>, request: Request) -> Reply {
        let Request { id, method, params, .. } = request;
        if method == INITIALIZE {
            return self.initialize(&id, params).await;
        }
        let mut waiting = CancelOnDrop { shared: self, id: None };
        let reply = self.call_in_session(&id, &method, &params, &mut waiting).await;
        waiting.id = None;
        reply
    }

    async fn call_in_session(
        self: &Arc<Self>,
        id: &RequestId,
        method: &str,
        params: &JsonBytes,
        waiting: &mut CancelOnDrop<'_>,
    ) -> Reply {
        let about = About { method: Some(method), name: None, twice: Twice::of(method, false) };
        if may_ask(method) && self.inbound.handlers.answer_something() {
            // Some servers ask on the stream of the session what they should ask on that of the call, and what they ask
            // before it is open is lost.
            self.listening().await;
        }
        let mut attempts = Attempts::new(self);
        let (mut sent, mut is_renewed) = (0, false);
        loop {
            let id = renumbered(id, sent);
            sent += 1;
            waiting.id = Some(id.clone());
            let session = self.legacy.session();
            let headers = self.headers_in(&session);
            let outgoing =
                Outgoing { method: Method::POST, headers, body: frame(&id, method, params), about };
            let may_renew = session.has_id() && !is_renewed;
            let mut elsewhere = self.legacy.awaited.wait(&id);
            let attempt = tokio::select! {
                biased;
                attempt = self.try_in_session(&session, &id, &outgoing, &mut attempts, may_renew) => attempt?,
                reply = elsewhere.reply() => return reply,
            };
            match attempt {
                Attempt::Answered(reply) => return reply,
                Attempt::Forgotten => {
                    self.renew(&session).await?;
                    is_renewed = true;
                }
                Attempt::Cut(cut) => pause_after(cut, about.twice, &mut attempts).await?,
            }
        }
    }

    /// Sends a call, and reads its answer from its stream and from those that go on with it.
    async fn try_in_session(
        self: &Arc<Self>,
        session: &Session,
        id: &RequestId,
        outgoing: &Outgoing<'_>,
        attempts: &mut Attempts,
        may_renew: bool,
    ) -> Result<Attempt, TransportError> {
        let mut cursor = Cursor::default();
        let read = match self.send(outgoing, attempts).await {
            // The server did nothing but look for the session.
            Ok(response) if response.status() == StatusCode::NOT_FOUND && may_renew => {
                return Ok(Attempt::Forgotten);
            }
            Ok(response) => self.read(response, id, outgoing.about, &mut cursor).await,
            Err(Failure::Lost(cut)) => Err(cut),
            Err(Failure::Final(error)) => return Err(error),
        };
        Ok(match read {
            Ok(reply) => Attempt::Answered(reply),
            Err(cut) if cursor.last.is_some() => match self.resume(session, id, cursor, cut).await {
                Ok(reply) => Attempt::Answered(reply),
                Err(cut) => Attempt::Cut(cut),
            },
            Err(cut) => Attempt::Cut(cut),
        })
    }

    /// Begins a session.
    async fn initialize(self: &Arc<Self>, id: &RequestId, params: JsonBytes) -> Reply {
        let mut attempts = Attempts::new(self);
        let about = About { method: Some(INITIALIZE), name: None, twice: Twice::Harmless };
        for sent in 0.. {
            let id = renumbered(id, sent);
            let (headers, body) = (self.headers.clone(), frame(&id, INITIALIZE, &params));
            let outgoing = Outgoing { method: Method::POST, headers, body, about };
            let cut = match self.send(&outgoing, &mut attempts).await {
                Ok(response) => {
                    let session = response.headers().get(names::SESSION_ID).cloned();
                    match self.read(response, &id, about, &mut Cursor::default()).await {
                        Ok(reply) => {
                            if let Ok(result) = &reply {
                                self.agree(session, params, result)?;
                            }
                            return reply;
                        }
                        Err(cut) => cut,
                    }
                }
                Err(Failure::Lost(cut)) => cut,
                Err(Failure::Final(error)) => return Err(error.into()),
            };
            pause_after(cut, about.twice, &mut attempts).await?;
        }
        Err(TransportError::closed("the handshake was never answered").into())
    }

    fn agree(
        &self,
        id: Option<HeaderValue>,
        asked: JsonBytes,
        result: &JsonBytes,
    ) -> Result<(), TransportError> {
        #[derive(Deserialize)]
        struct Agreed {
            #[serde(rename = "protocolVersion")]
            version: String,
        }
        if id.as_ref().is_some_and(|id| id.is_empty() || !id.as_bytes().iter().all(u8::is_ascii_graphic)) {
            let message = "the server's session id holds more than visible ASCII";
            return Err(TransportError::new(TransportErrorKind::Protocol, message));
        }
        let version = result.parse::<Agreed>().ok().and_then(|agreed| agreed.version.try_into().ok());
        let mut session = self.legacy.lock();
        *session = Session { id, version, asked: Some(asked), generation: session.generation + 1 };
        Ok(())
    }

    /// Begins a session anew that the server does not know any more (SH-8). What the server kept in it is gone.
    ///
    /// It is done by a task, since the call that found out may be dropped in the middle, and others go on with the
    /// new session.
    pub(super) async fn renew(self: &Arc<Self>, dead: &Session) -> Result<(), TransportError> {
        let (shared, generation) = (Arc::clone(self), dead.generation);
        let failed_before = self.legacy.failed.load(Ordering::Acquire);
        let task = tokio::spawn(async move {
            let mut closed = shared.closed.subscribe();
            tokio::select! {
                biased;
                _ = closed.wait_for(|closed| *closed) => Err(TransportError::closed("the client is closed")),
                renewed = shared.renew_once(generation, failed_before) => renewed,
            }
        });
        task.await.unwrap_or_else(|_| Err(TransportError::closed("the runtime is ending")))
    }

    async fn renew_once(self: &Arc<Self>, dead: u64, failed_before: u64) -> Result<(), TransportError> {
        let mut failure = self.legacy.beginning.lock().await;
        let current = self.legacy.session();
        if current.generation != dead {
            return Ok(()); // Another call was first.
        }
        if let Some(error) = &*failure
            && self.legacy.failed.load(Ordering::Acquire) != failed_before
        {
            return Err(error.clone()); // Another call was first, in vain.
        }
        tracing::debug!("the server has forgotten the session; beginning another one");
        let wait = self.limits.http_client.handshake;
        let renewed = self.within(wait, self.begin_again(current.clone())).await;
        renewed.and_then(|renewed| renewed).inspect_err(|error| {
            // Nobody goes on in a session that was begun by half, or in another revision.
            *self.legacy.lock() = current;
            *failure = Some(error.clone());
            self.legacy.failed.fetch_add(1, Ordering::Release);
        })
    }

    async fn begin_again(self: &Arc<Self>, before: Session) -> Result<(), TransportError> {
        let Some(asked) = before.asked else { return Err(TransportError::closed("there is no session")) };
        // What the server asked in the old session it does not wait for any more.
        self.incoming.abort();
        let id = RequestId::from(format!("initialize-{}", before.generation + 1));
        if let Err(error) = self.initialize(&id, asked).await {
            let message = "the server has forgotten the session, and gives no other one";
            let kind = match &error {
                CallError::Transport(error) => error.kind(),
                _ => TransportErrorKind::Closed,
            };
            return Err(TransportError::because(kind, message, error));
        }
        if self.legacy.session().version != before.version {
            let message = "the server has forgotten the session, and speaks another revision in the new one";
            return Err(TransportError::closed(message));
        }
        self.notify_legacy(INITIALIZED, &JsonBytes::empty_object()).await?;
        self.inbound.session_restarted();
        Ok(())
    }

    pub(super) async fn notify_legacy(
        self: &Arc<Self>,
        method: &str,
        params: &JsonBytes,
    ) -> Result<(), TransportError> {
        let wait = self.limits.http_client.farewell;
        let sent = self.post_notification(self.legacy_headers(), method, params, wait).await;
        if method == INITIALIZED {
            // Though it may not have arrived: the stream says by itself whether it is there.
            self.open_standalone();
        }
        sent
    }

    /// Goes on with the stream of a call that was cut (SH-7).
    ///
    /// # Errors
    /// The server has no more of it, or cannot be reached.
    async fn resume(
        self: &Arc<Self>,
        session: &Session,
        id: &RequestId,
        mut cursor: Cursor,
        mut cut: HttpError,
    ) -> Result<Reply, HttpError> {
        let mut reconnect = Reconnect::new(&self.limits);
        let mut pause = reconnect.pause(&cursor);
        while let Some(wait) = pause {
            // Without an id it would be the stream of the session.
            let Some(last) = cursor.last.as_deref() else { break };
            sleep(wait).await;
            reconnect.begin(&cursor);
            let opened = self.open_stream(session, Some(last)).await;
            let was_open = matches!(&opened, Ok(response) if is_stream(response));
            match opened {
                Ok(response) if was_open => {
                    match self.read_events(response.into_body(), Some(id), &mut cursor).await {
                        Ok(reply) => return Ok(reply),
                        Err(error) => cut = error,
                    }
                }
                Ok(response) => {
                    let status = response.status();
                    cut = HttpError::lost(format!(
                        "the stream was cut, and the server does not go on with it ({})",
                        status.as_u16()
                    ));
                    if !is_transient(status) {
                        return Err(cut);
                    }
                }
                // The next try would end in the same way.
                Err(error)
                    if matches!(
                        error.kind(),
                        TransportErrorKind::Unauthorized | TransportErrorKind::Unsendable
                    ) =>
                {
                    return Err(HttpError::lost(error));
                }
                Err(error) => cut = HttpError::lost(error),
            }
            pause = reconnect.ended(&cursor, was_open);
        }
        Err(cut)
    }

    /// Opens a stream of a session, from an event on.
    pub(super) async fn open_stream(
        &self,
        session: &Session,
        last: Option<&str>,
    ) -> Result<Response<HttpBody>, TransportError> {
        let mut headers = self.headers_in(session);
        headers.remove(CONTENT_TYPE);
        headers.insert(ACCEPT, HeaderValue::from_static(names::EVENT_STREAM));
        if let Some(last) = last {
            let last = HeaderValue::from_bytes(last.as_bytes()).map_err(|_| {
                let message = "the id of the last event cannot stand in a header field";
                TransportError::new(TransportErrorKind::Unsendable, message)
            })?;
            headers.insert(names::LAST_EVENT_ID, last);
        }
        let outgoing = Outgoing { method: Method::GET, headers, body: Bytes::new(), about: About::STREAM };
        self.send_unnumbered(None, &outgoing, &mut Attempts::none(self)).await
    }

    /// Tells the server that the session is over.
    pub(super) async fn end_session(&self) {
        if !self.legacy.has_session() {
            return;
        }
        let mut headers = self.legacy_headers();
        self.legacy.lock().id = None;
        headers.remove(CONTENT_TYPE);
        let outgoing = Outgoing { method: Method::DELETE, headers, body: Bytes::new(), about: About::STREAM };
        if let Err(error) = self.send_unnumbered(None, &outgoing, &mut Attempts::none(self)).await {
            tracing::debug!(%error, "the session was not ended");
        }
    }
}

/// Whether a server may need an answer of the client for a call.
fn may_ask(method: &str) -> bool {
    matches!(method, "tools/call" | "prompts/get" | "resources/read")
}

pub(super) fn is_stream<B>(response: &Response<B>) -> bool {
    response.status().is_success() && media_type(response.headers()).eq_ignore_ascii_case(names::EVENT_STREAM)
}

/// Tells the server that nobody waits any more: a closed stream does not say so in this era (SH-10).
struct CancelOnDrop<'a> {
    shared: &'a Arc<Shared>,
    /// The request, as long as it is waited for.
    id: Option<RequestId>,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (&self.id, tokio::runtime::Handle::try_current()) else { return };
        if *self.shared.closed.borrow() {
            return; // The end of the session says it of all of them.
        }
        let Ok(params) = JsonBytes::new(&serde_json::json!({ "requestId": id })) else { return };
        let shared = Arc::clone(self.shared);
        runtime.spawn(async move {
            if let Err(error) = shared.notify_legacy("notifications/cancelled", &params).await {
                tracing::debug!(%error, "a cancellation did not reach the server");
            }
        });
    }
}
