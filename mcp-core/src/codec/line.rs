//! Newline-delimited frames, as stdio and byte streams carry them (step 1 of the walk of a call).
//!
//! Spec: transports/stdio: one message a line, UTF-8, no line break inside. Liberal on input: CRLF, blank
//! lines, a byte order mark before the first line and a last line without its end are accepted.

use bytes::{Buf as _, Bytes, BytesMut};

/// A buffer of up to this size is kept whatever the lines are like.
const KEPT: usize = 64 << 10;

/// Lines up to this length are copied out of a larger buffer.
const SHORT: usize = 16 << 10;

/// Splits a stream of bytes into lines, none longer than the limit. Pure: bytes in, frames out.
#[derive(Debug)]
pub struct LineDecoder {
    buffer: BytesMut,
    /// Bytes at the front of `buffer` that are known to hold no line break.
    searched: usize,
    /// What `buffer` held in all when it last grew, behind lines that were handed out too.
    grown: usize,
    /// The last line was short for a buffer of this size.
    shrinks: bool,
    longest: usize,
    /// The rest of a line that is too long is being thrown away.
    skipping: bool,
    first: bool,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// One frame, without its line break.
    Frame(Bytes),
    /// A line passed the limit. Its bytes are gone; the line after it is read as usual.
    Overlong,
}

impl LineDecoder {
    /// A decoder that refuses lines of more than `longest` bytes.
    pub fn new(longest: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            searched: 0,
            grown: 0,
            shrinks: false,
            longest,
            skipping: false,
            first: true,
        }
    }

    /// The buffer to read into, with room for at least some bytes.
    ///
    /// The room grows with the line that is being collected, so that a message of a mebibyte takes a few
    /// reads, and falls back when lines are short again.
    pub fn space(&mut self) -> &mut BytesMut {
        if self.buffer.is_empty() && self.grown > KEPT {
            // After a long line. Its memory is used again for the next one (fresh pages cost more than the
            // reading), unless short ones follow.
            if self.shrinks || !self.buffer.try_reclaim(self.grown) {
                self.buffer = BytesMut::new();
                self.grown = 0;
            }
        }
        let wanted = self.buffer.len().clamp(8 << 10, 1 << 20);
        if self.buffer.capacity() - self.buffer.len() < wanted / 2 {
            self.buffer.reserve(wanted);
            self.grown = self.buffer.capacity();
        }
        &mut self.buffer
    }

    /// The next complete line among the bytes read so far.
    pub fn next_line(&mut self) -> Option<Line> {
        loop {
            let Some(found) = memchr::memchr(b'\n', &self.buffer[self.searched..]) else {
                return self.keep_waiting();
            };
            let end = self.searched + found + 1;
            let line = if end < SHORT && self.grown > KEPT {
                // A slice would keep the whole of a large buffer for as long as the message is in use.
                let line = Bytes::copy_from_slice(&self.buffer[..end]);
                self.buffer.advance(end);
                line
            } else {
                self.buffer.split_to(end).freeze()
            };
            self.searched = 0;
            self.shrinks = line.len() < self.grown / 8;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if line.len() - 1 > self.longest {
                return Some(Line::Overlong);
            }
            if let Some(frame) = self.frame(line.slice(..line.len() - 1)) {
                return Some(frame);
            }
        }
    }

    /// What is left when the stream has ended: a last line without its line break.
    pub fn finish(&mut self) -> Option<Line> {
        let rest = self.buffer.split().freeze();
        self.searched = 0;
        if std::mem::take(&mut self.skipping) {
            return None;
        }
        self.frame(rest)
    }

    fn keep_waiting(&mut self) -> Option<Line> {
        if self.buffer.len() <= self.longest {
            self.searched = self.buffer.len();
            return None;
        }
        self.buffer = BytesMut::new();
        self.grown = 0;
        self.searched = 0;
        (!std::mem::replace(&mut self.skipping, true)).then_some(Line::Overlong)
    }

    fn frame(&mut self, mut line: Bytes) -> Option<Line> {
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        if std::mem::take(&mut self.first) && line.starts_with(b"\xef\xbb\xbf") {
            line = line.slice(3..);
        }
        (!line.trim_ascii().is_empty()).then_some(Line::Frame(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(decoder: &mut LineDecoder, bytes: &[u8], step: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        for chunk in bytes.chunks(step) {
            decoder.space().extend_from_slice(chunk);
            lines.extend(std::iter::from_fn(|| decoder.next_line()));
        }
        lines.extend(decoder.finish());
        lines
    }

    #[test]
    fn any_split_of_a_stream_gives_the_same_lines() {
        let stream = "\u{feff}{\"a\":1}\r\n\n   \n{\"b\":\"ü\"}\n0123456789012345678901234567890123456789\n{}\n{\"last\":0}";
        let whole = lines(&mut LineDecoder::new(20), stream.as_bytes(), usize::MAX);
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
            assert_eq!(
                lines(&mut LineDecoder::new(20), stream.as_bytes(), step),
                expected,
                "step {step}"
            );
        }
    }

    #[test]
    fn a_line_that_never_ends_holds_no_more_than_the_limit_and_one_read() {
        let mut decoder = LineDecoder::new(64 << 10);
        let mut refused = 0;
        for _ in 0..1_000 {
            decoder.space().extend_from_slice(&[b'x'; 8 << 10]);
            refused += std::iter::from_fn(|| decoder.next_line()).count();
            assert!(decoder.buffer.capacity() <= 256 << 10);
        }
        assert_eq!(refused, 1);
    }

    #[test]
    fn the_limit_is_the_longest_line_that_passes() {
        let mut decoder = LineDecoder::new(3);
        assert_eq!(
            lines(&mut decoder, b"123\n1234\n123", 100),
            [
                Line::Frame(Bytes::from_static(b"123")),
                Line::Overlong,
                Line::Frame(Bytes::from_static(b"123"))
            ]
        );
    }
}
