//! URI templates (RFC 6570), matched against a URI to find the values of their variables.
//!
//! Supported are simple `{name}` and reserved `{+name}` expansions between literals. A simple
//! variable contains no `/`, so that `file://{dir}/{name}` has one meaning. Values are also checked
//! after decoding, because `..%2f` leaves a folder too (RES-5, THREAT-56). Matching runs from left
//! to right without backtracking, in time linear in the length of the URI (THREAT-55).

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

/// Maximum number of variables of a template. Fixed: the author of the server writes the templates.
const MAX_VARIABLES: usize = 256;

/// The reason why a string is not a supported URI template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A brace is unbalanced.
    #[error("unbalanced brace in the URI template")]
    Brace,
    /// The expression in braces is not a variable name with an optional `+`.
    #[error("`{{{0}}}` is not supported: write {{name}} or {{+name}}")]
    Expression(String),
    /// Two adjacent variables have no literal between them, so their values are ambiguous.
    #[error("two variables need a literal between them, at `{{{0}}}`")]
    Adjacent(String),
    /// A variable occurs twice.
    #[error("the variable `{0}` occurs twice")]
    Twice(String),
    /// The template has more than 256 variables.
    #[error("a URI template can have at most 256 variables")]
    TooMany,
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// The reason why the template is not supported.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (literal, after) = rest.split_at(open);
            let after = after.strip_prefix('{').ok_or(TemplateError::Brace)?;
            let (expression, after) = after.split_once('}').ok_or(TemplateError::Brace)?;
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            } else if matches!(parts.last(), Some(Part::Variable { .. })) {
                return Err(TemplateError::Adjacent(expression.to_owned()));
            }
            let (name, reserved) = variable(expression)?;
            let is_same =
                |part: &Part| matches!(part, Part::Variable { name: other, .. } if other == name);
            if parts.iter().any(is_same) {
                return Err(TemplateError::Twice(name.to_owned()));
            }
            parts.push(Part::Variable { name: name.to_owned(), reserved });
            if parts.len() > 2 * MAX_VARIABLES {
                return Err(TemplateError::TooMany);
            }
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self { parts, unchecked: false })
    }

    /// Accepts all values of the variables, including dot segments, absolute paths, encoded
    /// separators and NUL. The handler must then check what it does with them.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.unchecked = true;
        self
    }

    /// Returns the names of the variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable { name, .. } => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// Returns the values of the variables in `uri`, percent-decoded once; `None` if `uri` does not
    /// match.
    ///
    /// A variable extends to the next occurrence of the literal after it, and is never empty. A
    /// value does not match if it is not UTF-8 after decoding, or could leave a folder:
    ///
    /// * a segment `.` or `..`, in any encoding (`%2e%2e`, `..%2f`, `..%5c`);
    /// * a NUL character;
    /// * in `{name}`, a `/` or `\`, encoded or not;
    /// * in `{+name}` after a literal that ends with `/`, a `/` or `\` at the beginning, which
    ///   would make it an absolute path.
    ///
    /// [`Template::unchecked`] disables these four rules. Symbolic links, and drive letters on
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
                        // The last literal must end the URI, so search it from the end.
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

    /// Whether a decoded value stays within the folder that the literal before it names.
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
            // After `://` comes an authority, or a path that the author of the template made
            // absolute.
            Some(Part::Literal(text)) if text.ends_with('/') && !text.ends_with("://")
        );
        !(in_folder && value.starts_with(SEPARATORS))
    }
}

/// Returns the name of a variable, and whether its value may contain reserved characters.
fn variable(expression: &str) -> Result<(&str, bool), TemplateError> {
    let (name, reserved) = match expression.strip_prefix('+') {
        Some(name) => (name, true),
        None => (expression, false),
    };
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name {
        Ok((name, reserved))
    } else {
        Err(TemplateError::Expression(expression.chars().take(64).collect()))
    }
}

/// Percent-decodes once. `None` for an invalid escape or bytes that are not UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
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
    fn variables_match_the_text_between_the_literals() {
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
    fn an_unsupported_template_is_refused() {
        for (text, error) in [
            ("a://{x", TemplateError::Brace),
            ("a://x}", TemplateError::Brace),
            ("a://{}", TemplateError::Expression(String::new())),
            ("a://{?q}", TemplateError::Expression("?q".into())),
            ("a://{x}{y}", TemplateError::Adjacent("y".into())),
            ("a://{x}/{x}", TemplateError::Twice("x".into())),
            ("a://{x}/{+x}", TemplateError::Twice("x".into())),
        ] {
            assert_eq!(Template::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn matching_takes_time_linear_in_the_uri() {
        let template = Template::parse("a://{a}-{b}-{c}-{d}-{e}!").unwrap();
        let uri = format!("a://{}", "x-".repeat(100_000));
        assert_eq!(template.matches(&uri), None);
    }
}
