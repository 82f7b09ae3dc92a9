//! The response body that an event stream is read through.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use mcp_core::service::BoxFuture;

use super::exchange::Presence;
use super::session::Busy;
use super::stream::Reader;
use crate::auth::Principal;
use crate::http::response::body::{HttpBody, Response};
use crate::http::response::keep_alive::KeepAlive;
use crate::http::response::status;

/// Reads a stream until its end, with a comment now and then to keep the connection alive.
pub(super) struct Events {
    reader: Reader,
    /// What fills the stream while it is read.
    feed: Option<BoxFuture<'static, ()>>,
    /// Ends the response, and leaves the stream to its next reader.
    end: Option<BoxFuture<'static, ()>>,
    keep_alive: KeepAlive,
    _busy: Busy,
    /// The exchange that this is the response of.
    _presence: Option<Presence>,
}

impl Events {
    pub(super) fn new(reader: Reader, busy: Busy, keep_alive: Duration) -> Self {
        let keep_alive = KeepAlive::new(keep_alive);
        Self { reader, feed: None, end: None, keep_alive, _busy: busy, _presence: None }
    }

    /// The same stream, with what fills it as long as it is read.
    pub(super) fn fed_by(self, feed: BoxFuture<'static, ()>) -> Self {
        Self { feed: Some(feed), ..self }
    }

    /// The same stream, read at most until the token of its reader expires. The client opens it
    /// again, or resumes it, with its next token.
    pub(super) fn until_expiry(self, principal: Option<&Principal>) -> Self {
        let Some(principal) = principal.filter(|it| it.expires_at().is_some()).cloned() else {
            return self;
        };
        Self { end: Some(Box::pin(async move { principal.expired().await })), ..self }
    }

    /// The same stream, as the response of an exchange.
    pub(super) fn of(self, presence: Presence) -> Self {
        Self { _presence: Some(presence), ..self }
    }

    pub(super) fn into_response(self) -> Response {
        status::events(HttpBody::stream(self))
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if this.feed.as_mut().is_some_and(|feed| feed.as_mut().poll(cx).is_ready()) {
            this.feed = None;
        }
        if this.end.as_mut().is_some_and(|end| end.as_mut().poll(cx).is_ready()) {
            this.end = None;
            return Poll::Ready(None);
        }
        let chunk = this.reader.poll_chunk(cx);
        this.keep_alive.poll_frame(cx, chunk)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("reader", &self.reader).finish_non_exhaustive()
    }
}
