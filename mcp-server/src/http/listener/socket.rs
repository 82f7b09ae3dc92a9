//! A socket that gives up on a peer that keeps it waiting (THREAT-6 and THREAT-7).
//!
//! hyper has one timer for the head of a request and for a connection that is idle between two.
//! Here each has its own, in both protocols, and the detection of the protocol has one too.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::activity::Activity;
use crate::Limits;

/// Most bytes that are read while a request of HTTP/1 is answered. Fixed: they are read only to see
/// whether the peer disconnects, and behind more than that a disconnect is not seen.
const MAX_READ_AHEAD: usize = 16 << 10;

/// What an HTTP/2 client sends first.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream with deadlines.
pub(super) struct Socket<S> {
    stream: S,
    /// What was read to find out which protocol is spoken, and not handed on yet.
    begun: ([u8; PREFACE.len()], usize),
    /// What was read while a request was answered, and not handed on yet.
    ahead: BytesMut,
    /// The peer has closed its side.
    has_ended: bool,
    activity: Activity,
    phase: Phase,
    /// When the phase has to be over; `None` where it has no end.
    deadline: Option<Instant>,
    /// Fires no later than the deadline, and is set again when it does, so that a request need not
    /// set it.
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
    /// Nothing has arrived since the last answer. HTTP/2 stays here between requests: its pings are
    /// not heads.
    Idle,
}

impl<S> Socket<S> {
    pub(super) fn new(stream: S, activity: Activity, limits: &Limits) -> Self {
        let head = limits.http.head_timeout;
        Self {
            stream,
            begun: ([0; PREFACE.len()], 0),
            ahead: BytesMut::new(),
            has_ended: false,
            activity,
            phase: Phase::Head,
            deadline: Instant::now().checked_add(head),
            timer: Box::pin(sleep(head)),
            stalled: None,
            http2: false,
            head,
            idle: limits.http.idle_timeout,
            stall: limits.connection.write_stall_timeout,
        }
    }

    fn enter(&mut self, phase: Phase, patience: Duration) {
        self.phase = phase;
        self.deadline = Instant::now().checked_add(patience);
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
            if self.deadline.is_some_and(|deadline| now >= deadline) {
                return Poll::Ready(());
            }
            // Never further ahead than a head may take, so that no later deadline is missed.
            match self.deadline.into_iter().chain(now.checked_add(self.head)).min() {
                Some(next) => self.timer.as_mut().reset(next),
                None => self.timer.set(sleep(Duration::MAX)),
            }
        }
        Poll::Pending
    }

    fn arrived(&mut self) {
        if self.phase == Phase::Idle && !self.http2 {
            self.enter(Phase::Head, self.head);
        }
    }

    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stall = self.stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(stall)));
        stalled.as_mut().poll(cx).map(|()| Err(late("the peer does not read")))
    }
}

impl<S: AsyncRead + Unpin> Socket<S> {
    /// Whether the peer speaks HTTP/2, from the first bytes that it sends.
    pub(super) async fn speaks_http2(&mut self) -> io::Result<bool> {
        poll_fn(|cx| self.poll_http2(cx)).await
    }

    fn poll_http2(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        while self.may_be_http2() {
            if self.poll_deadline(cx).is_ready() {
                return Poll::Ready(Err(late("no request arrived")));
            }
            let (bytes, length) = &mut self.begun;
            let mut rest = ReadBuf::new(&mut bytes[*length..]);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut rest))?;
            match rest.filled().len() {
                0 => break, // The next read finds the end as well.
                more => *length += more,
            }
        }
        self.http2 = self.begun == (*PREFACE, PREFACE.len());
        if self.http2 {
            self.enter(Phase::Idle, self.idle);
        }
        Poll::Ready(Ok(self.http2))
    }

    /// Whether what was read begins like HTTP/2, and is not all of its preface yet.
    fn may_be_http2(&self) -> bool {
        let (bytes, length) = &self.begun;
        *length < PREFACE.len() && bytes[..*length] == PREFACE[..*length]
    }

    /// Hands on what was read before it was asked for.
    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let (bytes, length) = &mut self.begun;
        let fits = buffer.remaining().min(*length);
        buffer.put_slice(&bytes[..fits]);
        bytes.copy_within(fits..*length, 0);
        *length -= fits;
        if self.ahead.is_empty() {
            return; // Splitting an empty buffer would allocate.
        }
        let fits = buffer.remaining().min(self.ahead.len());
        buffer.put_slice(&self.ahead.split_to(fits));
        if self.ahead.is_empty() {
            self.ahead = BytesMut::new();
        }
    }

    /// Whether the peer of an HTTP/1 connection has disconnected while its request is answered.
    ///
    /// hyper looks for that only while it has read nothing behind the request: one byte more would
    /// hide it.
    fn poll_disconnect(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.http2 || !self.activity.is_busy() {
            return Poll::Pending;
        }
        while !self.has_ended && self.ahead.len() < MAX_READ_AHEAD {
            let mut space = [0; 1 << 10];
            let mut buffer = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            self.has_ended = buffer.filled().is_empty();
            self.ahead.extend_from_slice(buffer.filled());
            cx.waker().wake_by_ref(); // hyper may be waiting to read this.
        }
        match self.has_ended {
            true => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            false => Poll::Pending,
        }
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
        this.hand_on(buffer);
        let has_begun = buffer.filled().len() > before;
        if this.has_ended {
            return Poll::Ready(Ok(()));
        }
        // More is read along with it: hyper doubles its buffer for a first read that is short.
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            this.arrived();
        }
        // An error behind what was read already is found again by the next read.
        if has_begun { Poll::Ready(Ok(())) } else { read }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
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
        // hyper flushes each time that it polls a connection, and sees the error at once.
        if let Poll::Ready(disconnected) = self.poll_disconnect(cx) {
            return Poll::Ready(disconnected);
        }
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.written(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.written(cx, shut)
    }
}
