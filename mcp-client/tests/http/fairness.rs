//! A server that always has something to read does not starve other tasks.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use http_body::{Body, Frame};
use mcp_client::http::{Bytes, HttpBody, HttpError, HttpStack, Request, Response};
use mcp_client::service::BoxFuture;
use mcp_client::{Client, Revision};

use crate::script::{Script, URL, initialized};

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

impl HttpStack for Firehose {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<HttpBody>, HttpError>> {
        let mut response =
            Response::new(HttpBody::new(Ready { piece: self.piece.clone(), left: self.pieces }));
        *response.status_mut() = self.status.try_into().expect("a status");
        response.headers_mut().insert("content-type", self.media.parse().expect("a value"));
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// How often another task runs while the client reads.
async fn turns(stack: Firehose, builder: mcp_client::ClientBuilder) -> u64 {
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
        // Each piece is a comment, an event, or many events.
        (200, "text/event-stream", ":\n\n".to_owned(), 20_000),
        (200, "text/event-stream", "data:\n\n".to_owned(), 20_000),
        (200, "text/event-stream", many_events, 1),
        // One message, byte by byte.
        (200, "application/json", " ".to_owned(), 20_000),
        (400, "text/plain", "x".to_owned(), 20_000),
    ] {
        let stack = Firehose { media, status, piece: piece.into(), pieces };
        let turns = turns(stack, Client::builder().pin(Revision::V2026_07_28)).await;
        assert!(turns > 50, "{turns} turns for {status} {media}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_http_sse_that_is_always_ready_leaves_time_for_other_tasks() {
    let (stack, mut script) = Script::new();
    let turns = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&turns);
    let serve = async {
        script.expect("server/discover").await.status(404);
        script.expect("initialize").await.status(404);
        let events = script.expect_bare("GET").await.stream();
        events.raw("event: endpoint\ndata: /messages\n\n");
        let exchange = script.expect("initialize").await;
        // All of it is there before the client reads on.
        for _ in 0..20_000 {
            events.raw(":\n\n");
        }
        tokio::spawn(async move {
            loop {
                counter.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        events.reply(&exchange.id(), initialized("2024-11-05"));
        exchange.status(202);
        script.expect("notifications/initialized").await.status(202);
        events
    };
    let (client, _events) =
        tokio::join!(Client::builder().http_stack(stack).connect_http(URL), serve);
    client.expect("a server of 2024-11-05");
    assert!(turns.load(Ordering::Relaxed) > 50, "{turns:?}");
}
