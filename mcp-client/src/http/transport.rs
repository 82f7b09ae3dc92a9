//! Streamable HTTP as a service: each call is a POST of its own, and the future of the call reads its answer. There
//! is no task in between.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::Limits;
use bytes::BytesMut;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use mcp_core::http::names;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::write_notification;
use mcp_core::meta::PROTOCOL_VERSION;
use mcp_core::method::{Method as _, RetrySafety, ToolsList};
use mcp_core::revision::Era;
use mcp_core::service::{CatchPanic, Notification, Reply, Request, Service};
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::authorizer::Authorizer;
use super::endpoint::Endpoint;
use super::exchange::{Attempts, Outgoing, RequestInfo, retry_safety};
use super::incoming::Incoming;
use super::mirror::Mirrors;
use super::session::Legacy;
use super::stack::HttpStack;
use crate::inbound::Inbound;

/// How a server is reached.
#[derive(Clone)]
pub(crate) struct HttpSettings {
    pub(crate) stack: Arc<dyn HttpStack>,
    pub(crate) authorizer: Option<Arc<dyn Authorizer>>,
    /// Header fields of every request.
    pub(crate) headers: HeaderMap,
}

impl Default for HttpSettings {
    fn default() -> Self {
        let mut headers = HeaderMap::new();
        let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        Self { stack: Arc::new(super::network::Network::new()), authorizer: None, headers }
    }
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("authorizer", &self.authorizer.is_some())
            .finish_non_exhaustive()
    }
}

/// The way to a server over HTTP.
#[derive(Clone)]
pub(crate) struct HttpTransport(pub(super) Arc<Shared>);

/// What the calls of one client share.
pub(super) struct Shared {
    pub(super) endpoint: Endpoint,
    pub(super) stack: Arc<dyn HttpStack>,
    pub(super) authorizer: Option<Arc<dyn Authorizer>>,
    /// Header fields of every POST.
    pub(super) headers: HeaderMap,
    pub(super) limits: Limits,
    pub(super) inbound: Arc<Inbound>,
    /// The client's side, whose bugs stay its own.
    pub(super) local: CatchPanic<Arc<Inbound>>,
    pub(super) legacy: Legacy,
    pub(super) mirrors: Mirrors,
    pub(super) incoming: Incoming,
    /// Places for requests of the server that are answered at a time.
    pub(super) places: Arc<Semaphore>,
    /// Set when the client is done.
    pub(super) closed: watch::Sender<bool>,
    /// Tasks that end with the client.
    pub(super) standalone: Mutex<Option<tokio::task::AbortHandle>>,
}

impl HttpTransport {
    pub(crate) fn new(
        endpoint: Endpoint,
        settings: &HttpSettings,
        limits: &Limits,
        inbound: &Arc<Inbound>,
    ) -> Self {
        let mut headers = settings.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(names::JSON));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        Self(Arc::new(Shared {
            endpoint,
            stack: Arc::clone(&settings.stack),
            authorizer: settings.authorizer.clone(),
            headers,
            limits: limits.clone(),
            inbound: Arc::clone(inbound),
            local: CatchPanic::new(Arc::clone(inbound)),
            legacy: Legacy::default(),
            mirrors: Mirrors::default(),
            incoming: Incoming::default(),
            places: Arc::new(Semaphore::new(limits.connection.max_in_flight_requests)),
            closed: watch::Sender::new(false),
            standalone: Mutex::default(),
        }))
    }

    /// Waits until the server can tell what belongs to no call, in a session of the legacy era.
    pub(crate) async fn listening(&self) {
        self.0.listening().await;
    }

    /// A cached result is used in place of a request: learns the mirrored arguments of its tools
    /// (HDR-10).
    pub(crate) fn reused(&self, method: &str, result: &JsonBytes) {
        if method == ToolsList::NAME {
            let max_tools = self.0.limits.http.max_mirrored_tools;
            drop(self.0.mirrors.learn(result.clone(), max_tools));
        }
    }

    /// Ends the session of the legacy era, and all streams.
    pub(crate) async fn close(&self) {
        self.0.stop();
        let farewell = self.0.limits.http.shutdown_timeout;
        if timeout(farewell, self.0.end_session()).await.is_err() {
            tracing::debug!("the server did not answer the end of the session");
        }
    }

    /// As [`HttpTransport::close`], without waiting.
    pub(crate) fn abandon(&self) {
        self.0.stop();
        if self.0.legacy.has_session()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let transport = self.clone();
            runtime.spawn(async move { transport.close().await });
        }
    }
}

