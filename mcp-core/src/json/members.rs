//! Finds members of an object by name without parsing their values (steps 3 and 5 of a call, see
//! ARCHITECTURE.md).
//!
//! The text was checked before, so a value is skipped by counting brackets and finding the ends of
//! strings. For long arguments this is several times as fast as skipping them with the parser
//! again.

use std::ops::Range;

use super::JsonBytes;
use crate::codec::scan::end_of_string;

/// Why the members of a text could not be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MembersError {
    /// A requested member occurs twice.
    #[error("duplicate field `{0}`")]
    Duplicate(&'static str),
    /// The text is not a JSON object.
    #[error("expected an object")]
    NotAnObject,
}

impl JsonBytes {
    /// Returns the values of the named members of an object, in the order of `names`. They share
    /// the buffer of this text.
    ///
    /// # Errors
    /// If one of these members occurs twice, or the text is not an object.
    pub fn members<const N: usize>(
        &self,
        names: [&'static str; N],
    ) -> Result<[Option<Self>; N], MembersError> {
        Ok(self.member_ranges(names)?.map(|range| range.map(|range| self.slice(range))))
    }

    /// Returns the byte ranges of the values of the named members, in the order of `names`.
    ///
    /// # Errors
    /// As [`JsonBytes::members`].
    pub fn member_ranges<const N: usize>(
        &self,
        names: [&'static str; N],
    ) -> Result<[Option<Range<usize>>; N], MembersError> {
        member_ranges(self.as_str(), names)
    }
}

/// Returns the byte ranges of the values of the named members of an object, in the order of
/// `names`. `text` must be one JSON value.
///
/// # Errors
/// As [`JsonBytes::members`].
pub fn member_ranges<const N: usize>(
    text: &str,
    names: [&'static str; N],
) -> Result<[Option<Range<usize>>; N], MembersError> {
    let mut found = [const { None }; N];
    match find(text, &names, &mut found) {
        Ok(()) => Ok(found),
        Err(Problem::Duplicate(index)) => Err(MembersError::Duplicate(names[index])),
        Err(Problem::NotAnObject) => Err(MembersError::NotAnObject),
    }
}

/// Returns the byte ranges of the values of members whose names are known only at run time, in the
/// order of `names`. `text` must be one JSON value.
///
/// # Errors
/// The index of a name that occurs twice. A text that is not an object has no members.
pub fn member_ranges_of(text: &str, names: &[&str]) -> Result<Vec<Option<Range<usize>>>, usize> {
    let mut found = vec![None; names.len()];
    match find(text, names, &mut found) {
        Ok(()) => Ok(found),
        Err(Problem::Duplicate(index)) => Err(index),
        Err(Problem::NotAnObject) => Ok(vec![None; names.len()]),
    }
}

/// As [`MembersError`], with the index of the name.
enum Problem {
    Duplicate(usize),
    NotAnObject,
}

/// Writes the ranges of the named members to `found`, which is as long as `names`.
#[inline]
fn find(text: &str, names: &[&str], found: &mut [Option<Range<usize>>]) -> Result<(), Problem> {
    let bytes = text.as_bytes();
    let mut at = skip_white_space(bytes, 0);
    if bytes.get(at) != Some(&b'{') {
        return Err(Problem::NotAnObject);
    }
    at = skip_white_space(bytes, at + 1);
    while bytes.get(at) == Some(&b'"') {
        let name_end = end_of_string(bytes, at + 1);
        let name = index_of_name(names, bytes.get(at..name_end).unwrap_or_default());
        let colon = skip_white_space(bytes, name_end);
        let start = skip_white_space(bytes, colon + 1);
        let end = end_of_value(bytes, start);
        if end <= start || bytes.get(colon) != Some(&b':') {
            return Err(Problem::NotAnObject);
        }
        if let Some(index) = name
            && found[index].replace(start..end).is_some()
        {
            return Err(Problem::Duplicate(index));
        }
        at = skip_white_space(bytes, end);
        if bytes.get(at) == Some(&b',') {
            at = skip_white_space(bytes, at + 1);
        }
    }
    match bytes.get(at) {
        Some(b'}') => Ok(()),
        _ => Err(Problem::NotAnObject),
    }
}

/// Returns the index in `names` of a member name, which is given as JSON text.
fn index_of_name(names: &[&str], json: &[u8]) -> Option<usize> {
    let inner = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if !inner.contains(&b'\\') {
        return names.iter().position(|name| name.as_bytes() == inner);
    }
    let unescaped: String = serde_json::from_slice(json).ok()?;
    names.iter().position(|name| *name == unescaped)
}

fn skip_white_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Returns the position after the value that starts at `at`.
fn end_of_value(bytes: &[u8], mut at: usize) -> usize {
    let mut level = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at + 1) - 1,
            b'{' | b'[' => level += 1,
            b'}' | b']' if level == 0 => return at, // After a number, `true`, `false` or `null`.
            b'}' | b']' => level -= 1,
            b',' | b' ' | b'\n' | b'\r' | b'\t' if level == 0 => return at,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 1;
        if level == 0 {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &'static str) -> Result<[Option<String>; 2], MembersError> {
        let found = JsonBytes::from_trusted(text).members(["a", "bc"])?;
        Ok(found.map(|value| value.map(|value| value.as_str().to_owned())))
    }

    #[test]
    fn members_found_here_equal_those_a_parser_finds() {
        for value in [
            "1",
            "-1.5e3",
            "null",
            "true",
            r#""""#,
            r#""x\"y,}]\\""#,
            "[]",
            "{}",
            r#"[1,{"a":"]"},[ ]]"#,
            r#"{ "a" : { "bc" : [ "}" ] } }"#,
        ] {
            for text in [
                format!(r#"{{"a":{value}}}"#),
                format!("{{ \"x\" : {value} ,\n\t\"a\" : {value} , \"y\":[{value},{value}]\r\n}} "),
                format!(r#"{{"\u0061":{value},"bcd":{value},"bc":{value}}}"#),
            ] {
                let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
                let [a, bc] = JsonBytes::from_trusted(text.clone()).members(["a", "bc"]).unwrap();
                let read = |found: Option<JsonBytes>| found.map(|found| found.parse().unwrap());
                assert_eq!(read(a).as_ref(), parsed.get("a"), "{text}");
                assert_eq!(read(bc).as_ref(), parsed.get("bc"), "{text}");
            }
        }
        assert_eq!(members("{}"), Ok([None, None]));
        assert_eq!(members(r#"{"a": "x" }"#), Ok([Some(r#""x""#.into()), None]));
    }

    #[test]
    fn a_requested_member_must_not_occur_twice() {
        assert_eq!(members(r#"{"a":1,"\u0061":2}"#), Err(MembersError::Duplicate("a")));
        assert_eq!(members(r#"{"x":1,"x":2,"a":{"a":3}}"#), Ok([Some(r#"{"a":3}"#.into()), None]));
    }

    #[test]
    fn names_may_be_known_at_run_time_only() {
        let text = r#"{"b":1e400,"a":[1]}"#;
        let names = ["a".to_owned(), "c".to_owned(), "b".to_owned()];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = member_ranges_of(text, &names).unwrap();
        let found: Vec<_> =
            found.into_iter().map(|range| range.map(|range| &text[range])).collect();
        assert_eq!(found, [Some("[1]"), None, Some("1e400")]);
        assert_eq!(member_ranges_of(r#"{"c":1,"a":1,"c":2}"#, &names), Err(1));
        assert_eq!(member_ranges_of("[1]", &names), Ok(vec![None; 3]));
    }

    #[test]
    fn malformed_text_is_an_error_and_never_a_panic() {
        let text = r#"{"a":[1,{"b":"c\"d"}],"bc":"x"}"#;
        for end in 0..text.len() {
            assert_eq!(members(&text[..end]), Err(MembersError::NotAnObject), "{end}");
        }
        for text in [
            "[1]",
            "null",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":,}"#,
            "{a:1}",
            r#"{"a" 1}"#,
            "{]",
            "{\"a\":1]",
        ] {
            assert_eq!(members(text), Err(MembersError::NotAnObject), "{text}");
        }
    }
}
