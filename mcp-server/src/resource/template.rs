//! URI templates (RFC 6570) read backwards: which values of the variables give this URI?
//!
//! Simple `{name}` and reserved `{+name}` expansions between literals; a simple variable holds no `/`, so that
//! `file://{dir}/{name}` means what it looks like. Matching goes left to right without backtracking over
//! alternatives, in time linear in the URI (CVE-2026-0621 was a template turned into a regular expression).

use std::collections::BTreeMap;

/// A parsed URI template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable { name: String, reserved: bool },
}

/// Most variables of a template.
const MOST_VARIABLES: usize = 256;

/// Why a text is no template that can be matched.
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
            if parts.len() > 2 * MOST_VARIABLES {
                return Err(TemplateError::TooMany);
            }
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The names of the variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable { name, .. } => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// The values of the variables that give `uri`, percent-decoded; none when there are none.
    ///
    /// A variable reaches to the next occurrence of the text behind it, and is never empty. Values that are
    /// not UTF-8 once decoded do not match.
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
                    values.insert(name.clone(), percent_decode(value)?);
                    rest = &rest[end..];
                }
            }
        }
        rest.is_empty().then_some(values)
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
