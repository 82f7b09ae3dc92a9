//! The parameters of the query in a URI template: `{?first,second}` and `{&third}`.

use super::template_error::Mismatch;

/// The end of a template: parameters, each of which may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Query {
    /// The literal text between the `?` and the parameters, without the `&` after it.
    fixed: String,
    names: Vec<String>,
}

impl Query {
    /// Creates a query that begins with a literal text.
    pub(super) fn after(fixed: &str) -> Self {
        Self { fixed: fixed.to_owned(), names: Vec::new() }
    }

    pub(super) fn push(&mut self, name: &str) {
        self.names.push(name.to_owned());
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Returns the parameters in the query of a URI, with their encoded values. The caller stops at
    /// the first error and at the first parameter that occurs twice, so it looks at no more of them
    /// than the template has.
    ///
    /// # Errors
    /// If the literal text is missing.
    pub(super) fn parameters<'a>(
        &'a self,
        text: Option<&'a str>,
    ) -> Result<impl Iterator<Item = Result<(&'a str, &'a str), Mismatch>>, Mismatch> {
        let text = match text.map(|text| text.strip_prefix(&*self.fixed)) {
            None if self.fixed.is_empty() => "",
            Some(Some(rest)) if rest.is_empty() || self.fixed.is_empty() => rest,
            Some(Some(rest)) if rest.starts_with('&') => &rest[1..],
            _ => return Err(Mismatch::Literal(format!("?{}", self.fixed))),
        };
        let pairs = Some(text).filter(|text| !text.is_empty()).into_iter();
        let pairs = pairs.flat_map(|text| text.split('&'));
        Ok(pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match self.names().find(|known| *known == name) {
                Some(known) => Ok((known, value)),
                None => Err(Mismatch::UnknownParameter),
            }
        }))
    }
}
