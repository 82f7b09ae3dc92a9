//! Why a key or a token is refused.

use std::fmt;

/// Why a key, a set of keys or a signed text cannot be used. It shows no key and no signature.
#[derive(Clone, PartialEq, Eq)]
pub struct JoseError(Box<str>);

impl JoseError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into().into_boxed_str())
    }
}

impl fmt::Display for JoseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for JoseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JoseError").field(&self.0).finish()
    }
}

impl std::error::Error for JoseError {}
