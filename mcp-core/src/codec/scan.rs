//! One pass over the bytes of a message before anything is built from it.
//!
//! A body limit is not a memory limit: 4 MiB of `[{"":0},…]` become hundreds of MiB once parsed into values,
//! and deep nesting can exhaust the stack of a recursive reader. Counting values and depth first costs a
//! fraction of a parse and bounds both.

/// Why a message is refused before it is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanError {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// More nested objects and arrays than allowed.
    TooDeep,
    /// More JSON values than allowed.
    TooManyNodes,
}

/// Checks that `bytes` are UTF-8, nested at most `depth` deep (and at most 64 deep, the width of the
/// bookkeeping) and hold at most `nodes` values; an empty array counts as one value more than it holds.
///
/// Whether the text *is* JSON is the parser's business: this never accepts what would hurt it, and never
/// refuses a message that is within the limits.
///
/// # Errors
/// The first limit that is passed.
pub fn scan(bytes: &[u8], depth: usize, nodes: usize) -> Result<&str, ScanError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ScanError::NotUtf8)?;
    let deepest = depth.min(64);
    let mut level = 0_usize;
    // Bit 0 tells whether the innermost container is an array, bit 1 the one around it, and so on.
    let mut arrays = 0_u64;
    let mut seen = 1_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'[' => {
                level += 1;
                if level > deepest {
                    return Err(ScanError::TooDeep);
                }
                let array = byte == b'[';
                arrays = arrays << 1 | u64::from(array);
                seen += usize::from(array);
            }
            b'}' | b']' => {
                level = level.saturating_sub(1);
                arrays >>= 1;
            }
            b':' => seen += 1,
            b',' => seen += (arrays & 1) as usize,
            _ => continue,
        }
        if seen > nodes {
            return Err(ScanError::TooManyNodes);
        }
    }
    Ok(text)
}

/// The place behind the closing quote of the string whose content starts at `at`.
pub(crate) fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    // Most strings are names and short values, where a plain loop beats the start-up of a vector search.
    let near = bytes.len().min(at + 24);
    while at < near {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    // The quote that ends it is the first that no odd run of backslashes stands before. Looking for quotes alone
    // stops less often than looking for backslashes too: text has more line breaks than quotes.
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
        (1..).find(|most| scan(text.as_bytes(), 64, *most).is_ok()).unwrap()
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
        assert!(scan(nested(64).as_bytes(), 64, 1000).is_ok());
        assert_eq!(scan(nested(65).as_bytes(), 64, 1000), Err(ScanError::TooDeep));
        assert_eq!(scan(nested(65).as_bytes(), 1000, 1000), Err(ScanError::TooDeep));
        assert_eq!(scan(&[b'['; 1_000_000], 64, 1000), Err(ScanError::TooDeep));
        assert_eq!(scan(nested(3).as_bytes(), 2, 1000), Err(ScanError::TooDeep));
    }

    #[test]
    fn brackets_in_strings_do_not_count_wherever_the_string_ends() {
        for length in 0..80 {
            let text = format!(r#"{{"k":"{}[[\"[[","n":[1]}}"#, "x".repeat(length));
            assert_eq!(nodes(&text), 4, "{text}");
            assert!(scan(text.as_bytes(), 2, 100).is_ok());
        }
    }

    #[test]
    fn runs_of_backslashes_end_or_go_on_a_string_by_their_number() {
        for (before, run) in (0..60).flat_map(|before| (0..7).map(move |run| (before, run))) {
            let text = format!(r#"{{"k":"{}{}","n":[1]}}"#, "x".repeat(before), "\\".repeat(run));
            let start = r#"{"k":""#.len();
            let quote = start + before + run;
            // After an odd run the quote is text, and the next one that ends the string is that before `n`.
            let end = if run % 2 == 0 { quote } else { quote + 2 };
            assert_eq!(end_of_string(text.as_bytes(), start), end + 1, "{text}");
        }
    }

    #[test]
    fn unfinished_strings_and_escapes_end_the_scan() {
        for text in [r#"""#, r#""\"#, r#"{"a":"\"#, "\"0123456789012345678901234567890123456789\\"]
        {
            assert!(scan(text.as_bytes(), 64, 100).is_ok());
        }
        assert_eq!(scan(b"\"\xff\"", 64, 100), Err(ScanError::NotUtf8));
    }
}
