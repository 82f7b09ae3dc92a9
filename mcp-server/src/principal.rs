//! Who calls, as a layer around the service found out.

use std::fmt;
use std::sync::Arc;

/// Who makes a request: put into the extensions of an HTTP request by the layer that authenticates it.
///
/// A legacy session belongs to the principal that began it, or to nobody in particular where there was none;
/// to anyone else it does not exist. Two are the same when their texts are, so the text must name the caller
/// alone and for good: issuer and subject, say, and not the token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Principal(Arc<str>);

impl Principal {
    /// A principal with a name of its own.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names of callers do not belong in logs.
impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Principal(…)")
    }
}
