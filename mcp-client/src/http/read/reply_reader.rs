//! Reads the response to a request.

use bytes::Bytes;
use http::Response;
use mcp_core::codec::sse::EventDecoder;
use mcp_core::http::names::{EVENT_STREAM, JSON};
use mcp_core::http_client::{HttpBody, HttpError};
use mcp_core::jsonrpc::{Decoded, Malformed, Message, RequestId, decode};
use mcp_core::method::RetrySafety;
use mcp_core::service::{CallError, Reply};
use mcp_core::text::PeerText;
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::task::consume_budget;
use tokio::time::timeout;

use super::cursor::Cursor;
use super::receiver::Receiver;
use super::refusal::{read_refusal, redirected};
use crate::http::send::{Attempts, Failure, OutgoingRequest, RequestInfo, Sender, media_type};

/// Reads responses, and hands the messages in them that are not awaited to a [`Receiver`].
pub(crate) struct ReplyReader<'a, R> {
    sender: &'a Sender,
    receiver: &'a R,
}

impl<'a, R: Receiver> ReplyReader<'a, R> {
    pub(crate) fn new(sender: &'a Sender, receiver: &'a R) -> Self {
        Self { sender, receiver }
    }

    /// Sends a request once and reads the response.
    ///
    /// # Errors
    /// As [`ReplyReader::read`].
    pub(crate) async fn send_and_read(
        &self,
        id: &RequestId,
        request: &OutgoingRequest<'_>,
        attempts: &mut Attempts,
    ) -> Result<Reply, HttpError> {
        match self.sender.send(request, attempts).await {
            Ok(response) => self.read(response, id, request.info, &mut Cursor::default()).await,
            Err(Failure::Lost(cut)) => Err(cut),
            Err(Failure::Final(error)) => Ok(Err(error.into())),
        }
    }

    /// Reads the response to a request.
    ///
    /// # Errors
    /// The connection failed, or the stream ended, before the response; the cursor says whether the
    /// stream can be resumed.
    pub(crate) async fn read(
        &self,
        response: Response<HttpBody>,
        id: &RequestId,
        info: RequestInfo<'_>,
        cursor: &mut Cursor,
    ) -> Result<Reply, HttpError> {
        Ok(match self.read_any(response, id, info, cursor).await? {
            Err(CallError::Transport(error))
                if info.retry == RetrySafety::Unsafe && self.may_be_done(&error) =>
            {
                Err(error.outcome_unknown().into())
            }
            reply => reply,
        })
    }

    async fn read_any(
        &self,
        response: Response<HttpBody>,
        id: &RequestId,
        info: RequestInfo<'_>,
        cursor: &mut Cursor,
    ) -> Result<Reply, HttpError> {
        let (head, body) = response.into_parts();
        if head.status.is_redirection() {
            return Ok(Err(redirected(&head).into()));
        }
        if !head.status.is_success() {
            return Box::pin(read_refusal(self.sender, &head, body, info)).await;
        }
        let media_type = media_type(&head.headers);
        if media_type.eq_ignore_ascii_case(EVENT_STREAM) {
            return Box::pin(self.read_events(body, Some(id), cursor)).await;
        }
        if !media_type.eq_ignore_ascii_case(JSON) {
            let status = head.status.as_u16();
            return Ok(protocol(match status {
                202 | 204 => {
                    format!("the server accepted the request ({status}) without a response to it")
                }
                _ => format!(
                    "the server answered {status} with {:?} instead of a message",
                    PeerText::new(media_type).to_string()
                ),
            }));
        }
        let limit = self.sender.limits().connection.max_message_bytes;
        let Some(frame) = body.read(limit).await.map_err(HttpError::lost)? else {
            return Ok(too_long(limit));
        };
        Ok(match self.deliver(&frame, Some(id)).await {
            Some(reply) => reply,
            None => protocol("the server's message is not a response to the request".to_owned()),
        })
    }

