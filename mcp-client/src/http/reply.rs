//! What an HTTP answer says: one message as JSON, or a stream of events in which the answer comes last.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Response, StatusCode};
use mcp_core::codec::sse::EventDecoder;
use mcp_core::http::names::{EVENT_STREAM, JSON};
use mcp_core::jsonrpc::{Decoded, Malformed, Message, RequestId, decode};
use mcp_core::service::{CallError, Notification, Reply, Service as _};
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::time::timeout;

use super::exchange::{About, Attempts, Failure, Outgoing, Twice, shown};
use super::stack::{HttpBody, HttpError};
use super::transport::Shared;

/// How far a stream was read, to go on from there.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// The id of the last event.
    pub(super) last: Option<String>,
    /// How long the server wants us to wait before we come back.
    pub(super) retry: Option<Duration>,
    /// Events that were read.
    pub(super) events: u64,
}

/// The question which era a server speaks.
const DISCOVER: &str = "server/discover";

impl Shared {
    /// Sends a request once and reads its answer.
    ///
    /// # Errors
    /// As [`Shared::read`].
    pub(super) async fn attempt(
        self: &Arc<Self>,
        id: &RequestId,
        outgoing: &Outgoing<'_>,
        attempts: &mut Attempts,
    ) -> Result<Reply, HttpError> {
        match self.send(outgoing, attempts).await {
            Ok(response) => self.read(response, id, outgoing.about, &mut Cursor::default()).await,
            Err(Failure::Lost(cut)) => Err(cut),
            Err(Failure::Final(error)) => Ok(Err(error.into())),
        }
    }

    /// Reads the answer to a request.
    ///
    /// # Errors
    /// The connection failed, or the stream ended, before the answer; the cursor says whether it can be gone on with.
    pub(super) async fn read(
        self: &Arc<Self>,
        response: Response<HttpBody>,
        id: &RequestId,
        about: About<'_>,
        cursor: &mut Cursor,
    ) -> Result<Reply, HttpError> {
        Ok(match self.read_any(response, id, about, cursor).await? {
            Err(CallError::Transport(error))
                if about.twice == Twice::Harmful && may_be_done(&error) =>
            {
                Err(error.outcome_unknown().into())
            }
            reply => reply,
        })
    }

    async fn read_any(
        self: &Arc<Self>,
        response: Response<HttpBody>,
        id: &RequestId,
        about: About<'_>,
        cursor: &mut Cursor,
    ) -> Result<Reply, HttpError> {
        let (head, body) = response.into_parts();
        let media = media_type(&head.headers);
        if head.status.is_redirection() {
            return Ok(Err(redirected(head.status, &head.headers).into()));
        }
        if !head.status.is_success() {
            return self.read_refusal(head.status, media, body, about).await;
        }
        if media.eq_ignore_ascii_case(EVENT_STREAM) {
            return self.read_events(body, Some(id), cursor).await;
        }
        if !media.eq_ignore_ascii_case(JSON) {
            let status = head.status.as_u16();
            return Ok(protocol(match status {
                202 | 204 => {
                    format!("the server accepted the request ({status}) and gives no answer")
                }
                _ => format!(
                    "the server answered {status} with {:?} instead of a message",
                    shown(media)
                ),
            }));
        }
        let limit = self.limits.message_bytes;
        let Some(frame) = body.read(limit).await.map_err(HttpError::lost)? else {
            return Ok(too_long(limit));
        };
        Ok(match self.deliver(&frame, Some(id)).await {
            Some(reply) => reply,
            None => protocol("the server's message is no answer to the request".to_owned()),
        })
    }

    /// Reads events until the answer comes, or, with no answer to wait for, until the stream ends.
    pub(super) async fn read_events(
        self: &Arc<Self>,
        mut body: HttpBody,
        id: Option<&RequestId>,
        cursor: &mut Cursor,
    ) -> Result<Reply, HttpError> {
        let limit = self.limits.message_bytes;
        let mut decoder = EventDecoder::new(limit);
        loop {
            loop {
                let Ok(event) = decoder.next_event() else { return Ok(too_long(limit)) };
                let Some(event) = event else { break };
                cursor.events += 1;
                if let Some(last) = event.id {
                    cursor.last = Some(last).filter(|last| !last.is_empty());
                }
                cursor.retry = event.retry.or(cursor.retry);
                let is_message = event.name.as_deref().is_none_or(|name| name == "message");
                // An event without data primes the stream (SH-4).
                if is_message
                    && !event.data.is_empty()
                    && let Some(reply) = self.deliver(&event.data, id).await
                {
                    return Ok(reply);
                }
            }
            // Comments keep the stream alive (SUB-11); a server that sends them is missed when it stops.
            let chunk = if decoder.has_comments() {
                let idle = self.limits.http_client.stream_idle;
                let silent = |_| HttpError::lost(format!("the stream was silent for {idle:?}"));
                timeout(idle, body.chunk()).await.map_err(silent)?
            } else {
                body.chunk().await
            };
            let Some(chunk) = chunk.map_err(HttpError::lost)? else {
                return Err(HttpError::lost("the stream ended before the answer"));
            };
            decoder.push(&chunk);
        }
    }

