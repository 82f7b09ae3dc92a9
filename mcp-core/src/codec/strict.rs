//! Reads JSON strictly in one pass: the grammar, the nesting and the number of values are checked
//! while the caller notes where the members are that it needs (step 2 of a call, see
//! ARCHITECTURE.md).

use super::scan::MAX_DEPTH;
use super::special::find_special;
use crate::json::RESERVED_NAME;

/// A reader of one JSON text.
///
/// A method returns `None` if the text is not JSON or exceeds a limit. It does not say why: for the
/// reason, the text is read again with [`scan`](super::scan::scan) and a parser. The limits and the
/// count of values are those of `scan`, and the grammar is that of a parser that skips the values.
/// In particular a string may have escapes that are not text, such as a lone surrogate.
///
/// Objects and arrays are read by recursion, at most [`MAX_DEPTH`] levels deep.
#[derive(Debug)]
pub(crate) struct StrictReader<'a> {
    text: &'a str,
    at: usize,
    levels_left: usize,
    values_left: usize,
}

impl<'a> StrictReader<'a> {
    /// Creates a reader that allows the nesting and the number of values that `scan` allows.
    pub(crate) fn new(text: &'a str, depth: usize, nodes: usize) -> Self {
        Self {
            text,
            at: 0,
            levels_left: depth.min(MAX_DEPTH),
            values_left: nodes.saturating_sub(1), // The text is one value.
        }
    }

    /// Skips white space. Returns the next byte, which is not consumed.
    #[inline]
    pub(crate) fn token(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Returns the number of bytes that have been read. After [`token`](Self::token) this is where
    /// the next value starts.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Whether only white space is left.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.token().is_none()
    }

