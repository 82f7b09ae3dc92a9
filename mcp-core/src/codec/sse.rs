//! Server-sent events, which Streamable HTTP uses to carry messages.
//!
//! Spec: basic/transports, Streamable HTTP. The decoder follows the event stream format of WHATWG:
//! three kinds of line ends, comments, and `retry`. It differs in one point: an event without data
//! is reported if it has an id or `retry`, because a server starts a stream with such an event
//! (2025-11-25). Its data must not be parsed as a message.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

/// One event of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The `event` field. `None` means `message`.
    pub name: Option<String>,
    /// The `id` field of this event.
    pub id: Option<String>,
    /// The `data` lines, joined by line feeds.
    pub data: Bytes,
    /// The `retry` field: the time to wait before reconnecting.
    pub retry: Option<Duration>,
}

impl Event {
    /// Whether the data is a JSON-RPC message: the event has data, and no other name than
    /// `message`.
    #[must_use]
    pub fn is_message(&self) -> bool {
        !self.data.is_empty() && self.name.as_deref().is_none_or(|name| name == "message")
    }
}

/// An event is longer than the limit. The rest of the stream cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a server-sent event is longer than the limit of {limit} bytes")]
#[non_exhaustive]
pub struct EventTooLong {
    /// The limit, in bytes.
    pub limit: usize,
}

/// Appends one event.
///
/// `name` and `id` are cut at their first line break or NUL, so that they cannot start another
/// field. Line breaks in `data` start further `data` lines.
///
/// ```
/// use bytes::BytesMut;
/// use mcp_core::codec::sse::write_event;
///
/// let mut out = BytesMut::new();
/// write_event(&mut out, None, Some("7"), b"{}");
/// assert_eq!(out, "id: 7\ndata: {}\n\n");
/// ```
pub fn write_event(out: &mut BytesMut, name: Option<&str>, id: Option<&str>, data: &[u8]) {
    for (field, value) in [("event", name), ("id", id)] {
        if let Some(value) = value {
            let value = value.split(['\r', '\n', '\0']).next().unwrap_or_default();
            for part in [field.as_bytes(), b": ", value.as_bytes(), b"\n"] {
                out.extend_from_slice(part);
            }
        }
    }
    let mut rest = data;
    loop {
        out.extend_from_slice(b"data: ");
        match memchr::memchr2(b'\n', b'\r', rest) {
            None => {
                out.extend_from_slice(rest);
                out.extend_from_slice(b"\n\n");
                return;
            }
            Some(at) => {
                out.extend_from_slice(&rest[..at]);
                out.extend_from_slice(b"\n");
                let crlf = rest[at] == b'\r' && rest.get(at + 1) == Some(&b'\n');
                rest = &rest[at + 1 + usize::from(crlf)..];
            }
        }
    }
}

/// Appends a `retry` field on its own.
pub fn write_retry(out: &mut BytesMut, delay: Duration) {
    out.extend_from_slice(format!("retry: {}\n\n", delay.as_millis()).as_bytes());
}

/// Appends an event with an id and a `retry` field and without data. A server starts a stream with
/// it, so that a client that loses the connection at once can reconnect (2025-11-25).
pub fn write_priming(out: &mut BytesMut, id: &str, delay: Duration) {
    let id = id.split(['\r', '\n', '\0']).next().unwrap_or_default();
    out.extend_from_slice(format!("id: {id}\nretry: {}\ndata:\n\n", delay.as_millis()).as_bytes());
}

/// Appends a comment. It carries no information and keeps the connection alive.
pub fn write_keep_alive(out: &mut BytesMut) {
    out.extend_from_slice(b": \n\n");
}

/// Splits a stream of bytes into events of a limited length.
///
/// ```
/// use mcp_core::codec::sse::EventDecoder;
///
/// let mut decoder = EventDecoder::new(1024);
/// decoder.push(b"data: {\"a\"");
/// assert_eq!(decoder.next_event()?, None);
/// decoder.push(b":1}\n\n");
/// let event = decoder.next_event()?.expect("a complete event");
/// assert_eq!(event.data, "{\"a\":1}");
/// # Ok::<(), mcp_core::codec::sse::EventTooLong>(())
/// ```
#[derive(Debug)]
pub struct EventDecoder {
    buffer: BytesMut,
    /// Number of bytes at the front of `buffer` that are known to have no line break.
    searched: usize,
    limit: usize,
    data: BytesMut,
    /// Number of `data` lines of the current event.
    data_lines: usize,
    event: Event,
    /// Whether no line was read yet, so that a byte order mark is removed.
    is_first_line: bool,
    /// Whether the last line ended with a carriage return. A line feed that follows belongs to it.
    after_return: bool,
    has_comments: bool,
}

