//! What waits to be written: small messages in one buffer, long ones as they are.
//!
//! A long result is serialized already; copying it behind the small ones would touch all of its memory once
//! more. It is queued as a part of its own, and parts go out together in one vectored write.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::AsyncWrite;

/// From this length on a result is a part of its own.
pub(super) const LONG: usize = 32 << 10;
/// Parts that one write takes.
const PARTS: usize = 16;
/// A buffer that grew beyond this does not stay.
const KEPT: usize = 256 << 10;

/// Bytes to be written, in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Come before `buffer`; none is empty.
    parts: VecDeque<Bytes>,
    /// How many bytes `parts` are.
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

    /// The end, to write to.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Appends bytes: a copy when they are few, otherwise without one.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if bytes.len() < LONG {
            self.buffer.extend_from_slice(&bytes);
        } else {
            self.seal();
            self.push_part(bytes);
        }
    }

    /// Moves everything of `other` behind what is here.
    pub(super) fn append(&mut self, other: &mut Self) {
        if self.is_empty() {
            std::mem::swap(self, other);
        } else if other.parts.is_empty() {
            self.buffer.extend_from_slice(&other.buffer);
            other.buffer.clear();
        } else {
            self.seal();
            self.parts.append(&mut other.parts);
            self.parts_len += std::mem::take(&mut other.parts_len);
            self.buffer = other.buffer.split();
        }
    }

    /// Turns the buffer into a part.
    fn seal(&mut self) {
        if !self.buffer.is_empty() {
            let part = self.buffer.split().freeze();
            self.push_part(part);
        }
    }

    fn push_part(&mut self, part: Bytes) {
        self.parts_len += part.len();
        self.parts.push_back(part);
    }

    /// Writes once, as much as the writer takes, and drops what was written.
    pub(super) fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        writer: &mut W,
    ) -> Poll<std::io::Result<usize>> {
        let mut writer = Pin::new(writer);
        let written = if self.parts.is_empty() {
            ready!(writer.as_mut().poll_write(cx, &self.buffer))?
        } else if writer.is_write_vectored() {
            let mut slices = [IoSlice::new(&[]); PARTS];
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
        } else if self.buffer.capacity() > KEPT {
            self.buffer = BytesMut::new();
        } else {
            self.buffer.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a few bytes at a time, with or without vectored writes.
    struct Narrow {
        taken: Vec<u8>,
        most: usize,
        vectored: bool,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<std::io::Result<usize>> {
            let taken = bytes.len().min(self.most);
            self.taken.extend_from_slice(&bytes[..taken]);
            Poll::Ready(Ok(taken))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            slices: &[IoSlice<'_>],
        ) -> Poll<std::io::Result<usize>> {
            let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            let taken = all.len().min(self.most);
            self.taken.extend_from_slice(&all[..taken]);
            Poll::Ready(Ok(taken))
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
    fn everything_goes_out_once_and_in_order_whatever_the_writer_takes() {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        for vectored in [false, true] {
            for most in [1_000, LONG - 1, LONG, LONG + 7, 1 << 20] {
                let mut writer = Narrow { taken: Vec::new(), most, vectored };
                let mut expected = Vec::new();
                let mut outbox = Outbox::default();
                fill(&mut outbox, &mut expected, &[3, LONG, 5, LONG - 1, 0, 2 * LONG]);
                for lengths in [&[7_usize, 9][..], &[1, LONG, 0, LONG, 4]] {
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
                assert!(writer.taken == expected, "vectored {vectored}, {most} bytes at a time");
            }
        }
    }
}