    /// Reads an object. Calls `member` with each name, as it is written between the quotes; it has
    /// to read the value, with [`value`](Self::value) or this method.
    pub(crate) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &'a [u8]) -> Option<()>,
    ) -> Option<()> {
        self.open(b'{')?;
        if self.token()? != b'}' {
            loop {
                let name = self.name()?;
                member(self, name)?;
                if !self.separator(b'}')? {
                    break;
                }
            }
        }
        self.close()
    }

    /// Reads a value.
    pub(crate) fn value(&mut self) -> Option<()> {
        match self.token()? {
            b'"' => self.string(),
            b'{' => self.object(|reader, _| reader.value()),
            b'[' => self.array(Self::value),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    /// Reads a value and returns its text.
    pub(crate) fn raw_value(&mut self) -> Option<&'a str> {
        self.token()?;
        let start = self.at;
        self.value()?;
        self.text.get(start..self.at)
    }

    /// Reads an array. Calls `item` for each item, which it has to read.
    pub(crate) fn array(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.open(b'[')?;
        self.count_value()?; // `scan` counts an empty array like one with an item.
        if self.token()? != b']' {
            loop {
                item(self)?;
                if !self.separator(b']')? {
                    break;
                }
                self.count_value()?;
            }
        }
        self.close()
    }

    /// Reads the first byte of an object or array.
    #[inline]
    fn open(&mut self, bracket: u8) -> Option<()> {
        let found = self.token()?;
        self.levels_left = self.levels_left.checked_sub(1)?;
        self.at += 1;
        (found == bracket).then_some(())
    }

    /// Reads the last byte of an object or array.
    #[inline]
    fn close(&mut self) -> Option<()> {
        self.at += 1;
        self.levels_left += 1;
        Some(())
    }

    /// Returns true after it has read a comma, and false before the bracket `end`.
    #[inline]
    fn separator(&mut self, end: u8) -> Option<bool> {
        let found = self.token()?;
        if found == b',' {
            self.at += 1;
            return Some(true);
        }
        (found == end).then_some(false)
    }

    /// Reads the name of a member and the colon after it. A name with an escape, which may mean any
    /// other name, is not usual, and neither is one that is reserved.
    #[inline]
    fn name(&mut self) -> Option<&'a [u8]> {
        if self.token()? != b'"' {
            return None;
        }
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let end = find_special(bytes, start);
        let name = bytes.get(start..end)?;
        if bytes.get(end)? != &b'"' || name.starts_with(RESERVED_NAME.as_bytes()) {
            return None;
        }
        self.at = end + 1;
        if self.token()? != b':' {
            return None;
        }
        self.at += 1;
        self.count_value()?;
        Some(name)
    }

    #[inline]
    fn count_value(&mut self) -> Option<()> {
        self.values_left = self.values_left.checked_sub(1)?;
        Some(())
    }

    /// Reads a string, which starts at the next byte.
    fn string(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        loop {
            at = find_special(bytes, at);
            match bytes.get(at)? {
                b'"' => break,
                b'\\' => at += escape_length(bytes.get(at + 1..)?)?,
                _ => return None, // A control character must be escaped.
            }
        }
        self.at = at + 1;
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        self.skip(|byte| byte == b'-');
        if !self.skip(|byte| byte == b'0') {
            self.digits()?;
        }
        if self.skip(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.skip(|byte| matches!(byte, b'e' | b'E')) {
            self.skip(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        Some(())
    }

    /// Reads one digit or more.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.skip(|byte| byte.is_ascii_digit()) {}
        (self.at > start).then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let end = self.at + word.len();
        (self.text.as_bytes().get(self.at..end)? == word).then(|| self.at = end)
    }

    /// Reads the next byte if it is one of those that `wanted` accepts.
    fn skip(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let found = self.peek().is_some_and(wanted);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// Returns the length of an escape with its backslash. `rest` starts after the backslash.
fn escape_length(rest: &[u8]) -> Option<usize> {
    match rest.first()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => rest.get(1..5)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    fn reads(text: &str, depth: usize, nodes: usize) -> bool {
        let mut reader = StrictReader::new(text, depth, nodes);
        reader.value().is_some() && reader.is_at_end()
    }

    #[test]
    fn the_grammar_is_that_of_a_parser_that_skips_values() {
        let values = [
            "0",
            "-0",
            "10",
            "01",
            "-",
            "--1",
            "1.",
            "1.5",
            ".5",
            "1.e1",
            "1e",
            "1e+",
            "1E-09",
            "1e5x",
            "+1",
            "NaN",
            "tru",
            "true",
            "truex",
            "false",
            "null",
            "nul",
            r#""""#,
            r#""a"#,
            r#""a\"#,
            r#""\n\t\/\\\"\b\f\r""#,
            r#""\x""#,
            r#""\u12e4""#,
            r#""\u12E""#,
            r#""\u12g4""#,
            r#""\ud800""#,
            r#""\udc00\ud800""#,
            "\"\n\"",
            "\"\u{1f}\"",
            "\"\u{7f}\"",
            "\"é\u{1f600}\"",
            "'a'",
            "[]",
            "[ ]",
            "[1 , 2]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[",
            "]",
            "[1}",
            "{}",
            "{ }",
            r#"{"a":1,"a":[{}]}"#,
            r#"{"a":1,}"#,
            r#"{,"a":1}"#,
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a" 1}"#,
            r#"{a:1}"#,
            r#"{1:1}"#,
            r#"{"a":1"#,
            r#"{"a":1]"#,
            "1 2",
            "",
            " ",
            "\u{a0}1",
            "\u{feff}1",
            "\u{b}1",
            "/**/1",
        ];
        let contexts = [("", ""), (" \t\r\n", " \n"), ("[", "]"), (r#"{"k": "#, ",\t\"l\":0}")];
        for value in values {
            for (before, after) in contexts {
                let text = format!("{before}{value}{after}");
                let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
                assert_eq!(reads(&text, 64, 1_000), is_json, "{text:?}");
            }
        }
    }

    #[test]
    fn escaped_and_reserved_names_are_left_to_the_parser() {
        for text in [r#"{"\u0061":1}"#, r#"{"\ud800":1}"#, r#"[{"$serde_json::private::a":1}]"#] {
            assert!(!reads(text, 64, 1_000), "{text}");
        }
        assert!(reads(r##"{"$ref":"\"$serde_json::private::a"}"##, 64, 1_000));
    }

    #[test]
    fn the_limits_are_those_of_the_scanner() {
        use crate::codec::scan::scan;

        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let texts = [
            "1".to_owned(),
            "[]".to_owned(),
            "[[],[1,2],{}]".to_owned(),
            r#"{"a":[1,2],"b":{"c":"x,y:z[{","d":[]}}"#.to_owned(),
            nested(3),
            nested(64),
            nested(65),
        ];
        for text in &texts {
            for depth in [0, 1, 2, 3, 63, 64, 65, usize::MAX] {
                for nodes in [1, 2, 3, 4, 5, 6, 7, 8, 9, 1_000] {
                    let scanned = scan(text, depth, nodes).is_ok();
                    assert_eq!(reads(text, depth, nodes), scanned, "{text} {depth} {nodes}");
                }
            }
        }
        assert!(!reads(&nested(100_000), 64, usize::MAX));
    }
}
