//! Extractors: the arguments that a handler written by hand takes from its call.
//!
//! | type | takes |
//! |---|---|
//! | [`Args<T>`] | the arguments of a tool or prompt, the variables of a resource template |
//! | [`Context`] | the call itself |
//! | [`State<S>`] | what [`Server::state`](crate::Server::state) was given |
//! | [`Extension<T>`] | what a binding or a layer put into the request |
//!
//! Functions under `#[tool]` take plain typed parameters instead, and all of these but `Args` the same way.

mod args;
mod text;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;

pub use args::Args;
pub use text::from_text;

use crate::context::{Context, HandlerCall};
use crate::tool::ArgumentErrors;

/// Takes a value from a call of kind `C`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken from a call",
    note = "take `Args<T>`, `Context`, `State<S>` or `Extension<T>`"
)]
pub trait Extract<C>: Sized {
    /// Takes the value.
    ///
    /// # Errors
    /// Why the call cannot be served.
    fn extract(call: &C) -> Result<Self, Rejection>;
}

/// A value that can be taken from any call: [`Context`], [`State`], [`Extension`], or a type of your own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be injected",
    label = "not a value that a call has",
    note = "`Context`, `&Context`, `State<S>` and `Extension<T>` are injected; implement `FromContext` for your own",
    note = "a type of your own that is named like one of these is an argument once `#[arg]` stands before it"
)]
pub trait FromContext: Sized {
    /// Takes the value.
    ///
    /// # Errors
    /// Why the call cannot be served.
    fn from_context(context: &Context) -> Result<Self, ErrorObject>;
}

impl<C: HandlerCall, T: FromContext> Extract<C> for T {
    fn extract(call: &C) -> Result<Self, Rejection> {
        Ok(T::from_context(call.context())?)
    }
}

/// Why a handler was not run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// The arguments of the call do not fit; the caller is told how to repair them.
    Arguments(ArgumentErrors),
    /// Something else, a protocol error.
    Error(ErrorObject),
}

impl From<ErrorObject> for Rejection {
    fn from(error: ErrorObject) -> Self {
        Self::Error(error)
    }
}

impl From<ArgumentErrors> for Rejection {
    fn from(errors: ArgumentErrors) -> Self {
        Self::Arguments(errors)
    }
}

impl FromContext for Context {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        Ok(context.clone())
    }
}

/// A value that every handler shares: what [`Server::state`](crate::Server::state) was given.
pub struct State<S>(pub(crate) Arc<S>);

impl<S> State<S> {
    /// The value, shared.
    pub fn into_inner(self) -> Arc<S> {
        self.0
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

/// A value that the binding or a layer put into the request's extensions.
#[derive(Debug)]
pub struct Extension<T>(pub Arc<T>);

impl<T: Send + Sync + 'static> FromContext for Extension<T> {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        match context.extensions().get_shared() {
            Some(value) => Ok(Self(value)),
            None => {
                let missing = std::any::type_name::<T>();
                Err(crate::error::internal(
                    "finding an extension",
                    &format!("no layer put in a {missing}"),
                ))
            }
        }
    }
}
