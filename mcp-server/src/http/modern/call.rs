//! One call of the modern era, and its response: JSON if the handler is done before it says
//! anything, else an event stream whose body polls the handler (step 7 of the walk of a call).

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use mcp_core::codec::sse::{write_event, write_keep_alive};
use mcp_core::jsonrpc::{ErrorTable, RequestId};
use mcp_core::service::{BoxFuture, Reply, write_reply};
use tokio::time::{Sleep, sleep};

use super::outbox::Outbox;
use crate::Limits;
use crate::http::admission::Admitted;
use crate::http::response::body::{HttpBody, Response};
use crate::http::response::keep_alive::KeepAlive;
use crate::http::response::status;

/// A call that runs. Dropping it drops the handler.
pub(in crate::http) struct Call {
    id: RequestId,
    running: BoxFuture<'static, Reply>,
    outbox: Arc<Outbox>,
    /// The client accepts no event streams.
    json_only: bool,
    max_bytes: usize,
    stream_after: Duration,
    keep_alive: Duration,
    errors: &'static ErrorTable,
    /// The permit among the requests in flight.
    _admitted: Admitted,
}

/// The outcome of one poll of a call.
enum Progress {
    Events(BytesMut),
    Done(BytesMut, Reply),
}

impl Call {
    /// A call that was not polled yet.
    pub(super) fn new(
        id: RequestId,
        running: BoxFuture<'static, Reply>,
        outbox: Arc<Outbox>,
        json_only: bool,
        limits: &Limits,
        errors: &'static ErrorTable,
        admitted: Admitted,
    ) -> Self {
        Self {
            id,
            running,
            outbox,
            json_only,
            max_bytes: limits.connection.max_outgoing_bytes,
            stream_after: limits.http.stream_upgrade_delay,
            keep_alive: limits.http.keep_alive_interval,
            errors,
            _admitted: admitted,
        }
    }

    /// Runs the call until its response can begin.
    pub(in crate::http) async fn respond(mut self) -> Response {
        // The timer is made only for handlers that wait.
        let mut late: Option<Pin<Box<Sleep>>> = None;
        let progress = poll_fn(|cx| {
            if let Poll::Ready(progress) = self.poll(cx) {
                return Poll::Ready(progress);
            }
            if self.json_only {
                return Poll::Pending;
            }
            let late = late.get_or_insert_with(|| Box::pin(sleep(self.stream_after)));
            late.as_mut().poll(cx).map(|()| Progress::Events(BytesMut::new()))
        })
        .await;
        match progress {
            Progress::Done(events, reply) if events.is_empty() => {
                let errors = self.errors;
                status::reply(&self.id, reply, self.max_bytes, |error| status::of(errors, error))
            }
            Progress::Done(mut events, reply) => {
                self.write_last(&mut events, reply);
                status::events(HttpBody::whole(events))
            }
            Progress::Events(mut first) => {
                if first.is_empty() {
                    write_keep_alive(&mut first); // So that proxies forward the head.
                }
                let keep_alive = KeepAlive::new(self.keep_alive);
                status::events(HttpBody::stream(Events {
                    call: Some(self),
                    first: first.freeze(),
                    keep_alive,
                }))
            }
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Progress> {
        self.outbox.begin_poll(cx);
        let polled = self.running.as_mut().poll(cx);
        match polled {
            Poll::Ready(reply) => Poll::Ready(Progress::Done(self.outbox.close(), reply)),
            Poll::Pending => match self.outbox.end_poll() {
                events if events.is_empty() => Poll::Pending,
                events => Poll::Ready(Progress::Events(events)),
            },
        }
    }

    /// Writes the last event of a stream, the answer.
    fn write_last(&self, events: &mut BytesMut, reply: Reply) {
        let mut text = BytesMut::new();
        write_reply(&mut text, &self.id, reply, self.max_bytes);
        write_event(events, None, None, &text);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // Tasks that the handler has spawned must not wait for a reader.
        self.outbox.close();
    }
}

/// The body of an event stream. Head and first event leave in one write, because the first event is
/// there when the body is first polled.
struct Events {
    /// `None` once the result is written.
    call: Option<Call>,
    first: Bytes,
    keep_alive: KeepAlive,
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if !this.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.first)))));
        }
        let Some(call) = &mut this.call else { return Poll::Ready(None) };
        let chunk = match call.poll(cx) {
            Poll::Ready(Progress::Events(events)) => Poll::Ready(Some(events.freeze())),
            Poll::Ready(Progress::Done(mut events, reply)) => {
                call.write_last(&mut events, reply);
                this.call = None;
                Poll::Ready(Some(events.freeze()))
            }
            Poll::Pending => Poll::Pending,
        };
        this.keep_alive.poll_frame(cx, chunk)
    }

    fn is_end_stream(&self) -> bool {
        self.call.is_none() && self.first.is_empty()
    }
}
