//! A child's standard error: always drained, so that the child never blocks on it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Longest line that is passed on, in bytes; the rest of the line is dropped.
const LONGEST: usize = 8 << 10;

/// How much of the last line goes into an error, in characters.
const LAST_WORDS: usize = 256;

/// Where the lines go.
#[derive(Clone)]
pub(super) enum Sink {
    Tracing,
    Callback(Arc<dyn Fn(&str) + Send + Sync>),
}

impl Sink {
    fn take(&self, line: &str) {
        match self {
            Self::Tracing => tracing::info!(target: "mcp_client::stderr", "{line}"),
            Self::Callback(take) => take(line),
        }
    }
}

/// The last line that a child wrote, for the error that tells of its end.
#[derive(Debug, Clone, Default)]
pub(super) struct LastWords(Arc<Mutex<String>>);

impl LastWords {
    fn set(&self, line: &str) {
        let mut words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        words.clear();
        words.extend(line.chars().filter(|character| !character.is_control()).take(LAST_WORDS));
    }

    pub(super) fn get(&self) -> Option<String> {
        let words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!words.is_empty()).then(|| words.clone())
    }
}

/// Reads until the end.
pub(super) async fn drain(mut stderr: impl AsyncRead + Unpin, sink: Sink, last_words: LastWords) {
    let mut lines = Lines::default();
    let mut chunk = vec![0; LONGEST];
    loop {
        match stderr.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(length) => lines.push(&chunk[..length], |line| emit(line, &sink, &last_words)),
        }
    }
    lines.finish(|line| emit(line, &sink, &last_words));
}

fn emit(line: &[u8], sink: &Sink, last_words: &LastWords) {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end();
    if !line.is_empty() {
        last_words.set(line);
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
        let room = LONGEST.saturating_sub(self.line.len());
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
        assert_eq!(lengths, [3, 3, LONGEST, 4]);
    }
}