    /// Takes one frame; gives the answer when it is that.
    async fn deliver(self: &Arc<Self>, frame: &Bytes, id: Option<&RequestId>) -> Option<Reply> {
        match decode(frame, &self.limits) {
            Ok(Decoded::Single(message)) => self.take(message, id).await,
            Ok(Decoded::Batch(entries)) if self.inbound.accepts_batches() => {
                let mut reply = None;
                for entry in entries {
                    let taken = match entry {
                        Ok(message) => self.take(message, id).await,
                        Err(malformed) => unreadable(malformed, id),
                    };
                    reply = reply.or(taken);
                }
                reply
            }
            Ok(Decoded::Batch(_)) => {
                tracing::warn!("dropped a batch: the revision has none");
                None
            }
            Err(malformed) => unreadable(malformed, id),
        }
    }

    async fn take(
        self: &Arc<Self>,
        message: Message,
        expected: Option<&RequestId>,
    ) -> Option<Reply> {
        match message {
            // An error may come without an id where the server could not read it.
            Message::Response { id, outcome }
                if id.as_ref() == expected || (id.is_none() && outcome.is_err()) =>
            {
                expected.map(|_| outcome.map_err(Into::into))
            }
            Message::Response { id: Some(id), outcome } => {
                if !self.legacy.awaited.answer(&id, outcome.map_err(Into::into)) {
                    tracing::debug!(?id, "dropped an answer that no call waits for");
                }
                None
            }
            Message::Response { .. } => {
                tracing::debug!("dropped an answer without an id");
                None
            }
            Message::Notification { method, params } => {
                if method == "notifications/cancelled" {
                    self.incoming.cancel(&params);
                }
                self.local.notify(Notification::new(method, params)).await;
                None
            }
            Message::Request { id, method, params } => {
                self.serve(id, method, params).await;
                None
            }
        }
    }

    /// Reads the answer of a server that says no: a JSON-RPC error, or only a status.
    async fn read_refusal(
        self: &Arc<Self>,
        status: StatusCode,
        media: &str,
        body: HttpBody,
        about: About<'_>,
    ) -> Result<Reply, HttpError> {
        let page = body.read(self.limits.http_client.error_bytes).await.map_err(HttpError::lost)?;
        let page = page.unwrap_or_default();
        let code = status.as_u16();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            let hint = match &self.authorizer {
                Some(_) => "and its credentials were not enough",
                None => "and this client has no authorizer",
            };
            let message = format!("the server answered {code} ({}), {hint}", reason(status));
            return Ok(Err(TransportError::new(TransportErrorKind::Unauthorized, message).into()));
        }
        // A server that fails says nothing of its era thereby, whatever it writes (T-2).
        let is_answer = !(status.is_server_error() && about.method == Some(DISCOVER));
        if is_answer
            && media.eq_ignore_ascii_case(JSON)
            && let Ok(Decoded::Single(Message::Response { outcome: Err(error), .. })) =
                decode(&page, &self.limits)
        {
            return Ok(Err(error.into()));
        }
        let mut message = format!("the server answered {code} ({})", reason(status));
        if media.eq_ignore_ascii_case("text/plain") || media.eq_ignore_ascii_case(JSON) {
            let text = shown(&String::from_utf8_lossy(&page));
            if !text.is_empty() {
                message = format!("{message}: {text}");
            }
        }
        Ok(Err(TransportError::refused(code, message).into()))
    }
}

/// Whether a server that answered so may have carried out what it was asked.
fn may_be_done(error: &TransportError) -> bool {
    match error.kind() {
        TransportErrorKind::Protocol => true,
        // "Not implemented" and "unavailable" say that nothing was done; the other failures of a server or a gateway
        // say nothing of it.
        TransportErrorKind::Status => {
            error.status().is_some_and(|status| status >= 500 && !matches!(status, 501 | 503 | 505))
        }
        _ => false,
    }
}

fn redirected(status: StatusCode, headers: &HeaderMap) -> TransportError {
    let code = status.as_u16();
    let target =
        headers.get(LOCATION).and_then(|value| value.to_str().ok()).map(shown).unwrap_or_default();
    let message = format!(
        "the server redirects to {target:?} with {code} ({}), which does not keep the request: use that URL, or have \
         the server answer 308",
        reason(status)
    );
    TransportError::refused(code, message)
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("no reason")
}

/// The media type of a message, without parameters.
pub(super) fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn unreadable(malformed: Malformed, expected: Option<&RequestId>) -> Option<Reply> {
    tracing::warn!(error = %malformed.error, "the server sent what is no message");
    let is_answer = expected.is_some() && malformed.answers.as_ref() == expected;
    is_answer.then(|| {
        protocol(format!("the server's answer is no message: {}", malformed.error.message()))
    })
}

fn protocol(message: String) -> Reply {
    Err(TransportError::new(TransportErrorKind::Protocol, message).into())
}

fn too_long(limit: usize) -> Reply {
    let message = format!("the server's answer is longer than the limit of {limit} bytes");
    Err(TransportError::new(TransportErrorKind::Protocol, message).into())
}
