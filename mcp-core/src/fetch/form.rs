//! `application/x-www-form-urlencoded`: the bodies of token requests, the queries of authorization
//! URLs.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::byte_serialize;
use http::HeaderValue;
use http::header::InvalidHeaderValue;

use super::secret::Secret;

/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The `client_assertion_type` of a client that authenticates by a signed JWT. Spec: RFC 7523 §2.2.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The fields of a form. They may be secrets, so `Debug` shows none.
#[derive(Default)]
pub struct Form(String);

impl Form {
    /// A form without fields.
    #[must_use]
    pub fn new() -> Self {
        Self(String::new())
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.push(name, value);
        self
    }

    /// Adds a field, if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a field.
    pub fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(byte_serialize(name.as_bytes()));
        self.0.push('=');
        self.0.extend(byte_serialize(value.as_bytes()));
    }

    /// The first field whose name a query has too.
    #[must_use]
    pub fn first_in(&self, query: &str) -> Option<Cow<'_, str>> {
        decode(&self.0)
            .map(|(name, _)| name)
            .find(|name| decode(query).any(|(other, _)| other == *name))
    }

    /// The form as it is sent.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form")
    }
}

/// One value as it stands in a form.
#[must_use]
pub fn encode(value: &str) -> String {
    byte_serialize(value.as_bytes()).collect()
}

/// The fields of a query.
pub fn decode(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes())
}

/// The value of `Authorization` with which a client authenticates by its secret
/// (`client_secret_basic`). Spec: RFC 6749 §2.3.1.
///
/// # Errors
/// If the value does not fit into a header field.
pub fn basic_credentials(client: &str, secret: &Secret) -> Result<HeaderValue, InvalidHeaderValue> {
    // Both are form-encoded first, so that a colon in the id does not end it.
    let pair = format!("{}:{}", encode(client), encode(secret.expose()));
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))?;
    value.set_sensitive(true);
    Ok(value)
}
