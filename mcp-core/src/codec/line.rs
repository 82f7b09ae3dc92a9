//! Newline-delimited frames, which stdio and other byte streams use (step 1 of a call, see
//! ARCHITECTURE.md).
//!
//! Spec: transports/stdio: one message per line, in UTF-8, without a line break inside. The decoder
//! is liberal: it accepts CRLF, blank lines, a byte order mark before the first line, and a last
//! line without a line break.

use bytes::{Buf as _, Bytes, BytesMut};

/// Maximum capacity of a buffer that is kept for the next lines, in bytes.
const MAX_KEPT_CAPACITY: usize = 64 << 10;

/// Maximum length of a line that is copied out of a larger buffer, in bytes.
const MAX_COPIED_LINE: usize = 16 << 10;

/// Splits a stream of bytes into lines of a limited length.
///
/// ```
/// use mcp_core::codec::line::{Line, LineDecoder};
///
/// let mut decoder = LineDecoder::new(1024);
/// decoder.read_buffer().extend_from_slice(b"{\"a\":1}\n{\"b\"");
/// assert_eq!(decoder.next_line(), Some(Line::Frame("{\"a\":1}".into())));
/// assert_eq!(decoder.next_line(), None);
/// decoder.read_buffer().extend_from_slice(b":2}");
/// assert_eq!(decoder.finish(), Some(Line::Frame("{\"b\":2}".into())));
/// ```
#[derive(Debug)]
pub struct LineDecoder {
    buffer: BytesMut,
    /// Number of bytes at the front of `buffer` that are known to have no line break.
    searched: usize,
    /// Capacity of the allocation behind `buffer` when it last grew, including lines that were
    /// returned since.
    grown_capacity: usize,
    /// Whether the last line was short compared with the buffer, so that a smaller one will do.
    may_shrink: bool,
    max_line_bytes: usize,
    /// Whether the rest of an overlong line is being discarded.
    skipping: bool,
    /// Whether no line was returned yet, so that a byte order mark is removed.
    is_first_line: bool,
}

/// A line of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// One frame, without its line break.
    Frame(Bytes),
    /// A line exceeded the limit. Its bytes are discarded, and the next line is decoded as usual.
    Overlong,
}

