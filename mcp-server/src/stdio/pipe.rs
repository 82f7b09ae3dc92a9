//! Pipes that are enlarged when long messages arrive.
//!
//! By default a pipe holds 64 KiB. A message of 1 MiB then takes dozens of context switches between
//! the two processes, which cost more than copying the bytes.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe::{Receiver, Sender};

/// Default capacity of a pipe, in bytes.
const DEFAULT_PIPE_BYTES: usize = 64 << 10;

/// The reading end of a pipe.
pub(super) struct PipeReader {
    pipe: Receiver,
    is_enlarged: bool,
}

/// The writing end of a pipe.
pub(super) struct PipeWriter {
    pipe: Sender,
    is_enlarged: bool,
}

impl PipeReader {
    pub(super) fn new(pipe: File) -> io::Result<Self> {
        Ok(Self { pipe: Receiver::from_file(pipe)?, is_enlarged: false })
    }
}

impl PipeWriter {
    pub(super) fn new(pipe: File) -> io::Result<Self> {
        Ok(Self { pipe: Sender::from_file(pipe)?, is_enlarged: false })
    }

    fn enlarge_for(&mut self, length: usize) {
        if length > DEFAULT_PIPE_BYTES && !self.is_enlarged {
            self.is_enlarged = true;
            enlarge(&self.pipe);
        }
    }
}

/// Requests 1 MiB, the maximum for unprivileged users on Linux. If the kernel refuses, the pipe
/// keeps its capacity.
#[cfg(target_os = "linux")]
fn enlarge(pipe: impl AsFd) {
    if let Err(error) = rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20) {
        tracing::debug!(%error, "cannot enlarge the pipe");
    }
}

#[cfg(not(target_os = "linux"))]
fn enlarge(_: impl AsFd) {}

impl AsyncRead for PipeReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.pipe).poll_read(cx, buffer);
        if buffer.filled().len() - before >= DEFAULT_PIPE_BYTES && !self.is_enlarged {
            self.is_enlarged = true;
            enlarge(&self.pipe); // The pipe was full.
        }
        read
    }
}

impl AsyncWrite for PipeWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.enlarge_for(bytes.len());
        Pin::new(&mut self.pipe).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.enlarge_for(slices.iter().map(|slice| slice.len()).sum());
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
