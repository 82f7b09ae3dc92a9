//! `codec::line`: the lines are those of a simple model, however the stream is split.

use mcp_core::codec::line::{Line, LineDecoder};

use super::stream::{splits, take_limit};

pub(crate) fn run(data: &[u8]) {
    let Some((limit, stream)) = take_limit(data) else { return };
    let expected = model(limit, stream);
    for chunks in splits(stream) {
        let mut decoder = LineDecoder::new(limit);
        let mut lines = Vec::new();
        for chunk in &chunks {
            decoder.read_buffer().extend_from_slice(chunk);
            lines.extend(std::iter::from_fn(|| decoder.next_line()));
        }
        lines.extend(decoder.finish());
        assert_eq!(lines, expected, "limit {limit}, {} chunks", chunks.len());
    }
}

fn model(limit: usize, stream: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut is_first = true;
    let mut parts = stream.split(|byte| *byte == b'\n').peekable();
    while let Some(mut line) = parts.next() {
        if line.len() > limit {
            lines.push(Line::Overlong);
            continue;
        }
        if parts.peek().is_none() && line.is_empty() {
            break; // The stream ended with a line break.
        }
        line = line.strip_suffix(b"\r").unwrap_or(line);
        if std::mem::take(&mut is_first) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if !line.trim_ascii().is_empty() {
            lines.push(Line::Frame(line.to_vec().into()));
        }
    }
    lines
}
