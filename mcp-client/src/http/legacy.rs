//! A call of the legacy era: a POST in a session, whose stream can be gone on with after a cut. A session that the
//! server has forgotten is begun anew. Spec: basic/transports of 2025-03-26 to 2025-11-25 (SH-1 … SH-10).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode};
use mcp_core::http::names;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::{Reply, Request};
use mcp_core::transport::{TransportError, TransportErrorKind};
use serde::Deserialize;
use tokio::time::sleep;

use super::backoff::Backoff;
use super::exchange::{About, Attempts, Outgoing, Twice, lost};
use super::modern::frame;
use super::reply::{Cursor, media_type};
use super::stack::{HttpBody, HttpError};
use super::transport::Shared;

const INITIALIZE: &str = "initialize";
const INITIALIZED: &str = "notifications/initialized";

/// The session of a client, in the legacy era.
#[derive(Debug, Default)]
pub(super) struct Legacy {
    session: Mutex<Session>,
    /// Held by whoever begins the session anew, so that only one does.
    beginning: tokio::sync::Mutex<()>,
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
        let waiting = CancelOnDrop { shared: self, id: Some(&id) };
        let reply = self.call_in_session(&id, &method, &params).await;
        waiting.answered();
        reply
    }

    async fn call_in_session(self: &Arc<Self>, id: &RequestId, method: &str, params: &JsonBytes) -> Reply {
        let about = About { method: Some(method), name: None, twice: Twice::of(method, false) };
        let body = frame(id, method, params);
        let mut attempts = Attempts::new(self);
        let mut is_renewed = false;
        loop {
            let session = self.legacy.session();
            let headers = self.headers_in(&session);
            let outgoing = Outgoing { method: Method::POST, headers, body: body.clone(), about };
            let response = self.send(&outgoing, &mut attempts).await?;
            if response.status() == StatusCode::NOT_FOUND && session.id.is_some() && !is_renewed {
                // The server did nothing but look for the session.
                self.renew(&session).await?;
                is_renewed = true;
                continue;
            }
            let mut cursor = Cursor::default();
            let mut cut = match self.read(response, id, &mut cursor).await {
                Ok(reply) => return reply,
                Err(cut) => cut,
            };
            if cursor.last.is_some() {
                cut = match self.resume(id, cursor, cut).await {
                    Ok(reply) => return reply,
                    Err(cut) => cut,
                };
            }
            match self.again(&cut, about.twice, &mut attempts) {
                Some(pause) => sleep(pause).await,
                None => return Err(lost(cut, about.twice).into()),
            }
        }
    }

    /// Begins a session.
    async fn initialize(self: &Arc<Self>, id: &RequestId, params: JsonBytes) -> Reply {
        let mut attempts = Attempts::new(self);
        let about = About { method: Some(INITIALIZE), name: None, twice: Twice::Harmless };
        let headers = self.headers.clone();
        let outgoing =
            Outgoing { method: Method::POST, headers, body: frame(id, INITIALIZE, &params), about };
        loop {
            let response = self.send(&outgoing, &mut attempts).await?;
            let session = response.headers().get(names::SESSION_ID).cloned();
            match self.read(response, id, &mut Cursor::default()).await {
                Ok(reply) => {
                    if let Ok(result) = &reply {
                        self.agree(session, params, result)?;
                    }
                    return reply;
                }
                Err(cut) => match self.again(&cut, about.twice, &mut attempts) {
                    Some(pause) => sleep(pause).await,
                    None => return Err(lost(cut, about.twice).into()),
                },
            }
        }
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
    pub(super) async fn renew(self: &Arc<Self>, dead: &Session) -> Result<(), TransportError> {
        let _first = self.legacy.beginning.lock().await;
        let current = self.legacy.session();
        if current.generation != dead.generation {
            return Ok(()); // Another call was first.
        }
        let Some(asked) = current.asked else { return Err(TransportError::closed("there is no session")) };
        tracing::debug!("the server has forgotten the session; beginning another one");
        let id = RequestId::from(format!("initialize-{}", current.generation + 1));
        let began = self.initialize(&id, asked).await.map_err(|error| {
            let message = "the server has forgotten the session, and gives no other one";
            TransportError::because(TransportErrorKind::Closed, message, error)
        })?;
        drop(began);
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
        self.post_notification(self.legacy_headers(), method, params, wait).await?;
        if method == INITIALIZED {
            self.open_standalone();
        }
        Ok(())
    }

    /// Goes on with the stream of a call that was cut (SH-7).
    ///
    /// # Errors
    /// The server has no more of it, or cannot be reached.
    async fn resume(
        self: &Arc<Self>,
        id: &RequestId,
        mut cursor: Cursor,
        mut cut: HttpError,
    ) -> Result<Reply, HttpError> {
        let limits = &self.limits.http_client;
        let mut backoff = Backoff::new(limits);
        let mut in_vain = 0;
        while in_vain < limits.reconnects {
            let wait = cursor.retry.take().unwrap_or_else(|| backoff.pause());
            sleep(wait.min(limits.longest_retry)).await;
            let before = cursor.events;
            match self.open_stream(cursor.last.as_deref()).await {
                Ok(response) if is_stream(&response) => {
                    match self.read_events(response.into_body(), Some(id), &mut cursor).await {
                        Ok(reply) => return Ok(reply),
                        Err(error) => cut = error,
                    }
                }
                Ok(response) => {
                    let status = response.status().as_u16();
                    let missed =
                        format!("the stream was cut, and the server does not go on with it ({status})");
                    return Err(HttpError::lost(missed));
                }
                Err(error) => cut = HttpError::lost(error),
            }
            if cursor.events > before {
                in_vain = 0;
                backoff = Backoff::new(limits);
            } else {
                in_vain += 1;
            }
        }
        Err(cut)
    }

    /// Opens a stream of the session, from an event on.
    pub(super) async fn open_stream(&self, last: Option<&str>) -> Result<Response<HttpBody>, TransportError> {
        let mut headers = self.legacy_headers();
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
        self.send(&outgoing, &mut Attempts::none(self)).await
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
        if let Err(error) = self.send(&outgoing, &mut Attempts::none(self)).await {
            tracing::debug!(%error, "the session was not ended");
        }
    }
}

pub(super) fn is_stream<B>(response: &Response<B>) -> bool {
    response.status().is_success() && media_type(response.headers()).eq_ignore_ascii_case(names::EVENT_STREAM)
}

/// Tells the server that nobody waits any more: a closed stream does not say so in this era (SH-10).
struct CancelOnDrop<'a> {
    shared: &'a Arc<Shared>,
    id: Option<&'a RequestId>,
}

impl CancelOnDrop<'_> {
    fn answered(mut self) {
        self.id = None;
    }
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id, tokio::runtime::Handle::try_current()) else { return };
        let Ok(params) = JsonBytes::new(&serde_json::json!({ "requestId": id })) else { return };
        let shared = Arc::clone(self.shared);
        runtime.spawn(async move {
            if let Err(error) = shared.notify_legacy("notifications/cancelled", &params).await {
                tracing::debug!(%error, "a cancellation did not reach the server");
            }
        });
    }
}