impl Shared {
    fn stop(&self) {
        self.closed.send_replace(true);
        self.incoming.abort();
        self.places.close();
        let standalone =
            self.standalone.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(task) = standalone {
            task.abort();
        }
    }

    pub(super) fn check_length(&self, length: usize) -> Result<(), TransportError> {
        let longest = self.limits.connection.max_outgoing_bytes;
        if length <= longest {
            return Ok(());
        }
        let message = format!("the message has {length} bytes; at most {longest} are sent");
        Err(TransportError::new(TransportErrorKind::TooLong, message))
    }

    /// Waits for something, but not for long. Time that the user takes, to log in or to answer, does not count.
    pub(super) async fn within<F: Future>(
        &self,
        wait: Duration,
        work: F,
    ) -> Result<F::Output, TransportError> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.inbound.handling.silence(wait) => {
                let message = format!("the server did not answer within {wait:?}");
                Err(TransportError::new(TransportErrorKind::Io, message))
            }
        }
    }

    /// Sends a message that has no answer, within a time.
    pub(super) async fn post_notification(
        &self,
        headers: HeaderMap,
        method: &str,
        params: &JsonBytes,
        wait: Duration,
    ) -> Result<(), TransportError> {
        let mut body = BytesMut::with_capacity(params.as_bytes().len() + 96);
        write_notification(&mut body, method, params.as_bytes());
        let about = RequestInfo { method: Some(method), name: None, retry: RetrySafety::Safe };
        let outgoing = Outgoing { method: Method::POST, headers, body: body.freeze(), about };
        let mut attempts = Attempts::new(self);
        let response =
            self.within(wait, self.send_unnumbered(None, &outgoing, &mut attempts)).await??;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        Err(TransportError::refused(
            status.as_u16(),
            format!("the server answered {}", status.as_u16()),
        ))
    }
}

impl Service for HttpTransport {
    async fn call(&self, request: Request) -> Reply {
        self.0.check_length(request.params.as_bytes().len())?;
        let mut closed = self.0.closed.subscribe();
        if *closed.borrow() {
            return Err(TransportError::closed("the client is closed").into());
        }
        let is_harmful = retry_safety(&request.method, false) == RetrySafety::Unsafe;
        let call = async {
            match version_of(&request.params) {
                Some(version) => self.0.call_modern(request, version).await,
                None => self.0.call_legacy(request).await,
            }
        };
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => {
                let error = TransportError::closed("the client was closed meanwhile");
                Err(if is_harmful { error.outcome_unknown() } else { error }.into())
            }
            reply = call => reply,
        }
    }

    async fn notify(&self, notification: Notification) {
        let Notification { method, params, .. } = notification;
        let shared = &self.0;
        let modern = shared.inbound.revision.get().filter(|revision| revision.era() == Era::Modern);
        let sent = match modern {
            // A closed stream says it there (CAN-2).
            Some(_) if method == "notifications/cancelled" => Ok(()),
            Some(revision) => {
                let mut headers = shared.headers.clone();
                headers
                    .insert(names::PROTOCOL_VERSION, HeaderValue::from_static(revision.as_str()));
                if let Ok(name) = HeaderValue::try_from(&*method) {
                    headers.insert(names::METHOD, name);
                }
                shared
                    .post_notification(
                        headers,
                        &method,
                        &params,
                        shared.limits.http.shutdown_timeout,
                    )
                    .await
            }
            None => shared.notify_legacy(&method, &params).await,
        };
        if let Err(error) = sent {
            tracing::debug!(%method, %error, "a notification was not sent");
        }
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("endpoint", &self.0.endpoint).finish_non_exhaustive()
    }
}

/// The revision that a request names in its `_meta`, as a header field says it; none for a legacy one.
fn version_of(params: &JsonBytes) -> Option<HeaderValue> {
    memchr::memmem::find(params.as_bytes(), PROTOCOL_VERSION.as_bytes())?;
    let [meta] = params.members(["_meta"]).ok()?;
    let [version] = meta?.members([PROTOCOL_VERSION]).ok()?;
    // A revision is a date, without escapes.
    let quoted = version?.into_bytes();
    let inner = quoted.len().checked_sub(1).filter(|end| *end > 0)?;
    HeaderValue::from_maybe_shared(quoted.slice(1..inner)).ok()
}
