//! Who calls, as far as somebody verified it.

use std::fmt;
use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;

use crate::context::Context;
use crate::extract::FromContext;

/// Who makes a call: a name that a layer in front has verified, such as the issuer and subject of a
/// token.
///
/// Over HTTP, a layer puts it into the extensions of the `http::Request`; sessions, subscriptions
/// and the state of questions belong to it, and no other principal can use them. Never make one
/// from what a client says about itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Principal(Arc<str>);

impl Principal {
    /// A principal with a name that no other has.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Principal").field(&self.0).finish()
    }
}

impl Context {
    /// Who makes this call; none when nobody verified it.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.extensions().get()
    }
}

impl FromContext for Principal {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        context.principal().cloned().ok_or_else(|| {
            crate::error::internal("finding the principal", &"no layer in front verified who calls")
        })
    }
}
