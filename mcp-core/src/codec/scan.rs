//! Checks the bytes of a message in one pass before anything is built from them.
//!
//! A limit on the length is not a limit on memory: 4 MiB of `[{"":0},…]` become hundreds of MiB of
//! parsed values, and deep nesting can exhaust the stack of a recursive parser. Counting values and
//! depth first costs a fraction of a parse and limits both.
//!
//! The decoder uses the scanner for messages that its strict reader does not accept, and the
//! in-memory transport for parameters.

/// Maximum nesting of objects and arrays. Fixed: the scanner remembers the kind of each open
/// container in one bit of a `u64`.
pub(crate) const MAX_DEPTH: usize = 64;

/// Why a message is rejected before it is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanError {
    /// Objects and arrays are nested deeper than allowed.
    TooDeep,
    /// The message has more JSON values than allowed.
    TooManyNodes,
}

/// Checks that objects and arrays are nested at most `depth` deep, and that there are at most
/// `nodes` JSON values.
///
/// Depths above 64 act as 64. An array counts as one value more than its items, even if it is
/// empty.
///
/// The scanner does not check that the text is JSON, which is the task of the parser. It accepts
/// every message within the limits, and rejects everything whose values or depth would exceed them.
///
/// ```
/// use mcp_core::codec::scan::{ScanError, scan};
///
/// assert!(scan(r#"{"a":[1,2]}"#, 2, 10).is_ok());
/// assert_eq!(scan("[[[]]]", 2, 10), Err(ScanError::TooDeep));
/// ```
///
/// # Errors
/// The first limit that is exceeded.
pub fn scan(text: &str, depth: usize, nodes: usize) -> Result<(), ScanError> {
    let bytes = text.as_bytes();
    let max_level = depth.min(MAX_DEPTH);
    let mut level = 0_usize;
    // Bit 0 is set if the innermost open container is an array, bit 1 for the one around it, and so
    // on.
    let mut arrays = 0_u64;
    let mut values = 1_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'[' => {
                level += 1;
                if level > max_level {
                    return Err(ScanError::TooDeep);
                }
                let is_array = byte == b'[';
                arrays = arrays << 1 | u64::from(is_array);
                values += usize::from(is_array);
            }
            b'}' | b']' => {
                level = level.saturating_sub(1);
                arrays >>= 1;
            }
            b':' => values += 1,
            b',' => values += (arrays & 1) as usize,
            _ => continue,
        }
        if values > nodes {
            return Err(ScanError::TooManyNodes);
        }
    }
    Ok(())
}

/// Returns the position after the closing quote of the string whose content starts at `at`.
pub(crate) fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    // Most strings are names and short values, for which a simple loop is faster than starting a
    // vector search.
    let short_end = bytes.len().min(at + 24);
    while at < short_end {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    // The closing quote is the first one after an even number of backslashes. Searching for quotes
    // alone stops less often than searching for backslashes too, because text has more line breaks
    // than quotes.
    let start = at;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) {
        let quote = at + found;
        let escapes = bytes[start..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        if escapes % 2 == 0 {
            return quote + 1;
        }
        at = quote + 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(text: &str) -> usize {
        (1..).find(|max| scan(text, 64, *max).is_ok()).unwrap()
    }

    #[test]
    fn values_are_counted_and_names_are_not() {
        for (text, count) in [
            ("1", 1),
            ("{}", 1),
            ("[1]", 2),
            ("[1,2,3]", 4),
            (r#"{"a":1,"b":2}"#, 3),
            (r#"{"a":[1,2],"b":{"c":"x,y:z[{"}}"#, 6),
            (r#"[{"":0},{"":0}]"#, 5),
            (r#"["\\",":,"]"#, 3),
        ] {
            assert_eq!(nodes(text), count, "{text}");
        }
    }

    #[test]
    fn depth_is_the_number_of_open_containers() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(scan(&nested(64), 64, 1000).is_ok());
        assert_eq!(scan(&nested(65), 64, 1000), Err(ScanError::TooDeep));
        assert_eq!(scan(&nested(65), 1000, 1000), Err(ScanError::TooDeep));
        assert_eq!(scan(&nested(1_000_000), 64, 1000), Err(ScanError::TooDeep));
        assert_eq!(scan(&nested(3), 2, 1000), Err(ScanError::TooDeep));
    }

    #[test]
    fn brackets_in_strings_of_any_length_do_not_count() {
        for length in 0..80 {
            let text = format!(r#"{{"k":"{}[[\"[[","n":[1]}}"#, "x".repeat(length));
            assert_eq!(nodes(&text), 4, "{text}");
            assert!(scan(&text, 2, 100).is_ok());
        }
    }

    #[test]
    fn a_quote_ends_a_string_after_an_even_number_of_backslashes() {
        for (before, run) in (0..60).flat_map(|before| (0..7).map(move |run| (before, run))) {
            let text = format!(r#"{{"k":"{}{}","n":[1]}}"#, "x".repeat(before), "\\".repeat(run));
            let start = r#"{"k":""#.len();
            let quote = start + before + run;
            // After an odd run the quote is part of the string, and the next quote, the one before
            // `n`, ends it.
            let end = if run % 2 == 0 { quote } else { quote + 2 };
            assert_eq!(end_of_string(text.as_bytes(), start), end + 1, "{text}");
        }
    }

    #[test]
    fn unterminated_strings_and_escapes_end_the_scan() {
        for text in [r#"""#, r#""\"#, r#"{"a":"\"#, "\"0123456789012345678901234567890123456789\\"]
        {
            assert!(scan(text, 64, 100).is_ok());
        }
    }
}
