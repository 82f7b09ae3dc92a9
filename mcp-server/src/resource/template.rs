//! URI templates (RFC 6570) read backwards: which values of the variables give this URI?
//!
//! Simple `{name}` and reserved `{+name}` expansions between literals; a simple variable holds no
//! `/`, so that `file://{dir}/{name}` means what it looks like. Values are checked once more after
//! decoding, because `..%2f` is a way out of a folder too (RES-5, THREAT-56). Matching goes left to
//! right without backtracking over alternatives, in time linear in the URI (THREAT-55).

use std::collections::BTreeMap;

/// A parsed URI template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
    unchecked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable { name: String, reserved: bool },
}

/// Most variables of a template. Fixed: templates are written by the author of the server.
const MAX_VARIABLES: usize = 256;

/// Why a text is not a template that can be matched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A brace has no partner.
    #[error("a brace is not closed, or closes nothing")]
    Brace,
    /// What stands in braces is not the name of a variable, alone or behind `+`.
    #[error("`{{{0}}}` is not supported: write {{name}} or {{+name}}")]
    Expression(String),
    /// Two variables without a text between them cannot be told apart.
    #[error("the variables before and after each other need a text between them, at `{{{0}}}`")]
    Adjacent(String),
    /// A variable occurs twice.
    #[error("the variable `{0}` occurs twice")]
    Twice(String),
    /// More variables than a template may have.
    #[error("more than 256 variables")]
    TooMany,
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// What cannot be matched.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (literal, behind) = rest.split_at(open);
            let behind = behind.strip_prefix('{').ok_or(TemplateError::Brace)?;
            let (expression, behind) = behind.split_once('}').ok_or(TemplateError::Brace)?;
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            } else if matches!(parts.last(), Some(Part::Variable { .. })) {
                return Err(TemplateError::Adjacent(expression.to_owned()));
            }
            let part = variable(expression)?;
            if parts.contains(&part) {
                return Err(TemplateError::Twice(expression.to_owned()));
            }
            parts.push(part);
            if parts.len() > 2 * MAX_VARIABLES {
                return Err(TemplateError::TooMany);
            }
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self { parts, unchecked: false })
    }

    /// Matches whatever values the variables have: dot segments, absolute paths, encoded
    /// separators and NUL included. The handler then has to check what it makes of them.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.unchecked = true;
        self
    }

    /// The names of the variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable { name, .. } => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// The values of the variables that give `uri`, percent-decoded once; `None` if `uri` does not
    /// match.
    ///
    /// A variable reaches to the next occurrence of the text behind it, and is never empty. Values
    /// that are not UTF-8 once decoded do not match, and neither do those that would lead out of a
    /// folder:
    ///
    /// * a segment `.` or `..`, in any spelling (`%2e%2e`, `..%2f`, `..%5c`);
    /// * a NUL character;
    /// * in `{name}`, a `/` or `\`, encoded or not;
    /// * in `{+name}` behind a text that ends with `/`, a `/` or `\` at the beginning, which would
    ///   be an absolute path.
    ///
    /// [`Template::unchecked`] lifts these four rules. Symbolic links, and drive letters on
    /// Windows, remain for the handler to check.
    #[must_use]
    pub fn matches(&self, uri: &str) -> Option<BTreeMap<String, String>> {
        let mut values = BTreeMap::new();
        let mut rest = uri;
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                Part::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
                Part::Variable { name, reserved } => {
                    let end = match &self.parts[index + 1..] {
                        // The last text must end the URI, so look for it from behind.
                        [Part::Literal(literal)] => rest.len().checked_sub(literal.len())?,
                        [Part::Literal(literal), ..] => rest.find(literal.as_str())?,
                        _ => rest.len(),
                    };
                    let value = rest.get(..end)?;
                    if value.is_empty() || (!reserved && value.contains(['/', '?', '#'])) {
                        return None;
                    }
                    let value = percent_decode(value)?;
                    if !self.unchecked && !self.is_contained(&value, index, *reserved) {
                        return None;
                    }
                    values.insert(name.clone(), value);
                    rest = &rest[end..];
                }
            }
        }
        rest.is_empty().then_some(values)
    }

    /// Whether a decoded value stays below what stands before it.
    fn is_contained(&self, value: &str, index: usize, reserved: bool) -> bool {
        const SEPARATORS: [char; 2] = ['/', '\\'];
        if value.contains('\0') || value.split(SEPARATORS).any(|part| matches!(part, "." | "..")) {
            return false;
        }
        if !reserved {
            return !value.contains(SEPARATORS);
        }
        let before = index.checked_sub(1).and_then(|before| self.parts.get(before));
        let in_folder = matches!(
            before,
            // What follows `://` is an authority, or a path from the root by the author's choice.
            Some(Part::Literal(text)) if text.ends_with('/') && !text.ends_with("://")
        );
        !(in_folder && value.starts_with(SEPARATORS))
    }
}

