//! The session of the legacy era: how it begins, how it is begun anew when the server has forgotten it, what is sent
//! in it besides calls, and how it ends. Spec: basic/transports of 2025-03-26 to 2025-11-25, "Session Management" (SH-5,
//! SH-8, SH-9).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Response};
use mcp_core::http::names;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::{CallError, Reply};
use mcp_core::transport::{TransportError, TransportErrorKind};
use serde::Deserialize;
use tokio::sync::watch;

use super::awaited::Awaited;
use super::exchange::{About, Attempts, Failure, Outgoing, Twice, pause_after, renumbered};
use super::modern::frame;
use super::reply::{Cursor, media_type};
use super::stack::HttpBody;
use super::transport::Shared;

pub(super) const INITIALIZE: &str = "initialize";
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

impl Shared {
    /// The header fields of a POST in the session.
    pub(super) fn legacy_headers(&self) -> HeaderMap {
        self.headers_in(&self.legacy.session())
    }

    pub(super) fn headers_in(&self, session: &Session) -> HeaderMap {
        let mut headers = self.headers.clone();
        if let Some(id) = &session.id {
            headers.insert(names::SESSION_ID, id.clone());
        }
        if let Some(version) = &session.version {
            headers.insert(names::PROTOCOL_VERSION, version.clone());
        }
        headers
    }

    /// Begins a session.
    pub(super) async fn initialize(self: &Arc<Self>, id: &RequestId, params: JsonBytes) -> Reply {
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
        if id
            .as_ref()
            .is_some_and(|id| id.is_empty() || !id.as_bytes().iter().all(u8::is_ascii_graphic))
        {
            let message = "the server's session id holds more than visible ASCII";
            return Err(TransportError::new(TransportErrorKind::Protocol, message));
        }
        let version =
            result.parse::<Agreed>().ok().and_then(|agreed| agreed.version.try_into().ok());
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

    async fn renew_once(
        self: &Arc<Self>,
        dead: u64,
        failed_before: u64,
    ) -> Result<(), TransportError> {
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
        let Some(asked) = before.asked else {
            return Err(TransportError::closed("there is no session"));
        };
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
            let message =
                "the server has forgotten the session, and speaks another revision in the new one";
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
        let outgoing =
            Outgoing { method: Method::GET, headers, body: Bytes::new(), about: About::STREAM };
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
        let outgoing =
            Outgoing { method: Method::DELETE, headers, body: Bytes::new(), about: About::STREAM };
        if let Err(error) = self.send_unnumbered(None, &outgoing, &mut Attempts::none(self)).await {
            tracing::debug!(%error, "the session was not ended");
        }
    }
}

pub(super) fn is_stream<B>(response: &Response<B>) -> bool {
    response.status().is_success()
        && media_type(response.headers()).eq_ignore_ascii_case(names::EVENT_STREAM)
}
