//! Values that all handlers of a server share.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;

use super::FromContext;
use crate::context::Context;

/// A value that all handlers share. It is set with
/// [`ServerBuilder::state`](crate::ServerBuilder::state).
///
/// The call fails with −32603 if it was not set; the log names the type.
pub struct State<S>(Arc<S>);

impl<S> State<S> {
    /// Returns the shared value.
    #[must_use]
    pub fn into_inner(self) -> Arc<S> {
        self.0
    }
}

impl Context {
    /// Returns the value that was set with [`ServerBuilder::state`](crate::ServerBuilder::state).
    ///
    /// # Errors
    /// −32603 if no value of this type was set; the log names the type.
    pub fn state<S: Send + Sync + 'static>(&self) -> Result<State<S>, ErrorObject> {
        match self.call().environment.states.get_shared::<S>() {
            Some(state) => Ok(State(state)),
            None => {
                let missing = std::any::type_name::<S>();
                Err(crate::error::internal(
                    "extracting a state",
                    &format!("ServerBuilder::state was not called with a {missing}"),
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
