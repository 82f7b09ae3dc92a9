//! One call of the modern era, and its response: JSON if the handler is done before it says anything, else a
//! stream of events whose body goes on polling the handler (step 7 of the walk of a call).

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::{Body, Frame};
use mcp_core::Limits;
use mcp_core::codec::sse::{write_event, write_keep_alive};
use mcp_core::jsonrpc::{ErrorObject, RequestId, code, write_error, write_result};
use mcp_core::service::{BoxFuture, CallError, Reply};
use tokio::time::{Sleep, sleep};

use super::admission::Admitted;
use super::events::respond;
use super::keep_alive::KeepAlive;
use super::outbox::Outbox;
use super::{HttpBody, Response, status};

/// A call that runs. Dropping it drops the handler.
pub(super) struct Call {
    id: RequestId,
    running: BoxFuture<'static, Reply>,
    outbox: Arc<Outbox>,
    /// The caller reads JSON alone.
    json_only: bool,
    longest: usize,
    stream_after: Duration,
    keep_alive: Duration,
    /// The place among the requests in flight.
    _admitted: Admitted,
}

/// What one poll of a call brought.
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
        admitted: Admitted,
    ) -> Self {
        Self {
            id,
            running,
            outbox,
            json_only,
            longest: limits.outgoing_bytes,
            stream_after: limits.http.stream_after,
            keep_alive: limits.http.keep_alive,
            _admitted: admitted,
        }
    }

    /// Runs the call until its response can begin.
    pub(super) async fn respond(mut self) -> Response {
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
            Progress::Done(events, Ok(result))
                if events.is_empty() && result.as_bytes().len() <= self.longest =>
            {
                status::result(&self.id, result)
            }
            Progress::Done(events, reply) if events.is_empty() => {
                let (status, text) = write(&self.id, reply, self.longest);
                status::json(status, text)
            }
            Progress::Done(mut events, reply) => {
                let (_, text) = write(&self.id, reply, self.longest);
                write_event(&mut events, None, None, &text);
                respond(HttpBody::whole(events))
            }
            Progress::Events(mut first) => {
                if first.is_empty() {
                    write_keep_alive(&mut first); // So that proxies pass the head on.
                }
                let keep_alive = KeepAlive::new(self.keep_alive);
                respond(HttpBody::stream(Events {
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
}

impl Drop for Call {
    fn drop(&mut self) {
        // What the handler left running elsewhere must not wait for a reader.
        self.outbox.close();
    }
}

/// The body of a stream of events. Head and first event leave in one write, because the first event is there
/// when the body is first asked.
struct Events {
    /// None when the result is out.
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
                let (_, text) = write(&call.id, reply, call.longest);
                write_event(&mut events, None, None, &text);
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

/// The message that answers a request, and its status where it is all of the response.
pub(super) fn write(id: &RequestId, reply: Reply, longest: usize) -> (StatusCode, BytesMut) {
    let mut text = BytesMut::new();
    let error = match reply {
        Ok(result) if result.as_bytes().len() <= longest => {
            write_result(&mut text, id, result.as_bytes());
            return (StatusCode::OK, text);
        }
        Ok(result) => {
            let length = result.as_bytes().len();
            tracing::error!(%id, length, longest, "a result is longer than is sent");
            ErrorObject::new(
                code::INTERNAL_ERROR,
                format!("the result is longer than {longest} bytes"),
            )
        }
        Err(CallError::Peer(error)) => error,
        Err(error) => crate::error::internal("passing on a call", &error),
    };
    write_error(&mut text, Some(id), &error);
    (status::of(&error), text)
}
