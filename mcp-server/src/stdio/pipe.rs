//! Pipes that are widened when long messages come.
//!
//! A pipe holds 64 KiB. A message of a mebibyte takes each side dozens of turns through it, and
//! every turn a switch between the two processes, which costs more than the copying.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe::{Receiver, Sender};

/// What a pipe holds unless it is told otherwise.
const USUAL: usize = 64 << 10;

/// A pipe to read from.
pub(super) struct In {
    pipe: Receiver,
    widened: bool,
}

/// A pipe to write to.
pub(super) struct Out {
    pipe: Sender,
    widened: bool,
}

impl In {
    pub(super) fn new(pipe: File) -> io::Result<Self> {
        Ok(Self { pipe: Receiver::from_file(pipe)?, widened: false })
    }
}

impl Out {
    pub(super) fn new(pipe: File) -> io::Result<Self> {
        Ok(Self { pipe: Sender::from_file(pipe)?, widened: false })
    }

    fn widen_for(&mut self, length: usize) {
        if length > USUAL && !self.widened {
            self.widened = true;
            widen(&self.pipe);
        }
    }
}

/// Asks for a mebibyte, the most that an ordinary user gets. Where that is refused the pipe stays
/// as it is.
#[cfg(target_os = "linux")]
fn widen(pipe: impl AsFd) {
    if let Err(error) = rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20) {
        tracing::debug!(%error, "a pipe stays narrow");
    }
}

#[cfg(not(target_os = "linux"))]
fn widen(_: impl AsFd) {}

impl AsyncRead for In {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.pipe).poll_read(cx, buffer);
        if buffer.filled().len() - before >= USUAL && !self.widened {
            self.widened = true;
            widen(&self.pipe); // It was full.
        }
        read
    }
}

impl AsyncWrite for Out {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.widen_for(bytes.len());
        Pin::new(&mut self.pipe).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.widen_for(slices.iter().map(|slice| slice.len()).sum());
        Pin::new(&mut self.pipe).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}
