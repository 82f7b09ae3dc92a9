//! Comments in an event stream without other output, so that proxies and clients do not give it
//! up. Spec: basic/transports/streamable-http, Sending Messages to the Server.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use mcp_core::codec::sse;
use tokio::time::{Instant, Sleep, sleep};

/// Shortest time between two comments. Fixed: with zero, a stream would be nothing but comments.
const MIN_INTERVAL: Duration = Duration::from_millis(100);

/// Counts the time in which a stream said nothing.
#[derive(Debug)]
pub(in crate::http) struct KeepAlive {
    quiet: Pin<Box<Sleep>>,
    every: Duration,
}

impl KeepAlive {
    /// A comment after each `every` without anything else.
    pub(in crate::http) fn new(every: Duration) -> Self {
        let every = every.max(MIN_INTERVAL);
        Self { quiet: Box::pin(sleep(every)), every }
    }

    /// The next piece of a body: `chunk`, or a comment where that is pending for too long.
    pub(in crate::http) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        chunk: Poll<Option<Bytes>>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = match chunk {
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(chunk)) => chunk,
            Poll::Pending => {
                ready!(self.quiet.as_mut().poll(cx));
                let mut comment = BytesMut::new();
                sse::write_keep_alive(&mut comment);
                comment.freeze()
            }
        };
        // A time too far ahead to be told is as good as the one before: never.
        if let Some(next) = Instant::now().checked_add(self.every) {
            self.quiet.as_mut().reset(next);
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[tokio::test(start_paused = true)]
    async fn no_time_between_comments_is_a_short_one() {
        let mut keep_alive = KeepAlive::new(Duration::ZERO);
        let began = Instant::now();
        for _ in 0..10 {
            poll_fn(|cx| keep_alive.poll_frame(cx, Poll::Pending)).await.unwrap().unwrap();
        }
        assert_eq!(began.elapsed(), 10 * MIN_INTERVAL);
    }
}
