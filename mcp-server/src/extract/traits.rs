//! What an extractor is.

use mcp_core::jsonrpc::ErrorObject;

use super::ArgumentErrors;
use crate::context::{Context, HandlerCall};

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

/// A value that can be taken from any call: [`Context`], [`State`](super::State),
/// [`Extension`](super::Extension), or a type of your own.
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

impl FromContext for Context {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        Ok(context.clone())
    }
}

/// Why a handler was not run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// The arguments of the call do not fit; the caller learns how to repair them.
    Arguments(ArgumentErrors),
    /// Something else, a protocol error.
    Error(ErrorObject),
}

impl Rejection {
    /// The protocol error, for methods whose results have no place for errors.
    pub(crate) fn into_error_object(self) -> ErrorObject {
        match self {
            Self::Arguments(errors) => ErrorObject::invalid_params(errors.to_string()),
            Self::Error(error) => error,
        }
    }
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
