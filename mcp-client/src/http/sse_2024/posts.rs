//! The client's messages.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use futures_channel::mpsc;
use http::Uri;
use mcp_core::method::RetrySafety;
use mcp_core::transport::TransportError;
use tokio::io::AsyncWrite;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::http::send::{Attempts, OutgoingRequest, RequestInfo, Sender};

/// The client's messages: each line that is written becomes a POST.
pub(crate) struct Posts {
    unsent: BytesMut,
    queue: Option<mpsc::Sender<Bytes>>,
    /// Dropped when the client has no more messages, which ends the events.
    end: Option<tokio::sync::mpsc::Sender<io::Error>>,
}

impl Posts {
    pub(super) fn new(
        sender: Arc<Sender>,
        target: Uri,
        end: tokio::sync::mpsc::Sender<io::Error>,
    ) -> Self {
        let (queue, lines) = mpsc::channel(sender.limits().http.max_queued_posts);
        tokio::spawn(post_lines(sender, target, lines, end.downgrade()));
        Self { unsent: BytesMut::new(), queue: Some(queue), end: Some(end) }
    }

    /// Queues complete lines, waiting for capacity.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        while let Some(end) = memchr::memchr(b'\n', &self.unsent) {
            let Some(queue) = &mut self.queue else {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            };
            ready!(queue.poll_ready(cx)).map_err(closed)?;
            let line = self.unsent.split_to(end + 1).freeze();
            queue.start_send(line.slice(..end)).map_err(closed)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Posts {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(cx))?;
        self.unsent.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        self.queue = None;
        self.end = None;
        Poll::Ready(Ok(()))
    }
}

/// Posts lines in their order, but a slow response delays the next line only for a while. The first
/// one that does not arrive ends the conversation with the reason.
async fn post_lines(
    sender: Arc<Sender>,
    target: Uri,
    mut lines: mpsc::Receiver<Bytes>,
    end: tokio::sync::mpsc::WeakSender<io::Error>,
) {
    let limits = sender.limits().http.clone();
    let mut slow = JoinSet::new();
    loop {
        let posted = tokio::select! {
            biased;
            Some(posted) = slow.join_next() => Some(posted),
            line = lines.next(), if slow.len() < limits.max_concurrent_posts => match line {
                None => break,
                Some(line) => {
                    let (sender, target) = (Arc::clone(&sender), target.clone());
                    slow.spawn(async move { post(&sender, target, line).await });
                    timeout(limits.post_order_timeout, slow.join_next()).await.ok().flatten()
                }
            },
        };
        if let Some(Ok(Err(error))) = posted {
            tracing::warn!(%error, "a message did not reach the server");
            if let Some(end) = end.upgrade() {
                drop(end.try_send(io::Error::other(error))); // The first reason is reported.
            }
            return;
        }
    }
    // The last ones may still be under way. Some servers respond only when the work is done, and no
    // call waits for that any more.
    let arrived = async { while slow.join_next().await.is_some() {} };
    if timeout(limits.shutdown_timeout, arrived).await.is_err() {
        tracing::debug!("the server did not respond to the last messages");
    }
}

async fn post(sender: &Sender, target: Uri, body: Bytes) -> Result<(), TransportError> {
    let info = RequestInfo { method: None, name: None, retry: RetrySafety::Unsafe };
    let request = OutgoingRequest::post(sender.post_headers(), body, info).to(target);
    let mut attempts = Attempts::new(sender.limits());
    let response = sender.send_without_id(&request, &mut attempts).await?;
    sender.check_success(&response)
}
