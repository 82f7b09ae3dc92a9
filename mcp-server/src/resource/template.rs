//! URI templates (RFC 6570), matched against a URI to find the values of their variables.
//!
//! | expression | value |
//! |---|---|
//! | `{name}` | one segment: no `/`, `?` or `#` |
//! | `{path*}` | segments, with their `/` |
//! | `{+rest}` | any characters, also `?` and `#`; no `?` before `{?…}` |
//! | `{?a,b}` | parameters of the query, each of which may be missing, in any order |
//! | `{&a,b}` | the same, after a literal with a `?` or after `{?…}` |
//!
//! A simple variable contains no `/`, so that `file://{dir}/{name}` has one meaning. Values are
//! also checked after decoding, because `..%2f` leaves a folder too (RES-5, THREAT-56). Matching
//! runs from left to right without backtracking, in time linear in the length of the URI
//! (THREAT-55).

use std::collections::BTreeMap;

use super::query::Query;
use super::template_error::{Mismatch, TemplateError};
use super::variable_value::{SEPARATORS, decode, stays};

/// A parsed URI template. [`ResourceRoute::builder`](super::ResourceRoute::builder) tells what it
/// may contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
    query: Option<Query>,
    unchecked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable { name: String, kind: Kind },
}

/// The characters of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `{name}`
    Segment,
    /// `{name*}`
    Segments,
    /// `{+name}`
    Reserved,
}

impl Kind {
    /// Whether a value that is still encoded can be one of this kind.
    fn allows(self, value: &str) -> bool {
        match self {
            Self::Segment => !value.contains(['/', '?', '#']),
            Self::Segments => !value.contains(['?', '#']),
            Self::Reserved => true,
        }
    }
}

/// Maximum number of variables of a template. Fixed: the author of the server writes the templates.
const MAX_VARIABLES: usize = 256;