impl LineDecoder {
    /// Creates a decoder that rejects lines of more than `max_line_bytes` bytes, without the line
    /// break.
    pub fn new(max_line_bytes: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            searched: 0,
            grown_capacity: 0,
            may_shrink: false,
            max_line_bytes,
            skipping: false,
            is_first_line: true,
        }
    }

    /// Returns the buffer to read into, with spare capacity.
    ///
    /// The capacity grows with the line that is being collected, so that a message of 1 MiB takes a
    /// few reads, and shrinks when lines are short again.
    pub fn read_buffer(&mut self) -> &mut BytesMut {
        if self.buffer.is_empty() && self.grown_capacity > MAX_KEPT_CAPACITY {
            // A long line was returned. Its memory is reused for the next line, because fresh pages
            // cost more than reading, unless short lines follow.
            if self.may_shrink || !self.buffer.try_reclaim(self.grown_capacity) {
                self.buffer = BytesMut::new();
                self.grown_capacity = 0;
            }
        }
        let wanted = self.buffer.len().clamp(8 << 10, 1 << 20);
        if self.buffer.capacity() - self.buffer.len() < wanted / 2 {
            self.buffer.reserve(wanted);
            self.grown_capacity = self.buffer.capacity();
        }
        &mut self.buffer
    }

    /// The former name of [`LineDecoder::read_buffer`].
    #[doc(hidden)]
    pub fn space(&mut self) -> &mut BytesMut {
        self.read_buffer()
    }

    /// Returns the next complete line among the bytes read so far. Blank lines are skipped.
    pub fn next_line(&mut self) -> Option<Line> {
        loop {
            let Some(found) = memchr::memchr(b'\n', &self.buffer[self.searched..]) else {
                return self.wait_for_line_break();
            };
            let end = self.searched + found + 1;
            let mut line = if end < MAX_COPIED_LINE && self.grown_capacity > MAX_KEPT_CAPACITY {
                // A slice would keep the whole large buffer alive for as long as the message is in
                // use.
                let line = Bytes::copy_from_slice(&self.buffer[..end]);
                self.buffer.advance(end);
                line
            } else {
                self.buffer.split_to(end).freeze()
            };
            self.searched = 0;
            self.may_shrink = line.len() < self.grown_capacity / 8;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            line.truncate(line.len() - 1);
            if line.len() > self.max_line_bytes {
                return Some(Line::Overlong);
            }
            if let Some(frame) = self.frame(line) {
                return Some(frame);
            }
        }
    }

    /// Returns the last line if the stream ended without a line break.
    pub fn finish(&mut self) -> Option<Line> {
        let rest = self.buffer.split().freeze();
        self.searched = 0;
        if std::mem::take(&mut self.skipping) {
            return None;
        }
        self.frame(rest)
    }

    fn wait_for_line_break(&mut self) -> Option<Line> {
        if self.buffer.len() <= self.max_line_bytes {
            self.searched = self.buffer.len();
            return None;
        }
        self.buffer = BytesMut::new();
        self.grown_capacity = 0;
        self.searched = 0;
        (!std::mem::replace(&mut self.skipping, true)).then_some(Line::Overlong)
    }

    fn frame(&mut self, mut line: Bytes) -> Option<Line> {
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        if std::mem::take(&mut self.is_first_line) && line.starts_with(b"\xef\xbb\xbf") {
            line = line.slice(3..);
        }
        (!line.trim_ascii().is_empty()).then_some(Line::Frame(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(decoder: &mut LineDecoder, bytes: &[u8], chunk_bytes: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        for chunk in bytes.chunks(chunk_bytes) {
            decoder.read_buffer().extend_from_slice(chunk);
            lines.extend(std::iter::from_fn(|| decoder.next_line()));
        }
        lines.extend(decoder.finish());
        lines
    }

    #[test]
    fn the_lines_do_not_depend_on_how_the_stream_is_split() {
        let stream = "\u{feff}{\"a\":1}\r\n\n   \n{\"b\":\"ü\"}\n0123456789012345678901234567890123456789\n{}\n{\"last\":0}";
        let whole = decode(&mut LineDecoder::new(20), stream.as_bytes(), usize::MAX);
        let frame = |text: &'static str| Line::Frame(Bytes::from_static(text.as_bytes()));
        let expected = [
            frame("{\"a\":1}"),
            frame("{\"b\":\"ü\"}"),
            Line::Overlong,
            frame("{}"),
            frame("{\"last\":0}"),
        ];
        assert_eq!(whole, expected);
        for step in 1..stream.len() {
            let lines = decode(&mut LineDecoder::new(20), stream.as_bytes(), step);
            assert_eq!(lines, expected, "chunks of {step} bytes");
        }
    }

    #[test]
    fn a_line_without_an_end_occupies_at_most_the_limit_and_one_read() {
        let mut decoder = LineDecoder::new(64 << 10);
        let mut refused = 0;
        for _ in 0..1_000 {
            decoder.read_buffer().extend_from_slice(&[b'x'; 8 << 10]);
            refused += std::iter::from_fn(|| decoder.next_line()).count();
            assert!(decoder.buffer.capacity() <= 256 << 10);
        }
        assert_eq!(refused, 1);
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_accepted() {
        let mut decoder = LineDecoder::new(3);
        assert_eq!(
            decode(&mut decoder, b"123\n1234\n123", 100),
            [
                Line::Frame(Bytes::from_static(b"123")),
                Line::Overlong,
                Line::Frame(Bytes::from_static(b"123"))
            ]
        );
    }
}
