//! Errors of policy files.

use std::fmt;
use std::ops::Range;

/// Why a file is not a policy. The text names the file, the line, the column and the key, and says
/// what is allowed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError(Box<Place>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    file: String,
    line: usize,
    column: usize,
    key: Option<String>,
    message: String,
}

impl PolicyError {
    /// Creates the error at a range of bytes of a file.
    pub(super) fn at(file: &str, text: &str, span: Option<Range<usize>>, message: String) -> Self {
        let start = span.map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self(Box::new(Place {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).map_or(0, |line| line.chars().count()) + 1,
            key: key_at(text, start),
            message,
        }))
    }

    /// Returns the line. The first one is 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// Returns the column, in characters. The first one is 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.0.column
    }

    /// Returns the key, if the place is one or has one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }
}

/// Returns the key at a position, or the one whose value begins there.
fn key_at(text: &str, at: usize) -> Option<String> {
    let (before, after) = text.split_at_checked(at)?;
    let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let length = after.find(|c| !is_key(c)).unwrap_or(after.len());
    let (here, rest) = after.split_at(length);
    if !here.is_empty() && rest.trim_start_matches([' ', '\t']).starts_with('=') {
        return Some(here.to_owned());
    }
    let line = before.rsplit('\n').next().unwrap_or_default();
    if after.starts_with('[') && line.trim().is_empty() {
        return None; // The header of a rule.
    }
    // A value, perhaps in a list: the key is before the last equals sign.
    let before = before.rfind('=').and_then(|at| before.get(..at))?.trim_end_matches([' ', '\t']);
    let start = before.rfind(|c| !is_key(c)).map_or(0, |at| at + 1);
    before.get(start..).filter(|key| !key.is_empty()).map(str::to_owned)
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { file, line, column, key, message } = &*self.0;
        write!(f, "{file}:{line}:{column}: ")?;
        if let Some(key) = key {
            write!(f, "{key}: ")?;
        }
        f.write_str(message)
    }
}

impl std::error::Error for PolicyError {}
