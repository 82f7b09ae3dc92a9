//! The verified identity of a caller.

use std::fmt;
use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;

use crate::context::Context;
use crate::extract::FromContext;

/// The verified identity of a caller, such as the issuer and the subject of an access token.
///
/// Over HTTP, an outer layer that verified it inserts it into the extensions of the
/// `http::Request`. Sessions, subscriptions and the `requestState` of input rounds are bound to it;
/// no other principal can use them. Never create one from what a client claims about itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Principal(Arc<str>);

impl Principal {
    /// Creates a principal. `id` must be unique among the users of the server.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// Returns the id.
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
    /// Returns the verified identity of the caller; `None` if no layer verified it.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.extensions().get()
    }
}

impl FromContext for Principal {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        context.principal().cloned().ok_or_else(|| {
            crate::error::internal("extracting the principal", &"no layer verified the caller")
        })
    }
}
