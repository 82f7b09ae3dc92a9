//! The response that a stream of events is read through.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http_body::{Body, Frame};
use mcp_core::http::names::EVENT_STREAM;
use mcp_core::service::BoxFuture;

use super::keep_alive::KeepAlive;
use super::session::Busy;
use super::stream::Reader;
use super::{HttpBody, Response};

/// Proxies that buffer a response unless they are told not to look for this.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Reads a stream until its end, with a comment now and then to keep the connection alive.
pub(super) struct Events {
    reader: Reader,
    /// What fills the stream while it is read.
    feed: Option<BoxFuture<'static, ()>>,
    keep_alive: KeepAlive,
    _busy: Option<Busy>,
}

impl Events {
    pub(super) fn new(reader: Reader, busy: Busy, keep_alive: Duration) -> Self {
        Self { reader, feed: None, keep_alive: KeepAlive::new(keep_alive), _busy: Some(busy) }
    }

    /// The same stream, with what fills it as long as it is read.
    pub(super) fn fed_by(self, feed: BoxFuture<'static, ()>) -> Self {
        Self { feed: Some(feed), ..self }
    }

    pub(super) fn into_response(self) -> Response {
        respond(HttpBody::stream(self))
    }
}

/// A stream of events as a response.
pub(super) fn respond(body: HttpBody) -> Response {
    // As large as it has to be: the connection keeps it for as long as the stream lasts.
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    let mut response = http::Response::new(body);
    *response.headers_mut() = headers;
    response
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
        let chunk = this.reader.poll_chunk(cx);
        this.keep_alive.poll_frame(cx, chunk)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("reader", &self.reader).finish_non_exhaustive()
    }
}
