//! Patterns with `*`.

use memchr::memmem;

/// Stands for the value of a variable in a URI template: only `*` matches it. It is not a
/// character, so no pattern contains it.
pub(super) const VARIABLE: char = '\u{ffff}';

/// A pattern in which `*` stands for any characters.
///
/// A match takes time linear in the text: the literals between the wildcards are searched from left
/// to right, and no wildcard is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    /// What the text begins with.
    prefix: String,
    /// What follows, if there is a wildcard.
    rest: Option<Rest>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rest {
    /// The literals between wildcards, in order.
    middle: Vec<String>,
    /// What the text ends with.
    suffix: String,
}

impl Glob {
    /// Parses a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(pattern: &str) -> Result<Self, String> {
        let mut literals = vec![String::new()];
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            let literal = match character {
                '*' => {
                    literals.push(String::new());
                    continue;
                }
                '\\' => match characters.next() {
                    Some(escaped @ ('*' | '\\')) => escaped,
                    _ => {
                        return Err(format!(
                            "`{}`: a backslash stands before `*` or another backslash",
                            pattern.escape_debug()
                        ));
                    }
                },
                VARIABLE => return Err("U+FFFF is not a character".to_owned()),
                character => character,
            };
            if let Some(last) = literals.last_mut() {
                last.push(literal);
            }
        }
        let suffix = if literals.len() > 1 { literals.pop() } else { None };
        let mut literals = literals.into_iter();
        let prefix = literals.next().unwrap_or_default();
        let middle = literals.filter(|literal| !literal.is_empty()).collect();
        Ok(Self { prefix, rest: suffix.map(|suffix| Rest { middle, suffix }) })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(rest) = &self.rest else { return text == self.prefix };
        let Some(mut text) = text.strip_prefix(&*self.prefix) else { return false };
        for literal in &rest.middle {
            let Some(found) = memmem::find(text.as_bytes(), literal.as_bytes()) else {
                return false;
            };
            text = text.get(found + literal.len()..).unwrap_or_default();
        }
        text.ends_with(&*rest.suffix)
    }

    /// Whether the pattern matches some text that begins like this.
    pub(super) fn may_begin(&self, text: &str) -> bool {
        match &self.rest {
            None => self.prefix.starts_with(text),
            Some(_) => self.prefix.starts_with(text) || text.starts_with(&*self.prefix),
        }
    }

    /// The only text that the pattern matches, if it has no wildcard.
    pub(super) fn literal(&self) -> Option<&str> {
        self.rest.is_none().then_some(&self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcp_test_support::Random;

    fn matches(pattern: &str, text: &str) -> bool {
        Glob::parse(pattern).unwrap().matches(text)
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, yes, no) in [
            ("", &[""][..], &["a"][..]),
            ("a", &["a"], &["", "aa", "A"]),
            ("*", &["", "a", "a/b", "é\n"], &[]),
            ("a*", &["a", "ab"], &["", "ba"]),
            ("*a", &["a", "ba", "aba"], &["", "ab"]),
            ("a*a", &["aa", "aba"], &["a"]),
            ("*a*b*", &["ab", "xaxbx"], &["ba", "b"]),
            ("a**b", &["ab", "axb"], &["a"]),
            ("ab*ba", &["abba", "abxba"], &["aba"]),
            (r"\**\\", &[r"*x\"], &[r"x\", "*"]),
            ("é*", &["éa"], &["e"]),
            ("?", &["?"], &["a"]),
        ] {
            for text in yes {
                assert!(matches(pattern, text), "{pattern} {text}");
            }
            for text in no {
                assert!(!matches(pattern, text), "{pattern} {text}");
            }
        }
        for wrong in ["\\", "a\\b", "\u{ffff}"] {
            Glob::parse(wrong).unwrap_err();
        }
    }

    /// The definition, which may take exponential time.
    fn by_definition(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, _) => text.is_empty(),
            (Some((b'*', rest)), _) => {
                (0..=text.len()).any(|start| by_definition(rest, &text[start..]))
            }
            (Some((want, rest)), Some((is, text))) => want == is && by_definition(rest, text),
            (Some(_), None) => false,
        }
    }

    #[test]
    fn matches_are_those_of_the_definition() {
        let mut random = Random::new(7);
        for _ in 0..100_000 {
            let (pattern_len, text_len) = (random.below(7), random.below(9));
            let pattern: String =
                (0..pattern_len).map(|_| *random.pick(&['a', 'b', '*'])).collect();
            let text: String = (0..text_len).map(|_| *random.pick(&['a', 'b'])).collect();
            let expected = by_definition(pattern.as_bytes(), text.as_bytes());
            assert_eq!(matches(&pattern, &text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_wildcards_take_linear_time() {
        // A matcher that backtracks would not finish.
        let pattern = "*a".repeat(500) + "*b";
        assert!(!matches(&pattern, &"a".repeat(1 << 20)));
    }

    #[test]
    fn only_a_wildcard_matches_the_variable_of_a_template() {
        let template = format!("file:///{VARIABLE}/x");
        assert!(matches("file:///*", &template) && matches("*/x", &template));
        assert!(!matches("file:///a/x", &template) && !matches("file:///*b*", &template));
        let glob = Glob::parse("file:///a*").unwrap();
        assert!(glob.may_begin("file:///") && glob.may_begin("file:///ab"));
        assert!(!glob.may_begin("file:///b"));
    }
}
