//! The scopes that a tool, a prompt or a resource needs.

use std::borrow::Cow;
use std::fmt;

/// The scopes that a route needs, all of them. Each is a text, or a text with the values of
/// arguments: `repo:{owner}`. A value has no colon and no slash, which separate the parts of
/// scopes: two calls with different values never need the same scope.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct RouteScopes(Vec<ScopePattern>);

#[derive(Clone, PartialEq, Eq)]
struct ScopePattern {
    text: String,
    /// Empty if the braces do not match.
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Argument(String),
}

/// Why the scopes of a call are not known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoScope {
    /// The argument whose value is part of a scope.
    pub(crate) argument: String,
    pub(crate) reason: &'static str,
}

impl RouteScopes {
    pub(crate) fn extend(&mut self, scopes: impl IntoIterator<Item = impl Into<String>>) {
        self.0.extend(scopes.into_iter().map(|scope| ScopePattern::parse(scope.into())));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the scopes that do not depend on arguments.
    pub(crate) fn fixed(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|pattern| pattern.is_fixed()).map(|pattern| &*pattern.text)
    }

    /// Returns the scopes of a call with these arguments.
    ///
    /// # Errors
    /// If an argument that is part of a scope is missing, or cannot be part of one.
    pub(crate) fn resolve<'a>(
        &'a self,
        argument: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<Cow<'a, str>>, NoScope> {
        self.0.iter().map(|pattern| pattern.resolve(&argument)).collect()
    }

    /// Checks the scopes of a route when it is registered.
    ///
    /// # Errors
    /// The reason.
    pub(crate) fn check(&self, has_argument: impl Fn(&str) -> bool) -> Result<(), String> {
        for ScopePattern { text, parts } in &self.0 {
            let is_valid = |part: &Part| match part {
                Part::Text(text) => is_scope_text(text),
                Part::Argument(name) => !name.is_empty(),
            };
            if parts.is_empty() || !parts.iter().all(is_valid) {
                return Err(format!(
                    "the scope {text:?} is not valid: a scope has printable ASCII characters, \
                     without spaces, \\ and \", and arguments in braces"
                ));
            }
            let unknown = parts.iter().find_map(|part| match part {
                Part::Argument(name) if !has_argument(name) => Some(name),
                _ => None,
            });
            if let Some(name) = unknown {
                return Err(format!("the scope {text:?} names {name:?}, which is no argument"));
            }
        }
        Ok(())
    }
}

impl ScopePattern {
    fn parse(text: String) -> Self {
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (before, behind) = match rest.split_once('{') {
                Some((before, behind)) => (before, Some(behind)),
                None => (rest, None),
            };
            if before.contains('}') {
                return Self { text, parts: Vec::new() };
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let Some(behind) = behind else { break };
            match behind.split_once('}') {
                Some((name, after)) if !name.contains('{') => {
                    parts.push(Part::Argument(name.to_owned()));
                    rest = after;
                }
                _ => return Self { text, parts: Vec::new() },
            }
        }
        Self { text, parts }
    }

    fn is_fixed(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    fn resolve(&self, argument: &impl Fn(&str) -> Option<String>) -> Result<Cow<'_, str>, NoScope> {
        if self.is_fixed() {
            return Ok(Cow::Borrowed(&self.text));
        }
        let mut scope = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => scope.push_str(text),
                Part::Argument(name) => {
                    let fail = |reason| NoScope { argument: name.clone(), reason };
                    let value = argument(name).ok_or_else(|| {
                        fail("a text, a number or a boolean is required, which selects a scope")
                    })?;
                    if value.is_empty() || !is_scope_text(&value) || value.contains([':', '/']) {
                        return Err(fail(
                            "the value cannot be part of a scope: it has a space, a quote, a \\, \
                             a colon, a slash, or a character that is not ASCII",
                        ));
                    }
                    scope.push_str(&value);
                }
            }
        }
        Ok(Cow::Owned(scope))
    }
}

/// Whether a text can be a scope, or a part of one (RFC 6749, `NQCHAR`).
pub(crate) fn is_scope_text(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

impl fmt::Debug for RouteScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|pattern| &pattern.text)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(all: &[&str]) -> RouteScopes {
        let mut scopes = RouteScopes::default();
        scopes.extend(all.iter().copied());
        scopes
    }

    #[test]
    fn arguments_become_part_of_a_scope() {
        let scopes = scopes(&["files:read", "repo:{owner}/{name}:read"]);
        assert_eq!(scopes.fixed().collect::<Vec<_>>(), ["files:read"]);
        let resolved = scopes.resolve(|name| Some(format!("<{name}>"))).unwrap();
        assert_eq!(resolved, ["files:read", "repo:<owner>/<name>:read"]);
    }

    #[test]
    fn a_value_cannot_add_a_scope_or_break_a_challenge() {
        let scopes = scopes(&["repo:{owner}"]);
        for value in ["a admin", "a:b", "a/b", "a\"", "a\\", "", "ä", "a\n", "\u{7f}"] {
            let error = scopes.resolve(|_| Some(value.to_owned())).unwrap_err();
            assert_eq!(error.argument, "owner", "{value}");
        }
        assert!(scopes.resolve(|_| None).is_err());
    }

    #[test]
    fn scopes_are_checked_at_registration() {
        let has = |name: &str| name == "id";
        for good in ["a", "a:{id}", "{id}", "https://api.example.com/read"] {
            assert_eq!(scopes(&[good]).check(has), Ok(()), "{good}");
        }
        for bad in ["", "a b", "a\"", "{", "}", "{}", "a{id", "a}b", "{{id}}", "{other}"] {
            assert!(scopes(&[bad]).check(has).is_err(), "{bad}");
        }
    }
}