impl EventDecoder {
    /// Creates a decoder that rejects events with a line, or with data, of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            searched: 0,
            limit,
            data: BytesMut::new(),
            data_lines: 0,
            event: Event::default(),
            is_first_line: true,
            after_return: false,
            has_comments: false,
        }
    }

    /// Whether the stream had a comment so far. Servers send comments to keep a stream alive.
    #[must_use]
    pub fn has_comments(&self) -> bool {
        self.has_comments
    }

    /// Adds bytes that were read from the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next complete event among the bytes pushed so far.
    ///
    /// # Errors
    /// If an event exceeds the limit.
    pub fn next_event(&mut self) -> Result<Option<Event>, EventTooLong> {
        while let Some(line) = self.next_line()? {
            if !line.is_empty() {
                self.field(&line)?;
                continue;
            }
            let event = std::mem::take(&mut self.event);
            let data = self.data.split().freeze();
            let data_lines = std::mem::take(&mut self.data_lines);
            if data_lines > 0 || event.id.is_some() || event.retry.is_some() {
                return Ok(Some(Event { data, ..event }));
            }
        }
        Ok(None)
    }

    fn next_line(&mut self) -> Result<Option<Bytes>, EventTooLong> {
        if self.after_return && !self.buffer.is_empty() {
            self.after_return = false;
            if self.buffer[0] == b'\n' {
                drop(self.buffer.split_to(1));
            }
        }
        let Some(found) = memchr::memchr2(b'\n', b'\r', &self.buffer[self.searched..]) else {
            self.searched = self.buffer.len();
            // A comment is discarded and may have any length. Any other line is limited.
            if self.is_comment() {
                self.buffer.truncate(self.line_start() + 1);
                self.searched = self.buffer.len();
                return Ok(None);
            }
            return if self.buffer.len() > self.limit { Err(self.too_long()) } else { Ok(None) };
        };
        let end = self.searched + found;
        if end > self.limit && !self.is_comment() {
            return Err(self.too_long());
        }
        self.after_return = self.buffer[end] == b'\r';
        let start = self.line_start();
        let line = self.buffer.split_to(end + 1).freeze().slice(start..end);
        self.is_first_line = false;
        self.searched = 0;
        Ok(Some(line))
    }

    /// Returns the position of the current line in the buffer, which is after a byte order mark.
    fn line_start(&self) -> usize {
        let has_mark = self.is_first_line && self.buffer.starts_with(b"\xef\xbb\xbf");
        if has_mark { 3 } else { 0 }
    }

    fn is_comment(&self) -> bool {
        self.buffer.get(self.line_start()) == Some(&b':')
    }

    fn field(&mut self, line: &Bytes) -> Result<(), EventTooLong> {
        let (name, value) = match memchr::memchr(b':', line) {
            None => (&line[..], &[][..]),
            Some(at) => {
                let value = &line[at + 1..];
                (&line[..at], value.strip_prefix(b" ").unwrap_or(value))
            }
        };
        let text = || std::str::from_utf8(value).ok().map(str::to_owned);
        match name {
            b"" => self.has_comments = true,
            b"data" => {
                if self.data.len() + value.len() + 1 > self.limit {
                    return Err(self.too_long());
                }
                if self.data_lines > 0 {
                    self.data.extend_from_slice(b"\n");
                }
                self.data_lines += 1;
                self.data.extend_from_slice(value);
            }
            b"event" => self.event.name = text(),
            b"id" if !value.contains(&0) => self.event.id = text(),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                self.event.retry =
                    text().map(|digits| Duration::from_millis(digits.parse().unwrap_or(u64::MAX)));
            }
            _ => {}
        }
        Ok(())
    }

    fn too_long(&self) -> EventTooLong {
        EventTooLong { limit: self.limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], step: usize) -> Vec<Event> {
        let mut decoder = EventDecoder::new(1_000);
        let mut events = Vec::new();
        for chunk in bytes.chunks(step) {
            decoder.push(chunk);
            while let Some(event) = decoder.next_event().unwrap() {
                events.push(event);
            }
        }
        events
    }

    #[test]
    fn a_written_event_is_read_back_even_if_it_contains_fields_and_line_breaks() {
        let hostile: [&[u8]; 6] = [b"", b"{}", b"a\nb", b"a\r\nb", b"\n\ndata: x\n\n", b"id: 9\r"];
        for data in hostile {
            let mut out = BytesMut::new();
            write_event(&mut out, Some("message\nevil: 1"), Some("7\r8"), data);
            write_keep_alive(&mut out);
            for step in 1..=out.len() {
                let events = decode(&out, step);
                assert_eq!(events.len(), 1, "{data:?}, chunks of {step} bytes");
                assert_eq!(events[0].name.as_deref(), Some("message"));
                assert_eq!(events[0].id.as_deref(), Some("7"));
                let normal =
                    String::from_utf8_lossy(data).replace("\r\n", "\n").replace('\r', "\n");
                assert_eq!(events[0].data, normal.as_bytes());
            }
        }
    }

    #[test]
    fn an_event_with_data_and_no_other_name_is_a_message() {
        let stream = b"data: 1\n\nevent: message\ndata: 2\n\nevent: endpoint\ndata: 3\n\nid: 4\n\n";
        let is_message: Vec<bool> =
            decode(stream, stream.len()).iter().map(Event::is_message).collect();
        assert_eq!(is_message, [true, true, false, false]);
    }

    #[test]
    fn byte_order_marks_comments_and_retry_fields_are_understood() {
        let stream = b"\xef\xbb\xbf: hello\r\n\r\nid: 1\ndata:\n\nretry: 1500\n\nretry: x\n\ndata:no space\rdata: two\r\r";
        for step in 1..=stream.len() {
            let events = decode(stream, step);
            assert_eq!(events.len(), 3, "chunks of {step} bytes");
            assert_eq!((events[0].id.as_deref(), &events[0].data[..]), (Some("1"), &b""[..]));
            assert_eq!(events[1].retry, Some(Duration::from_millis(1500)));
            assert_eq!(&events[2].data[..], b"no space\ntwo");
        }
    }

    #[test]
    fn only_a_line_that_starts_with_a_colon_is_a_comment() {
        for (stream, has_comments) in
            [(": \n\n", true), ("data: {\"a\": 1}\n\n", false), ("data\n\n", false)]
        {
            for step in 1..=stream.len() {
                let mut decoder = EventDecoder::new(100);
                for chunk in stream.as_bytes().chunks(step) {
                    decoder.push(chunk);
                    while decoder.next_event().unwrap().is_some() {}
                }
                assert_eq!(
                    decoder.has_comments(),
                    has_comments,
                    "{stream:?}, chunks of {step} bytes"
                );
            }
        }
    }

    #[test]
    fn a_priming_event_is_read_back() {
        let mut out = BytesMut::new();
        write_priming(&mut out, "7-0\ndata: x", Duration::from_millis(900));
        let [event] = &decode(&out, 1)[..] else { panic!("one event") };
        assert_eq!((event.id.as_deref(), &event.data[..]), (Some("7-0"), &b""[..]));
        assert_eq!(event.retry, Some(Duration::from_millis(900)));
    }

    #[test]
    fn long_events_are_rejected_and_long_comments_are_not_buffered() {
        let mut decoder = EventDecoder::new(100);
        for _ in 0..1_000 {
            decoder.push(b": keep alive keep alive");
            assert_eq!(decoder.next_event(), Ok(None));
            assert!(decoder.buffer.len() < 100);
        }
        decoder.push(b"\n");
        for _ in 0..20 {
            decoder.push(b"data: 0123456789\n");
        }
        assert_eq!(decoder.next_event(), Err(EventTooLong { limit: 100 }));
        for line in ["x".repeat(101), format!("id: {}\n", "x".repeat(100))] {
            let mut decoder = EventDecoder::new(100);
            decoder.push(line.as_bytes());
            assert_eq!(decoder.next_event(), Err(EventTooLong { limit: 100 }), "{line:?}");
        }
    }
}
