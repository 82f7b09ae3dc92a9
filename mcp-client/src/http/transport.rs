//! Streamable HTTP as a service: each call is a POST of its own, and the future of the call reads
//! the response. There is no task in between.

use std::fmt;
use std::sync::{Arc, Weak};

use mcp_core::json::JsonBytes;
use mcp_core::method::{self, Initialize, Method as _, RetrySafety, ToolsList, retry_safety};
use mcp_core::revision::Era;
use mcp_core::service::{Notification, Reply, Request, Service, check_outgoing};
use mcp_core::text::PeerText;
use mcp_core::transport::TransportError;
use tokio::time::timeout;

use super::client_side::ClientSide;
use super::endpoint::Endpoint;
use super::legacy::LegacySession;
use super::modern::ModernCalls;
use super::send::Sender;
use super::settings::HttpSettings;
use super::sse_2024::{Events, Posts, open};
use crate::inbound::Inbound;
use crate::limits::Limits;
use mcp_core::http_client::url;

/// The way to a server over HTTP. Clones are cheap.
#[derive(Clone)]
pub(crate) struct HttpTransport(Arc<Inner>);

/// An [`HttpTransport`] that may be gone.
pub(crate) struct WeakTransport(Weak<Inner>);

impl WeakTransport {
    /// The user has logged out.
    pub(crate) fn logged_out(&self) {
        if let Some(inner) = self.0.upgrade() {
            inner.legacy.retire();
        }
    }
}

struct Inner {
    sender: Arc<Sender>,
    modern: ModernCalls,
    legacy: Arc<LegacySession>,
}

impl HttpTransport {
    pub(crate) fn new(
        endpoint: Endpoint,
        settings: &HttpSettings,
        limits: &Limits,
        inbound: &Arc<Inbound>,
    ) -> Self {
        let client = ClientSide::new(inbound);
        let sender = Arc::new(Sender::new(endpoint, settings, limits, client));
        let modern = ModernCalls::new(&sender);
        let legacy = Arc::new(LegacySession::new(&sender));
        Self(Arc::new(Inner { sender, modern, legacy }))
    }

    /// The URL of the server.
    pub(crate) fn url(&self) -> Endpoint {
        self.0.sender.endpoint().clone()
    }

    /// The transport, which it does not keep.
    pub(crate) fn weak(&self) -> WeakTransport {
        WeakTransport(Arc::downgrade(&self.0))
    }

    /// The host and the port of the server.
    pub(crate) fn server(&self) -> Option<(String, u16)> {
        let uri = self.0.sender.endpoint().uri();
        Some((uri.host()?.to_owned(), url::port(uri)?))
    }

    /// Opens the stream of HTTP+SSE at the same URL, and learns where messages are posted to.
    ///
    /// # Errors
    /// The server has no such stream, or wants messages posted to another origin.
    pub(crate) async fn open_sse_2024(&self) -> Result<(Events, Posts), TransportError> {
        open(&self.0.sender).await
    }

    /// Waits until the server can report changes that belong to no call, in a session of the legacy
    /// era.
    pub(crate) async fn listening(&self) {
        self.0.legacy.listen().await;
    }

    /// A cached result is used in place of a request. Calls mirror their arguments as the listed
    /// tools say (HDR-10); tools that must not be offered are removed (HDR-14).
    pub(crate) fn reused(&self, method: &str, result: JsonBytes) -> JsonBytes {
        match method {
            ToolsList::NAME => self.0.modern.learn_tools(result),
            _ => result,
        }
    }

    /// Ends the session of the legacy era, and all streams.
    pub(crate) async fn close(&self) {
        self.stop();
        let wait = self.0.sender.limits().http.shutdown_timeout;
        if timeout(wait, self.0.legacy.end()).await.is_err() {
            tracing::debug!("the server did not answer the end of the session");
        }
    }

    /// As [`HttpTransport::close`], without waiting.
    pub(crate) fn abandon(&self) {
        self.stop();
        if self.0.legacy.has_session()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let transport = self.clone();
            runtime.spawn(async move { transport.close().await });
        }
    }

    fn stop(&self) {
        self.0.sender.close();
        self.0.legacy.stop();
    }

    /// Makes a call in the era of the connection, whatever the `_meta` of the request says.
    async fn call_in_era(&self, request: Request) -> Reply {
        let Inner { sender, modern, legacy } = &*self.0;
        let revision = sender.client().revision();
        let era = match revision {
            Some(revision) => revision.era(),
            None if request.method == Initialize::NAME => Era::Legacy,
            None => Era::Modern,
        };
        match era {
            Era::Modern => modern.call(request, revision).await,
            Era::Legacy => legacy.call(request).await,
        }
    }
}

impl Service for HttpTransport {
    async fn call(&self, request: Request) -> Reply {
        let sender = &self.0.sender;
        let max_bytes = sender.limits().connection.max_outgoing_bytes;
        check_outgoing(request.params.as_bytes().len(), max_bytes)?;
        if sender.is_closed() {
            return Err(TransportError::closed("the client is closed").into());
        }
        let (attached_row, method) = (request.attached_row(), request.method.clone());
        let params = request.params.clone();
        tokio::select! {
            biased;
            () = sender.closed() => {
                let error = TransportError::closed("the client was closed during the call");
                let safety = retry_safety(method::find(&method).or(attached_row), &params);
                Err(if safety == RetrySafety::Unsafe { error.outcome_unknown() } else { error }.into())
            }
            reply = self.call_in_era(request) => reply,
        }
    }

    async fn notify(&self, notification: Notification) {
        let Notification { method, params, .. } = notification;
        let Inner { sender, modern, legacy } = &*self.0;
        let revision = sender.client().revision();
        let sent = match revision.filter(|revision| revision.era() == Era::Modern) {
            Some(revision) => modern.notify(&method, &params, revision).await,
            None => legacy.notify(&method, &params).await,
        };
        if let Err(error) = sent {
            tracing::debug!(method = %PeerText::new(&method), %error, "a notification was not sent");
        }
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.0.sender.endpoint();
        f.debug_struct("HttpTransport").field("endpoint", endpoint).finish_non_exhaustive()
    }
}