    /// Reads events until the awaited response comes, or, if there is none, until the stream ends.
    pub(crate) async fn read_events(
        &self,
        mut body: HttpBody,
        id: Option<&RequestId>,
        cursor: &mut Cursor,
    ) -> Result<Reply, HttpError> {
        let limits = self.sender.limits();
        let limit = limits.connection.max_message_bytes;
        let mut decoder = EventDecoder::new(limit);
        loop {
            loop {
                let Ok(event) = decoder.next_event() else { return Ok(too_long(limit)) };
                let Some(mut event) = event else { break };
                // A stream that always has something to read must not starve other tasks.
                consume_budget().await;
                cursor.events += 1;
                if let Some(last) = event.id.take() {
                    cursor.last = Some(last).filter(|last| !last.is_empty());
                }
                cursor.retry = event.retry.or(cursor.retry);
                // An event without data only has an id, from which the stream is resumed (SH-4).
                if event.is_message()
                    && let Some(reply) = self.deliver(&event.data, id).await
                {
                    return Ok(reply);
                }
            }
            consume_budget().await;
            // Comments keep the stream alive (SUB-11). Where a server sends them, silence means
            // that the connection is lost.
            let chunk = if decoder.has_comments() {
                let idle = limits.http.stream_idle_timeout;
                let silent = |_| {
                    let limit = "`HttpLimits::stream_idle_timeout`";
                    HttpError::lost(format!("the stream was silent for {idle:?} ({limit})"))
                };
                timeout(idle, body.chunk()).await.map_err(silent)?
            } else {
                body.chunk().await
            };
            let Some(chunk) = chunk.map_err(HttpError::lost)? else {
                return Err(HttpError::lost("the stream ended before the response"));
            };
            decoder.push(&chunk);
        }
    }

    /// Takes one frame. Returns the awaited response, if the frame has it.
    async fn deliver(&self, frame: &Bytes, id: Option<&RequestId>) -> Option<Reply> {
        match decode(frame, &self.sender.limits().connection) {
            Ok(Decoded::Single(message)) => self.take(message, id).await,
            Ok(Decoded::Batch(entries)) if self.receiver.accepts_batches() => {
                let mut reply = None;
                for entry in entries {
                    consume_budget().await;
                    let taken = match entry {
                        Ok(message) => self.take(message, id).await,
                        Err(malformed) => unreadable(&malformed, id),
                    };
                    reply = reply.or(taken);
                }
                reply
            }
            Ok(Decoded::Batch(_)) => {
                tracing::warn!("dropped a batch: the revision has none");
                None
            }
            Err(malformed) => unreadable(&malformed, id),
        }
    }

    async fn take(&self, message: Message, expected: Option<&RequestId>) -> Option<Reply> {
        match message {
            // An error may come without an id, if the server could not read it.
            Message::Response { id, outcome }
                if id.as_ref() == expected || (id.is_none() && outcome.is_err()) =>
            {
                expected.map(|_| outcome.map_err(Into::into))
            }
            Message::Response { id: Some(id), outcome } => {
                self.receiver.response(&id, outcome.map_err(Into::into));
                None
            }
            Message::Response { .. } => {
                tracing::debug!("dropped a response without an id");
                None
            }
            Message::Notification { method, params } => {
                self.receiver.notification(method, params.into()).await;
                None
            }
            Message::Request { id, method, params } => {
                self.receiver.request(id, method, params.into()).await;
                None
            }
        }
    }

    /// Whether a server that answered so may have carried out what it was asked.
    fn may_be_done(&self, error: &TransportError) -> bool {
        match (error.kind(), error.status()) {
            (TransportErrorKind::Protocol, _) => true,
            // "Not implemented" and "version not supported": the request was not handled. Of the
            // other failures a gateway may be the author, after it has passed the request on.
            (TransportErrorKind::Status, Some(501 | 505)) => false,
            (TransportErrorKind::Status, Some(503)) => !self.sender.limits().http.retry_unavailable,
            (TransportErrorKind::Status, status) => status.is_some_and(|status| status >= 500),
            _ => false,
        }
    }
}

/// Whether a response is a stream of events.
pub(crate) fn is_stream<B>(response: &Response<B>) -> bool {
    response.status().is_success()
        && media_type(response.headers()).eq_ignore_ascii_case(EVENT_STREAM)
}

fn unreadable(malformed: &Malformed, expected: Option<&RequestId>) -> Option<Reply> {
    let reason = PeerText::new(malformed.error.message());
    tracing::warn!(%reason, "the server sent something that is not a message");
    let is_response = expected.is_some() && malformed.answers.as_ref() == expected;
    is_response.then(|| protocol(format!("the server's response is not a message: {reason}")))
}

fn protocol(message: String) -> Reply {
    Err(TransportError::new(TransportErrorKind::Protocol, message).into())
}

fn too_long(limit: usize) -> Reply {
    protocol(format!(
        "the server's response is longer than {limit} bytes (`ConnectionLimits::max_message_bytes`)"
    ))
}
