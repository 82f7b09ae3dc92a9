//! What a server wrote that is no message: the errors of its connection quote it, because a server
//! that logs to its output does not know why nothing answers.

use std::fmt;

use mcp_core::sync::Mutex;
use mcp_core::text::PeerText;

use crate::error::Error;

/// Longest excerpt that is quoted, in characters. Fixed: it has to be recognized.
const MAX_QUOTED_CHARS: usize = 200;
/// Longest beginning of a line that is read, in bytes: enough for that many characters.
const MAX_READ_BYTES: usize = 4 * MAX_QUOTED_CHARS;

/// The lines of a connection that were not messages.
#[derive(Debug, Default)]
pub(crate) struct UnreadableLines(Mutex<Option<Quoted>>);

/// How many there were, and the first of them.
#[derive(Debug)]
struct Quoted {
    lines: u64,
    first: String,
}

impl UnreadableLines {
    /// The server wrote a line that is not a message.
    pub(super) fn push(&self, line: &[u8]) {
        let mut quoted = self.0.lock();
        match &mut *quoted {
            Some(quoted) => quoted.lines += 1,
            None => {
                let text = String::from_utf8_lossy(&line[..line.len().min(MAX_READ_BYTES)]);
                let first = PeerText::with_max(text.trim(), MAX_QUOTED_CHARS).to_string();
                *quoted = Some(Quoted { lines: 1, first });
            }
        }
    }

    /// Adds to an error what there was, if anything.
    pub(crate) fn explain(&self, error: Error) -> Error {
        match &*self.0.lock() {
            Some(quoted) => error.with_note(format_args!("; {quoted}")),
            None => error,
        }
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, first } = self;
        match lines {
            1 => write!(f, "the server wrote a line that is not a message: \"{first}\"")?,
            _ => write!(
                f,
                "the server wrote {lines} lines that are not messages, the first of them \"{first}\""
            )?,
        }
        f.write_str("; its output is for messages alone, and logs belong on its standard error")
    }
}
