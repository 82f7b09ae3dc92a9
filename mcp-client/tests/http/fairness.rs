//! A server that always has something to read does not starve other tasks.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use http_body::{Body, Frame};
use mcp_client::http::{
    Bytes, HttpBody, HttpError, HttpStack, Request, Response, StatusCode, async_trait,
};
use mcp_client::{Client, Revision};

use crate::script::URL;

/// A body whose next piece is always ready.
struct Ready {
    piece: Bytes,
    left: u32,
}

impl Body for Ready {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(left) = self.left.checked_sub(1) else { return Poll::Ready(None) };
        self.left = left;
        Poll::Ready(Some(Ok(Frame::data(self.piece.clone()))))
    }
}

/// Answers every request with such a body.
struct Firehose {
    media: &'static str,
    status: u16,
    piece: Bytes,
    pieces: u32,
}

#[async_trait]
impl HttpStack for Firehose {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        let mut response =
            Response::new(HttpBody::new(Ready { piece: self.piece.clone(), left: self.pieces }));
        *response.status_mut() = self.status.try_into().expect("a status");
        response.headers_mut().insert("content-type", self.media.parse().expect("a value"));
        Ok(response)
    }
}

/// How often another task runs while the client reads.
async fn turns(stack: impl HttpStack, builder: mcp_client::ClientBuilder) -> u64 {
    let turns = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&turns);
    let counting = tokio::spawn(async move {
        loop {
            counter.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    let mut limits = mcp_client::Limits::new();
    limits.http.max_attempts = 1;
    limits.http.max_error_body_bytes = 1 << 20;
    builder
        .limits(limits)
        .http_stack(stack)
        .connect_http(URL)
        .await
        .expect_err("the server says nothing");
    counting.abort();
    turns.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_always_ready_leaves_time_for_other_tasks() {
    let many_events =
        "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}\n\n".repeat(20_000);
    for (status, media, piece, pieces) in [
        // Each piece is empty, a comment, an event, or many events.
        (200, "text/event-stream", String::new(), 20_000),
        (200, "text/event-stream", ":\n\n".to_owned(), 20_000),
        (200, "text/event-stream", "data:\n\n".to_owned(), 20_000),
        (200, "text/event-stream", many_events, 1),
        // One message, byte by byte.
        (200, "application/json", " ".to_owned(), 20_000),
        (400, "text/plain", "x".to_owned(), 20_000),
    ] {
        let stack = Firehose { media, status, piece: piece.into(), pieces };
        let turns = turns(stack, Client::builder().revision(Revision::V2026_07_28)).await;
        assert!(turns > 50, "{turns} turns for {status} {media}");
    }
}

/// A server of HTTP+SSE whose stream has an endpoint and then comments.
struct FirehoseSse;

#[async_trait]
impl HttpStack for FirehoseSse {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        let mut response = Response::new(HttpBody::new(Ready { piece: Bytes::new(), left: 0 }));
        match (request.method().as_str(), request.uri().path()) {
            ("GET", _) => {
                let comments = Ready { piece: Bytes::from_static(b":\n\n"), left: 20_000 };
                *response.body_mut() = HttpBody::new(Chain {
                    first: Some(Bytes::from_static(b"event: endpoint\ndata: /messages\n\n")),
                    rest: comments,
                });
                let events = "text/event-stream".parse().expect("a value");
                response.headers_mut().insert("content-type", events);
            }
            (_, "/messages") => *response.status_mut() = StatusCode::ACCEPTED,
            _ => *response.status_mut() = StatusCode::NOT_FOUND,
        }
        Ok(response)
    }
}

/// A body with another first piece.
struct Chain {
    first: Option<Bytes>,
    rest: Ready,
}

impl Body for Chain {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_http_sse_that_is_always_ready_leaves_time_for_other_tasks() {
    let turns = turns(FirehoseSse, Client::builder()).await;
    assert!(turns > 50, "{turns} turns");
}