/// Maximum length of an expression in an error message, in characters. Fixed: the author of the
/// template knows it.
const MAX_EXPRESSION_CHARS: usize = 64;

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// The reason why the template is not supported.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut template = Self { parts: Vec::new(), query: None, unchecked: false };
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (literal, after) = rest.split_at(open);
            let after = after.strip_prefix('{').ok_or(TemplateError::Brace)?;
            let (expression, after) = after.split_once('}').ok_or(TemplateError::Brace)?;
            template.push_literal(literal)?;
            match expression.split_at_checked(1) {
                Some((operator @ ("?" | "&"), names)) => template.push_query(operator, names)?,
                _ => template.push_variable(expression, literal.is_empty())?,
            }
            if template.variables().count() > MAX_VARIABLES {
                return Err(TemplateError::TooMany);
            }
            rest = after;
        }
        template.push_literal(rest)?;
        Ok(template)
    }

    fn push_literal(&mut self, literal: &str) -> Result<(), TemplateError> {
        if literal.is_empty() {
            return Ok(());
        }
        if self.query.is_some() {
            return Err(TemplateError::AfterQuery(excerpt(literal)));
        }
        self.parts.push(Part::Literal(literal.to_owned()));
        Ok(())
    }

    fn push_variable(
        &mut self,
        expression: &str,
        follows_expression: bool,
    ) -> Result<(), TemplateError> {
        if self.query.is_some() {
            return Err(TemplateError::AfterQuery(format!("{{{}}}", excerpt(expression))));
        }
        if follows_expression && matches!(self.parts.last(), Some(Part::Variable { .. })) {
            return Err(TemplateError::Adjacent(excerpt(expression)));
        }
        let (name, kind) = match (expression.strip_prefix('+'), expression.strip_suffix('*')) {
            (Some(name), _) => (name, Kind::Reserved),
            (None, Some(name)) => (name, Kind::Segments),
            (None, None) => (expression, Kind::Segment),
        };
        self.check_name(name, expression)?;
        self.parts.push(Part::Variable { name: name.to_owned(), kind });
        Ok(())
    }

    fn push_query(&mut self, operator: &str, names: &str) -> Result<(), TemplateError> {
        let is_literal_query =
            |part: &Part| matches!(part, Part::Literal(literal) if literal.contains('?'));
        if operator == "?" {
            if self.query.is_some() || self.parts.iter().any(is_literal_query) {
                return Err(TemplateError::SecondQuery(excerpt(names)));
            }
            self.query = Some(Query::default());
        } else if self.query.is_none() {
            // The literal that the parameters continue becomes a part of the query.
            let fixed = match self.parts.pop_if(|part| is_literal_query(part)) {
                Some(Part::Literal(literal)) if !self.parts.iter().any(is_literal_query) => literal,
                _ => return Err(TemplateError::NoQuery(excerpt(names))),
            };
            let (path, fixed) = fixed.split_once('?').unwrap_or((&fixed, ""));
            self.push_literal(path)?;
            self.query = Some(Query::after(fixed));
        }
        for name in names.split(',') {
            self.check_name(name, &format!("{operator}{names}"))?;
            if let Some(query) = &mut self.query {
                query.push(name);
            }
        }
        Ok(())
    }

    /// Checks that a string is the name of a new variable.
    fn check_name(&self, name: &str, expression: &str) -> Result<(), TemplateError> {
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            return Err(TemplateError::Expression(excerpt(expression)));
        }
        match self.variables().any(|other| other == name) {
            true => Err(TemplateError::Twice(name.to_owned())),
            false => Ok(()),
        }
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
        let of_path = self.parts.iter().filter_map(|part| match part {
            Part::Variable { name, .. } => Some(name.as_str()),
            Part::Literal(_) => None,
        });
        of_path.chain(self.query.iter().flat_map(Query::names))
    }

    /// Returns the values of the variables in `uri`, percent-decoded once; `None` if `uri` does not
    /// match. [`Template::values`] tells why.
    ///
    /// A variable of the path extends to the next occurrence of the literal after it, and is never
    /// empty. A parameter of the query may be missing or empty, and the parameters have any order;
    /// `+` is a plus sign there. A parameter that the template does not have, or that occurs twice,
    /// does not match.
    ///
    /// A value does not match either if it is not UTF-8 after decoding, or could leave a folder:
    ///
    /// * a segment `.` or `..`, in any encoding (`%2e%2e`, `..%2f`, `..%5c`);
    /// * a NUL character;
    /// * in `{name}`, a `/` or `\`, encoded or not;
    /// * in `{path*}` and `{+rest}` after a literal that ends with `/`, and in parameters of the
    ///   query, a `/` or `\` at the beginning, which would make it an absolute path.
    ///
    /// [`Template::unchecked`] disables these four rules. Symbolic links, and drive letters on
    /// Windows, remain for the handler to check.
    #[must_use]
    pub fn matches(&self, uri: &str) -> Option<BTreeMap<String, String>> {
        self.values(uri).ok()
    }

    /// As [`Template::matches`], with the reason if `uri` does not match.
    ///
    /// ```
    /// use mcp_server::resource::{Mismatch, Template};
    ///
    /// let template = Template::parse("search://{index}{?words,limit}")?;
    /// let values = template.values("search://notes?limit=3").unwrap();
    /// assert_eq!((&*values["index"], &*values["limit"]), ("notes", "3"));
    /// assert_eq!(template.values("search://notes?page=2"), Err(Mismatch::UnknownParameter));
    /// # Ok::<(), mcp_server::resource::TemplateError>(())
    /// ```
    ///
    /// # Errors
    /// The first reason, from left to right.
    pub fn values(&self, uri: &str) -> Result<BTreeMap<String, String>, Mismatch> {
        let mut values = BTreeMap::new();
        let Some(query) = &self.query else {
            self.match_path(uri, &mut values)?;
            return Ok(values);
        };
        let (path, parameters) = match uri.split_once('?') {
            Some((path, parameters)) => (path, Some(parameters)),
            None => (uri, None),
        };
        self.match_path(path, &mut values)?;
        for pair in query.parameters(parameters)? {
            let (name, value) = pair?;
            if value.contains('#') {
                return Err(Mismatch::Character(name.to_owned()));
            }
            let value = decode(name, value)?;
            if !self.unchecked && (!stays(&value) || value.starts_with(SEPARATORS)) {
                return Err(Mismatch::Outside(name.to_owned()));
            }
            if values.insert(name.to_owned(), value).is_some() {
                return Err(Mismatch::RepeatedParameter(name.to_owned()));
            }
        }
        Ok(values)
    }

    fn match_path(
        &self,
        path: &str,
        values: &mut BTreeMap<String, String>,
    ) -> Result<(), Mismatch> {
        let mut rest = path;
        for (index, part) in self.parts.iter().enumerate() {
            let (name, kind) = match part {
                Part::Literal(literal) => {
                    rest = rest
                        .strip_prefix(literal.as_str())
                        .ok_or_else(|| Mismatch::Literal(literal.clone()))?;
                    continue;
                }
                Part::Variable { name, kind } => (name, *kind),
            };
            let missing = |literal: &String| Mismatch::Literal(literal.clone());
            let end = match &self.parts[index + 1..] {
                // The last literal must end the path, so search it from the end.
                [Part::Literal(literal)] => {
                    rest.len().checked_sub(literal.len()).ok_or_else(|| missing(literal))?
                }
                [Part::Literal(literal), ..] => {
                    rest.find(literal.as_str()).ok_or_else(|| missing(literal))?
                }
                _ => rest.len(),
            };
            let value = rest.get(..end).ok_or_else(|| Mismatch::Character(name.clone()))?;
            if value.is_empty() {
                return Err(Mismatch::Empty(name.clone()));
            }
            if !kind.allows(value) {
                return Err(Mismatch::Character(name.clone()));
            }
            let value = decode(name, value)?;
            if !self.unchecked && !self.is_contained(&value, index, kind) {
                return Err(Mismatch::Outside(name.clone()));
            }
            values.insert(name.clone(), value);
            rest = &rest[end..];
        }
        if rest.is_empty() { Ok(()) } else { Err(Mismatch::TooLong) }
    }

    /// Whether a decoded value stays within the folder that the literal before it names.
    fn is_contained(&self, value: &str, index: usize, kind: Kind) -> bool {
        if !stays(value) {
            return false;
        }
        if kind == Kind::Segment {
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

fn excerpt(text: &str) -> String {
    text.chars().take(MAX_EXPRESSION_CHARS).collect()
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
            ("a://{?}", TemplateError::Expression("?".into())),
            ("a://{?q*}", TemplateError::Expression("?q*".into())),
            ("a://{?q,}", TemplateError::Expression("?q,".into())),
            ("a://{a,b}", TemplateError::Expression("a,b".into())),
            ("a://{+p*}", TemplateError::Expression("+p*".into())),
            ("a://{/p}", TemplateError::Expression("/p".into())),
            ("a://{#p}", TemplateError::Expression("#p".into())),
            ("a://{x}{?x}", TemplateError::Twice("x".into())),
            ("a://{?x,x}", TemplateError::Twice("x".into())),
            ("a://{x*}{y}", TemplateError::Adjacent("y".into())),
            ("a://{?x}/b", TemplateError::AfterQuery("/b".into())),
            ("a://{?x}{y}", TemplateError::AfterQuery("{y}".into())),
            ("a://{?x}{?y}", TemplateError::SecondQuery("y".into())),
            ("a://b?c=1{?y}", TemplateError::SecondQuery("y".into())),
            ("a://b{&y}", TemplateError::NoQuery("y".into())),
            ("a://b?c={c}{&y}", TemplateError::NoQuery("y".into())),
            ("a://b?c={c}&d?{&y}", TemplateError::NoQuery("y".into())),
            ("a://{x}{y}", TemplateError::Adjacent("y".into())),
            ("a://{x}/{x}", TemplateError::Twice("x".into())),
            ("a://{x}/{+x}", TemplateError::Twice("x".into())),
        ] {
            assert_eq!(Template::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn paths_and_queries_match() {
        let none: &[(&str, &str)] = &[];
        for (template, uri, expected) in [
            ("a://{p*}", "a://x/y/z", &[("p", "x/y/z")][..]),
            ("a://{p*}", "a://x", &[("p", "x")]),
            ("a://{p*}", "a://x%2Fy,z", &[("p", "x/y,z")]),
            ("a://{p*}/raw/{n}", "a://x/y/raw/z", &[("n", "z"), ("p", "x/y")]),
            ("a://{p*}.md{?v}", "a://x/y.md?v=2", &[("p", "x/y"), ("v", "2")]),
            ("a://{+p}{?v}", "a://x/y?v=2", &[("p", "x/y"), ("v", "2")]),
            ("a://s{?q}", "a://s", none),
            ("a://s{?q}", "a://s?", none),
            ("a://s{?q}", "a://s?q=", &[("q", "")]),
            ("a://s{?q}", "a://s?q", &[("q", "")]),
            ("a://s{?q}", "a://s?q=a%20b+c=d", &[("q", "a b+c=d")]),
            ("a://s{?q}", "a://s?q=a/b%2Fc?d", &[("q", "a/b/c?d")]),
            ("a://s{?q,n}", "a://s?n=1&q=x", &[("n", "1"), ("q", "x")]),
            ("a://s{?q,n}", "a://s?n=1", &[("n", "1")]),
            ("a://s{?q}{&n}", "a://s?n=1", &[("n", "1")]),
            ("a://{t}{?q}", "a://x?q=y", &[("q", "y"), ("t", "x")]),
            ("a://s?v=1{&n}", "a://s?v=1", none),
            ("a://s?v=1{&n}", "a://s?v=1&n=2", &[("n", "2")]),
            ("a://s?{&n}", "a://s?n=2", &[("n", "2")]),
        ] {
            assert_eq!(values(template, uri), pairs(expected), "{template} {uri}");
        }
    }

    #[test]
    fn a_mismatch_names_its_reason() {
        let name = |name: &str| name.to_owned();
        for (template, uri, expected) in [
            ("a://s{?q}", "b://s", Mismatch::Literal(name("a://s"))),
            ("a://{x}/y", "a://s", Mismatch::Literal(name("/y"))),
            ("a://{x}/y/{z}", "a://s", Mismatch::Literal(name("/y/"))),
            ("a://s", "a://s?q=1", Mismatch::TooLong),
            ("a://{x}", "a://", Mismatch::Empty(name("x"))),
            ("a://{x}", "a://b/c", Mismatch::Character(name("x"))),
            ("a://{x*}", "a://b/c?d", Mismatch::Character(name("x"))),
            ("a://{x}", "a://%zz", Mismatch::Encoding(name("x"))),
            ("a://{x*}", "a://b/../c", Mismatch::Outside(name("x"))),
            ("a://b/{x*}", "a://b//c", Mismatch::Outside(name("x"))),
            ("a://s{?q}", "a://s?p=1", Mismatch::UnknownParameter),
            ("a://s{?q}", "a://s?q=1&", Mismatch::UnknownParameter),
            ("a://s{?q}", "a://s?q=1&q=2", Mismatch::RepeatedParameter(name("q"))),
            ("a://{q}{?p}", "a://s?q=1", Mismatch::UnknownParameter),
            ("a://s{?q}", "a://s?q=%ff", Mismatch::Encoding(name("q"))),
            ("a://s{?q}", "a://s?q=a#b", Mismatch::Character(name("q"))),
            ("a://s{?q}", "a://s?q=..%2fa", Mismatch::Outside(name("q"))),
            ("a://s{?q}", "a://s?q=/etc", Mismatch::Outside(name("q"))),
            ("a://s{?q}", "a://s?q=%00", Mismatch::Outside(name("q"))),
            ("a://s?v=1{&n}", "a://s", Mismatch::Literal(name("?v=1"))),
            ("a://s?v=1{&n}", "a://s?v=12", Mismatch::Literal(name("?v=1"))),
            ("a://s?v=1{&n}", "a://s?n=2&v=1", Mismatch::Literal(name("?v=1"))),
        ] {
            let parsed = Template::parse(template).unwrap();
            assert_eq!(parsed.values(uri), Err(expected), "{template} {uri}");
        }
        let unchecked = Template::parse("a://s{?q}").unwrap().unchecked();
        assert!(unchecked.matches("a://s?q=/..%2f").is_some());
    }

    #[test]
    fn the_number_of_variables_is_limited() {
        let names =
            |count| (0..count).map(|index| format!("v{index}")).collect::<Vec<_>>().join(",");
        assert!(Template::parse(&format!("a://s{{?{}}}", names(256))).is_ok());
        let error = Template::parse(&format!("a://s{{?{}}}", names(257))).unwrap_err();
        assert_eq!(error, TemplateError::TooMany);
    }

    #[test]
    fn matching_takes_time_linear_in_the_uri() {
        let template = Template::parse("a://{a}-{b}-{c}-{d}-{e}!").unwrap();
        let uri = format!("a://{}", "x-".repeat(100_000));
        assert_eq!(template.matches(&uri), None);
        let template = Template::parse("a://{a*}/{b}/{c*}{?q,r}").unwrap();
        for (tail, is_match) in [("", true), ("?q=&r=", false), ("&q", true)] {
            let uri = format!("a://{}{}", "x/".repeat(100_000), tail.repeat(100_000));
            assert_eq!(template.values(&uri).is_ok(), is_match, "{tail}");
        }
    }
}
