//! A child's standard error: always drained, so that the child never blocks on it.

use std::sync::Arc;

use mcp_core::sync::Mutex;
use mcp_core::text::PeerText;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Longest line that is passed on, in bytes. The rest of the line is dropped. Fixed: a log line is
/// not longer.
const MAX_LINE_BYTES: usize = 8 << 10;

/// Where the lines go.
#[derive(Clone)]
pub(super) enum Sink {
    Tracing,
    Callback(Arc<dyn Fn(&str) + Send + Sync>),
}

impl Sink {
    fn take(&self, line: &str) {
        match self {
            Self::Tracing => {
                let line = PeerText::with_max(line, MAX_LINE_BYTES);
                tracing::info!(target: "mcp_client::stderr", "{line}");
            }
            Self::Callback(take) => take(line),
        }
    }
}

/// The last line that a child wrote, for the error that reports its end.
#[derive(Debug, Clone, Default)]
pub(super) struct LastLine(Arc<Mutex<String>>);

impl LastLine {
    fn set(&self, line: &str) {
        *self.0.lock() = PeerText::new(line).to_string();
    }

    pub(super) fn get(&self) -> Option<String> {
        let words = self.0.lock();
        (!words.is_empty()).then(|| words.clone())
    }
}

/// Reads until the end.
pub(super) async fn drain(mut stderr: impl AsyncRead + Unpin, sink: Sink, last_line: LastLine) {
    let mut lines = Lines::default();
    let mut chunk = vec![0; MAX_LINE_BYTES];
    loop {
        match stderr.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(length) => lines.push(&chunk[..length], |line| emit(line, &sink, &last_line)),
        }
    }
    lines.finish(|line| emit(line, &sink, &last_line));
}

fn emit(line: &[u8], sink: &Sink, last_line: &LastLine) {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end();
    if !line.is_empty() {
        last_line.set(line);
        sink.take(line);
    }
}

/// Splits bytes into lines and cuts long ones.
#[derive(Default)]
struct Lines {
    line: Vec<u8>,
}

impl Lines {
    fn push(&mut self, mut bytes: &[u8], mut emit: impl FnMut(&[u8])) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.extend(&bytes[..end]);
            emit(&self.line);
            self.line.clear();
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
    }

    fn finish(self, mut emit: impl FnMut(&[u8])) {
        emit(&self.line);
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = MAX_LINE_BYTES.saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_and_found_across_chunks() {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        lines.push(b"one\ntw", |line| seen.push(line.to_vec()));
        lines.push(b"o\n", |line| seen.push(line.to_vec()));
        for _ in 0..100 {
            lines.push(&[b'x'; 1024], |line| seen.push(line.to_vec()));
        }
        lines.push(b"\nlast", |line| seen.push(line.to_vec()));
        lines.finish(|line| seen.push(line.to_vec()));
        let lengths: Vec<usize> = seen.iter().map(Vec::len).collect();
        assert_eq!(lengths, [3, 3, MAX_LINE_BYTES, 4]);
    }
}
