//! A socket that gives up on a peer that keeps it waiting (threats T6 and T7).
//!
//! hyper's own timer for heads starts after it found out which protocol is spoken, and is the same for a
//! connection that rests between two requests. This one covers all of it, in both protocols.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use mcp_core::Limits;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::activity::Activity;

/// A stream with deadlines.
pub(super) struct Socket<S> {
    stream: S,
    activity: Activity,
    phase: Phase,
    /// When the phase has to be over.
    deadline: Instant,
    /// Fires no later than the deadline; looked at again when it does, so that a request need not set it.
    timer: Pin<Box<Sleep>>,
    /// Fires when the peer has not read for too long.
    stalled: Option<Pin<Box<Sleep>>>,
    http2: bool,
    head: Duration,
    idle: Duration,
    stall: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// The head of a request is awaited.
    Head,
    /// A request is being answered.
    Busy,
    /// Nothing came since the last answer. HTTP/2 stays here between requests: its pings are no heads.
    Idle,
}

impl<S> Socket<S> {
    pub(super) fn new(stream: S, activity: Activity, limits: &Limits) -> Self {
        let head = limits.http.head_timeout;
        Self {
            stream,
            activity,
            phase: Phase::Head,
            deadline: Instant::now() + head,
            timer: Box::pin(sleep(head)),
            stalled: None,
            http2: false,
            head,
            idle: limits.http.idle_timeout,
            stall: limits.write_stall,
        }
    }

    fn enter(&mut self, phase: Phase, patience: Duration) {
        self.phase = phase;
        self.deadline = Instant::now() + patience;
    }

    /// Whether the peer has used up its time.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.activity.is_busy() {
            self.phase = Phase::Busy;
            return Poll::Pending;
        }
        if self.phase == Phase::Busy {
            self.enter(Phase::Idle, self.idle);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if now >= self.deadline {
                return Poll::Ready(());
            }
            // Never further ahead than a head may take, so that no later deadline is missed.
            self.timer.as_mut().reset(self.deadline.min(now + self.head));
        }
        Poll::Pending
    }

    fn arrived(&mut self, bytes: &[u8]) {
        match self.phase {
            Phase::Head if bytes.starts_with(b"PRI * HTTP/2") => {
                self.http2 = true;
                self.enter(Phase::Idle, self.idle);
            }
            Phase::Idle if !self.http2 => self.enter(Phase::Head, self.head),
            _ => {}
        }
    }

    fn written<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stall = self.stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + stall)));
        stalled.as_mut().poll(cx).map(|()| Err(late("the peer does not read")))
    }
}

fn late(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, reason)
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.poll_deadline(cx).is_ready() {
            return Poll::Ready(Err(late("no request arrived")));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if let Poll::Ready(Ok(())) = read
            && buffer.filled().len() > before
        {
            this.arrived(&buffer.filled()[before..]);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.written(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.written(cx, shut)
    }
}