fn variable(expression: &str) -> Result<Part, TemplateError> {
    let (name, reserved) = match expression.strip_prefix('+') {
        Some(name) => (name, true),
        None => (expression, false),
    };
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name {
        Ok(Part::Variable { name: name.to_owned(), reserved })
    } else {
        Err(TemplateError::Expression(expression.chars().take(64).collect()))
    }
}

/// Decodes once; none for a broken escape or what is not UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(template: &str, uri: &str) -> Option<Vec<(String, String)>> {
        Template::parse(template).unwrap().matches(uri).map(|values| values.into_iter().collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn variables_take_what_is_between_the_texts() {
        assert_eq!(values("note://{id}", "note://7"), pairs(&[("id", "7")]));
        assert_eq!(values("note://{id}", "note://a%20b%C3%BC"), pairs(&[("id", "a bü")]));
        assert_eq!(values("a://{x}/{y}.txt", "a://1/2.3.txt"), pairs(&[("x", "1"), ("y", "2.3")]));
        assert_eq!(values("file:///{+path}", "file:///a/b?c"), pairs(&[("path", "a/b?c")]));
        for uri in [
            "note://",
            "note://a/b",
            "note:/7",
            "xnote://7",
            "note://%zz",
            "note://%ff",
            "note://%",
        ] {
            assert_eq!(values("note://{id}", uri), None, "{uri}");
        }
    }

    #[test]
    fn a_value_that_leads_out_of_a_folder_does_not_match() {
        for uri in [
            "file:///docs/..%2f..%2fetc%2fpasswd",
            "file:///docs/../secret",
            "file:///docs/a/%2e%2e/b",
            "file:///docs/a/.%2e",
            "file:///docs/..",
            "file:///docs/.",
            "file:///docs/a/./b",
            "file:///docs/a%5c..%5cb",
            "file:///docs/%2fetc/passwd",
            "file:///docs//etc/passwd",
            "file:///docs/%5c%5chost%5cshare",
            "file:///docs/a%00.txt",
        ] {
            assert_eq!(values("file:///docs/{+path}", uri), None, "{uri}");
            let unchecked = Template::parse("file:///docs/{+path}").unwrap().unchecked();
            assert!(unchecked.matches(uri).is_some(), "{uri}");
        }
        for uri in [
            "note://..",
            "note://.",
            "note://%2e%2e",
            "note://a%2fb",
            "note://a%5Cb",
            "note://a%00",
        ] {
            assert_eq!(values("note://{id}", uri), None, "{uri}");
        }
        assert_eq!(values("a://{x}/in/{y}", "a://1/in/%2e."), None);
        for (template, uri, value) in [
            ("file:///docs/{+p}", "file:///docs/a/b%2Fc.txt", "a/b/c.txt"),
            ("file:///docs/{+p}", "file:///docs/...", "..."),
            ("file:///docs/{+p}", "file:///docs/.hidden/a..b", ".hidden/a..b"),
            ("file:///docs/{+p}", "file:///docs/%252e%252e", "%2e%2e"),
            ("file://{+p}", "file:///etc/motd", "/etc/motd"),
            ("note://{p}", "note://a%20b%3Fc", "a b?c"),
        ] {
            assert_eq!(values(template, uri), pairs(&[("p", value)]), "{uri}");
        }
    }

    #[test]
    fn what_cannot_be_matched_is_refused() {
        for (text, error) in [
            ("a://{x", TemplateError::Brace),
            ("a://x}", TemplateError::Brace),
            ("a://{}", TemplateError::Expression(String::new())),
            ("a://{?q}", TemplateError::Expression("?q".into())),
            ("a://{x}{y}", TemplateError::Adjacent("y".into())),
            ("a://{x}/{x}", TemplateError::Twice("x".into())),
        ] {
            assert_eq!(Template::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn long_uris_that_do_not_match_are_quick() {
        let template = Template::parse("a://{a}-{b}-{c}-{d}-{e}!").unwrap();
        let uri = format!("a://{}", "x-".repeat(100_000));
        assert_eq!(template.matches(&uri), None);
    }
}
