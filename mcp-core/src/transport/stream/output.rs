//! The writing half of a conversation.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::{Sleep, sleep};

use super::outbox::{Outbox, push_reply};
use super::shared::Shared;
use crate::jsonrpc::{ErrorObject, RequestId, write_error};
use crate::service::Reply;
use crate::transport::TransportError;

/// The writer, the bytes that wait for it, and the timer for a peer that does not read.
pub(super) struct Output<W> {
    /// `None` after this side of the stream was closed. Later output is dropped.
    writer: Option<W>,
    bytes: Outbox,
    /// Whether the writer has bytes that were not flushed.
    unflushed: bool,
    /// Length of the error responses that were added since the output was last below its limit, in
    /// bytes.
    refused_bytes: usize,
    /// The time at which a peer that does not read is given up. Set while the writer accepts
    /// nothing.
    stall: Option<Pin<Box<Sleep>>>,
    max_outbox_bytes: usize,
    write_stall_timeout: Duration,
}

impl<W: AsyncWrite + Unpin> Output<W> {
    pub(super) fn new(writer: W, max_outbox_bytes: usize, write_stall_timeout: Duration) -> Self {
        Self {
            writer: Some(writer),
            bytes: Outbox::default(),
            unflushed: false,
            refused_bytes: 0,
            stall: None,
            max_outbox_bytes,
            write_stall_timeout,
        }
    }

    /// Whether everything is written and flushed.
    pub(super) fn is_done(&self) -> bool {
        self.bytes.is_empty() && !self.unflushed
    }

    /// Whether the peer does not read, so that no new work may produce output.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= self.max_outbox_bytes
    }

    /// Whether the output is also full of error responses, so that not even those may be added.
    pub(super) fn is_full_of_refusals(&self) -> bool {
        self.is_full() && self.refused_bytes >= self.max_outbox_bytes
    }

    /// Adds the answer of a handler that completed immediately, after the notifications that it
    /// sent.
    pub(super) fn reply(&mut self, shared: &Shared, id: &RequestId, reply: Reply) {
        shared.take_outbox(&mut self.bytes);
        push_reply(&mut self.bytes, id, reply, shared.max_outgoing_bytes);
    }

    /// Adds an error response.
    pub(super) fn refuse(&mut self, id: Option<&RequestId>, error: &ErrorObject) {
        let before = self.bytes.len();
        write_error(self.bytes.buffer(), id, error);
        self.bytes.buffer().extend_from_slice(b"\n");
        self.refused_bytes += self.bytes.len() - before;
    }

    /// Adds a line of error responses.
    pub(super) fn refuse_line(&mut self, line: bytes::BytesMut) {
        self.refused_bytes += line.len();
        self.bytes.push_line(line);
    }

    /// Writes the queued bytes. Fails if the peer has read nothing for [`write_stall_timeout`].
    ///
    /// [`write_stall_timeout`]: crate::ConnectionLimits::write_stall_timeout
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Shared,
    ) -> Result<Poll<()>, TransportError> {
        let written = self.poll_write_all(cx, shared)?;
        if written.is_ready() {
            self.stall = None;
            return Ok(written);
        }
        let timeout = self.write_stall_timeout;
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(timeout)));
        if stall.as_mut().poll(cx).is_ready() {
            let message = format!("the peer read nothing for {timeout:?} (write_stall_timeout)");
            return Err(TransportError::closed(message));
        }
        Ok(written)
    }

    /// Writes the queued bytes, as many at a time as the writer accepts, and flushes after the
    /// last.
    fn poll_write_all(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Shared,
    ) -> Result<Poll<()>, TransportError> {
        let failed = |error| TransportError::io("writing to the peer", error);
        loop {
            shared.take_outbox(&mut self.bytes);
            let Some(writer) = &mut self.writer else {
                self.bytes = Outbox::default();
                shared.set_unwritten(0);
                return Ok(Poll::Ready(()));
            };
            if self.bytes.is_empty() {
                break;
            }
            while !self.bytes.is_empty() {
                match self.bytes.poll_write(cx, writer) {
                    Poll::Ready(Ok(0)) => {
                        return Err(TransportError::closed("the peer closed its reading side"));
                    }
                    Poll::Ready(Ok(_)) => {
                        self.unflushed = true;
                        self.stall = None;
                    }
                    Poll::Ready(Err(error)) => return Err(failed(error)),
                    Poll::Pending => {
                        if !self.is_full() {
                            self.refused_bytes = 0;
                        }
                        shared.set_unwritten(self.bytes.len());
                        return Ok(Poll::Pending);
                    }
                }
            }
            self.refused_bytes = 0;
        }
        let Some(writer) = &mut self.writer else { return Ok(Poll::Ready(())) };
        if self.unflushed {
            match Pin::new(&mut *writer).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return Err(failed(error)),
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        if shared.lock().closing {
            match Pin::new(writer).poll_shutdown(cx) {
                // Shutting down a broken pipe fails, but closes it all the same. Some writers close
                // when they are dropped.
                Poll::Ready(_) => self.writer = None,
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        Ok(Poll::Ready(()))
    }
}
