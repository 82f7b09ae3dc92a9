//! Requests in the session: each has the session's id and revision (SH-8, SH-9).

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Response};
use mcp_core::http::names;
use mcp_core::http_client::HttpBody;
use mcp_core::json::JsonBytes;
use mcp_core::sync::Mutex;
use mcp_core::transport::{TransportError, TransportErrorKind};

use super::session::Session;
use crate::http::send::{Attempts, OutgoingRequest, Sender};

/// Sends requests in the session.
pub(super) struct SessionChannel {
    sender: Arc<Sender>,
    session: Mutex<Session>,
}

impl SessionChannel {
    pub(super) fn new(sender: &Arc<Sender>) -> Self {
        Self { sender: Arc::clone(sender), session: Mutex::default() }
    }

    pub(super) fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The session in use.
    pub(super) fn session(&self) -> Session {
        self.session.lock().clone()
    }

    /// Uses another session from now on.
    pub(super) fn replace_session(&self, session: Session) {
        *self.session.lock() = session;
    }

    /// Uses the session that a handshake agreed on.
    pub(super) fn begin_session(
        &self,
        id: Option<HeaderValue>,
        version: Option<HeaderValue>,
        offer: JsonBytes,
    ) {
        let mut session = self.session.lock();
        let generation = session.generation + 1;
        let mut begun = Session { id, version, offer: Some(offer), post_headers: None, generation };
        let mut headers = HeaderMap::clone(&self.sender.post_headers());
        begun.write_headers(&mut headers);
        begun.post_headers = Some(Arc::new(headers));
        *session = begun;
    }

    /// Whether the server has given the session an id.
    pub(super) fn has_session(&self) -> bool {
        self.session.lock().has_id()
    }

    /// The header fields of a POST in the session in use.
    pub(super) fn headers(&self) -> Arc<HeaderMap> {
        self.headers_in(&self.session())
    }

    /// The header fields of a POST in a session.
    pub(super) fn headers_in(&self, session: &Session) -> Arc<HeaderMap> {
        session.post_headers.clone().unwrap_or_else(|| self.sender.post_headers())
    }

    pub(super) async fn post_notification(
        &self,
        method: &str,
        params: &JsonBytes,
    ) -> Result<(), TransportError> {
        let wait = self.sender.limits().http.shutdown_timeout;
        self.sender.post_notification(self.headers(), Vec::new(), method, params, wait).await
    }

    /// Opens a stream of a session, after the event with an id if there is one.
    pub(super) async fn open_stream(
        &self,
        session: &Session,
        last: Option<&str>,
    ) -> Result<Response<HttpBody>, TransportError> {
        let mut headers = self.sender.stream_headers();
        session.write_headers(&mut headers);
        if let Some(last) = last {
            let last = HeaderValue::from_bytes(last.as_bytes()).map_err(|_| {
                let message = "the id of the last event cannot be sent in a header field";
                TransportError::new(TransportErrorKind::Unsendable, message)
            })?;
            headers.insert(names::LAST_EVENT_ID, last);
        }
        let request = OutgoingRequest::bare(Method::GET, headers);
        let mut attempts = Attempts::single(self.sender.limits());
        self.sender.send_without_id(&request, &mut attempts).await
    }

    /// Ends the session.
    pub(super) async fn end_session(&self) {
        let session = {
            let mut session = self.session.lock();
            let ended = session.clone();
            session.id = None;
            ended
        };
        if !session.has_id() {
            return;
        }
        let mut headers = HeaderMap::clone(&self.headers_in(&session));
        headers.remove(CONTENT_TYPE);
        let request = OutgoingRequest::bare(Method::DELETE, headers);
        let mut attempts = Attempts::single(self.sender.limits());
        if let Err(error) = self.sender.send_without_id(&request, &mut attempts).await {
            tracing::debug!(%error, "the session was not ended");
        }
    }
}
