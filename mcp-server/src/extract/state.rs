//! Values that the handlers of a server share.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;

use super::FromContext;
use crate::context::Context;

/// A value that every handler shares: what [`ServerBuilder::state`](crate::ServerBuilder::state) was
/// given.
pub struct State<S>(Arc<S>);

impl<S> State<S> {
    /// The value, shared.
    #[must_use]
    pub fn into_inner(self) -> Arc<S> {
        self.0
    }
}

impl Context {
    /// The value that was given to [`ServerBuilder::state`](crate::ServerBuilder::state).
    ///
    /// # Errors
    /// −32603 when there is none of this type; the log says which type is missing.
    pub fn state<S: Send + Sync + 'static>(&self) -> Result<State<S>, ErrorObject> {
        match self.call().environment.states.get_shared::<S>() {
            Some(state) => Ok(State(state)),
            None => {
                let missing = std::any::type_name::<S>();
                Err(crate::error::internal(
                    "finding a state",
                    &format!("ServerBuilder::state was not given a {missing}"),
                ))
            }
        }
    }
}

impl<S> Deref for State<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S> Clone for State<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: fmt::Debug> fmt::Debug for State<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Send + Sync + 'static> FromContext for State<S> {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        context.state()
    }
}
