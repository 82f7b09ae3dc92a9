//! `application/x-www-form-urlencoded`: the bodies of token requests, the queries of authorization
//! URLs.

use std::borrow::Cow;

use form_urlencoded::byte_serialize;

/// The media type of a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The fields of a form. They may be secrets, so there is no `Debug`.
pub(crate) struct Form(String);

impl Form {
    /// A form without fields.
    pub(crate) fn new() -> Self {
        Self(String::new())
    }

    /// Adds a field.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.push(name, value);
        self
    }

    /// Adds a field, if there is a value.
    pub(crate) fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a field.
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(byte_serialize(name.as_bytes()));
        self.0.push('=');
        self.0.extend(byte_serialize(value.as_bytes()));
    }

    /// The first field whose name a query has too.
    pub(crate) fn first_in(&self, query: &str) -> Option<Cow<'_, str>> {
        decode(&self.0)
            .map(|(name, _)| name)
            .find(|name| decode(query).any(|(other, _)| other == *name))
    }

    /// The form as it is sent.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// One value as it stands in a form.
pub(crate) fn encode(value: &str) -> String {
    byte_serialize(value.as_bytes()).collect()
}

/// The fields of a query.
pub(crate) fn decode(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes())
}
