//! The body of a response, which moves the bytes of its connection.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::{Body as _, Bytes, Frame, Incoming};

use super::connection::Connection;
use super::idle::IdleConnections;

/// The body of a response. The connection is free after its end, and closed if the body is dropped
/// before.
pub(crate) struct PlainBody {
    body: Option<Incoming>,
    /// `None` after the end of the body.
    connection: Option<Box<Connection>>,
    idle: Arc<IdleConnections>,
}

impl PlainBody {
    pub(super) fn new(
        body: Incoming,
        connection: Box<Connection>,
        idle: &Arc<IdleConnections>,
    ) -> Self {
        Self { body: Some(body), connection: Some(connection), idle: Arc::clone(idle) }
    }

    /// The next piece; `None` at the end.
    pub(crate) fn poll_frame(
        &mut self,
        cx: &Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let (Some(body), Some(connection)) = (&mut self.body, &mut self.connection) else {
            return Poll::Ready(None);
        };
        let piece = ready!(connection.poll_body(cx, body));
        if piece.is_none() || body.is_end_stream() {
            self.release();
        }
        Poll::Ready(piece)
    }

    /// Keeps the connection for the next call, if it is free.
    fn release(&mut self) {
        self.body = None; // Dropped first, so that the connection stops reading it.
        if let Some(mut connection) = self.connection.take()
            && connection.is_free()
        {
            self.idle.keep(connection);
        }
    }
}

impl Drop for PlainBody {
    fn drop(&mut self) {
        self.release();
    }
}
