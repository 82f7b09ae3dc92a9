//! The server's messages.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use mcp_core::codec::sse::EventDecoder;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;
use tokio::task::coop::poll_proceed;

use mcp_core::http_client::HttpBody;

/// The server's messages, a line each.
pub(crate) struct Events {
    body: HttpBody,
    decoder: EventDecoder,
    line: Bytes,
    /// Ends the events: the client closed its side, or one of its messages was lost, with the
    /// reason.
    ended: mpsc::Receiver<io::Error>,
}

impl Events {
    pub(super) fn new(body: HttpBody, max_bytes: usize, ended: mpsc::Receiver<io::Error>) -> Self {
        Self { body, decoder: EventDecoder::new(max_bytes), line: Bytes::new(), ended }
    }

    /// The data of the first event, which must be the endpoint.
    pub(super) async fn endpoint(&mut self) -> io::Result<String> {
        loop {
            if let Some(event) = self.decoder.next_event().map_err(io::Error::other)? {
                if event.name.as_deref() != Some("endpoint") {
                    return Err(io::Error::other("the stream does not begin with an endpoint"));
                }
                return String::from_utf8(event.data.to_vec()).map_err(io::Error::other);
            }
            tokio::task::consume_budget().await;
            match self.body.chunk().await.map_err(io::Error::other)? {
                Some(chunk) => self.decoder.push(&chunk),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// The next message as a line; an empty one at the end.
    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        loop {
            // A stream that always has something to read must not starve other tasks.
            let budget = ready!(poll_proceed(cx));
            while let Some(event) = self.decoder.next_event().map_err(io::Error::other)? {
                if event.is_message() {
                    budget.made_progress();
                    return Poll::Ready(Ok(line(event.data)));
                }
            }
            if let Poll::Ready(ended) = self.ended.poll_recv(cx) {
                return Poll::Ready(ended.map_or(Ok(Bytes::new()), Err));
            }
            match ready!(self.body.poll_chunk(cx)).map_err(io::Error::other)? {
                Some(chunk) => self.decoder.push(&chunk),
                None => return Poll::Ready(Ok(Bytes::new())),
            }
            budget.made_progress();
        }
    }
}

/// A message as a line. Between tokens of JSON a line break is the same as a space, and within them
/// there is none.
fn line(message: Bytes) -> Bytes {
    let mut line = BytesMut::from(message);
    line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    line.extend_from_slice(b"\n");
    line.freeze()
}

impl AsyncRead for Events {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.line.is_empty() {
            self.line = ready!(self.poll_line(cx))?;
        }
        let length = self.line.len().min(buffer.remaining());
        buffer.put_slice(&self.line[..length]);
        self.line.advance(length);
        Poll::Ready(Ok(()))
    }
}
