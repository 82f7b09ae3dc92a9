//! Bytes that wait to be written: small messages in one buffer, long ones as separate parts.
//!
//! A long result is already serialized, and copying it behind the small messages would touch all of
//! its memory again. It is queued as a part of its own, and several parts are written with one
//! vectored write.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::AsyncWrite;

use crate::jsonrpc::{RequestId, is_one_line, write_error, write_result, write_result_start};
use crate::service::{Reply, outgoing};

/// Length in bytes from which on a result is a part of its own.
const MIN_PART_BYTES: usize = 32 << 10;
/// Number of parts in one write.
const PARTS_PER_WRITE: usize = 16;
/// Maximum capacity of a buffer that is kept when it is empty, in bytes.
const MAX_KEPT_CAPACITY: usize = 256 << 10;

/// Bytes to be written, in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Parts that precede `buffer`. None of them is empty.
    parts: VecDeque<Bytes>,
    /// Total length of `parts`, in bytes.
    parts_len: usize,
    buffer: BytesMut,
}

impl Outbox {
    pub(super) fn len(&self) -> usize {
        self.parts_len + self.buffer.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.buffer.is_empty()
    }

    /// Returns the buffer at the end, to append to.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Appends bytes. Short ones are copied, long ones are not.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if bytes.len() < MIN_PART_BYTES {
            self.buffer.extend_from_slice(&bytes);
        } else {
            self.seal_buffer();
            self.push_part(bytes);
        }
    }

    /// Appends bytes and a line break.
    pub(super) fn push_line(&mut self, bytes: BytesMut) {
        self.push(bytes.freeze());
        self.buffer.extend_from_slice(b"\n");
    }

    /// Moves the contents of `other` to the end of `self`.
    pub(super) fn append(&mut self, other: &mut Self) {
        if self.is_empty() {
            std::mem::swap(self, other);
        } else if other.parts.is_empty() {
            self.buffer.extend_from_slice(&other.buffer);
            other.buffer.clear();
        } else {
            self.seal_buffer();
            self.parts.append(&mut other.parts);
            self.parts_len += std::mem::take(&mut other.parts_len);
            self.buffer = other.buffer.split();
        }
    }

    /// Turns the buffer into a part.
    fn seal_buffer(&mut self) {
        if !self.buffer.is_empty() {
            let part = self.buffer.split().freeze();
            self.push_part(part);
        }
    }

    fn push_part(&mut self, part: Bytes) {
        self.parts_len += part.len();
        self.parts.push_back(part);
    }

    /// Writes once, as much as the writer accepts, and removes what was written.
    pub(super) fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        writer: &mut W,
    ) -> Poll<std::io::Result<usize>> {
        let mut writer = Pin::new(writer);
        let written = if self.parts.is_empty() {
            ready!(writer.as_mut().poll_write(cx, &self.buffer))?
        } else if writer.is_write_vectored() {
            let mut slices = [IoSlice::new(&[]); PARTS_PER_WRITE];
            let parts = self.parts.iter().map(|part| &part[..]).chain([&self.buffer[..]]);
            let count = slices
                .iter_mut()
                .zip(parts)
                .map(|(slice, part)| *slice = IoSlice::new(part))
                .count();
            ready!(writer.as_mut().poll_write_vectored(cx, &slices[..count]))?
        } else {
            let first = self.parts.front().map(|part| &part[..]).unwrap_or_default();
            ready!(writer.as_mut().poll_write(cx, first))?
        };
        self.advance(written);
        Poll::Ready(Ok(written))
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(part) = self.parts.front_mut() {
            if written < part.len() {
                part.advance(written);
                self.parts_len -= written;
                return;
            }
            written -= part.len();
            self.parts_len -= part.len();
            self.parts.pop_front();
        }
        if written < self.buffer.len() {
            self.buffer.advance(written);
        } else if self.buffer.capacity() > MAX_KEPT_CAPACITY {
            self.buffer = BytesMut::new();
        } else {
            self.buffer.clear();
        }
    }
}

/// Appends a response as one line. A long result is not copied.
pub(super) fn push_reply(out: &mut Outbox, id: &RequestId, reply: Reply, max_bytes: usize) {
    match outgoing(id, reply, max_bytes) {
        Ok(result)
            if result.as_bytes().len() >= MIN_PART_BYTES && is_one_line(result.as_bytes()) =>
        {
            write_result_start(out.buffer(), id);
            out.push(result.into_bytes());
            out.buffer().extend_from_slice(b"}\n");
            return;
        }
        Ok(result) => write_result(out.buffer(), id, result.as_bytes()),
        Err(error) => write_error(out.buffer(), Some(id), &error),
    }
    out.buffer().extend_from_slice(b"\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer that accepts a limited number of bytes at a time, with or without vectored writes.
    struct SlowWriter {
        written: Vec<u8>,
        max_bytes: usize,
        vectored: bool,
    }

    impl AsyncWrite for SlowWriter {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<std::io::Result<usize>> {
            let count = bytes.len().min(self.max_bytes);
            self.written.extend_from_slice(&bytes[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            slices: &[IoSlice<'_>],
        ) -> Poll<std::io::Result<usize>> {
            let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            let count = all.len().min(self.max_bytes);
            self.written.extend_from_slice(&all[..count]);
            Poll::Ready(Ok(count))
        }

        fn is_write_vectored(&self) -> bool {
            self.vectored
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn fill(outbox: &mut Outbox, expected: &mut Vec<u8>, lengths: &[usize]) {
        for (index, length) in lengths.iter().enumerate() {
            let bytes = vec![b'a' + index as u8; *length];
            expected.extend_from_slice(&bytes);
            if index % 2 == 0 {
                outbox.buffer().extend_from_slice(&bytes);
            } else {
                outbox.push(bytes.into());
            }
        }
    }

    #[test]
    fn all_bytes_are_written_once_and_in_order_for_any_size_of_write() {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        for vectored in [false, true] {
            for max_bytes in
                [1_000, MIN_PART_BYTES - 1, MIN_PART_BYTES, MIN_PART_BYTES + 7, 1 << 20]
            {
                let mut writer = SlowWriter { written: Vec::new(), max_bytes, vectored };
                let mut expected = Vec::new();
                let mut outbox = Outbox::default();
                fill(
                    &mut outbox,
                    &mut expected,
                    &[3, MIN_PART_BYTES, 5, MIN_PART_BYTES - 1, 0, 2 * MIN_PART_BYTES],
                );
                for lengths in [&[7_usize, 9][..], &[1, MIN_PART_BYTES, 0, MIN_PART_BYTES, 4]] {
                    let mut more = Outbox::default();
                    fill(&mut more, &mut expected, lengths);
                    outbox.append(&mut more);
                    assert!(more.is_empty());
                    assert_eq!(more.len(), 0);
                }
                assert_eq!(outbox.len(), expected.len());
                while !outbox.is_empty() {
                    let before = outbox.len();
                    let Poll::Ready(Ok(written)) = outbox.poll_write(&mut cx, &mut writer) else {
                        panic!()
                    };
                    assert!(written > 0);
                    assert_eq!(outbox.len(), before - written);
                }
                assert!(
                    writer.written == expected,
                    "vectored: {vectored}, {max_bytes} bytes at a time"
                );
            }
        }
    }
}
