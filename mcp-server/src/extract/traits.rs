//! The traits of extractors.

use mcp_core::jsonrpc::ErrorObject;

use super::{ArgumentErrors, Needs};
use crate::context::{Context, HandlerCall};

/// An argument of a handler that is taken from a call of kind `C`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken from a call",
    note = "take `Args<T>`, `Context`, `State<S>` or `Extension<T>`"
)]
pub trait Extract<C>: Sized {
    /// Extracts the value.
    ///
    /// # Errors
    /// The reason to refuse the call.
    fn extract(call: &C) -> Result<Self, Rejection>;

    /// Adds what the argument needs of the server. Default: nothing.
    fn needs(_needs: &mut Needs) {}
}

/// A value that can be taken from any call: [`Context`], [`State`](super::State),
/// [`Extension`](super::Extension), or a type that implements this trait.
///
/// ```
/// use mcp_server::Context;
/// use mcp_server::extract::FromContext;
/// use mcp_server::jsonrpc::ErrorObject;
///
/// /// The name of the client.
/// struct ClientName(String);
///
/// impl FromContext for ClientName {
///     fn from_context(context: &Context) -> Result<Self, ErrorObject> {
///         let info = context.client_info();
///         let info = info.ok_or_else(|| ErrorObject::invalid_request("clientInfo is required"))?;
///         Ok(Self(info.name))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be injected",
    label = "not a value that a call provides",
    note = "`Context`, `&Context`, `State<S>` and `Extension<T>` are injected; implement `FromContext` for other types",
    note = "a type with the name of one of these becomes an argument with `#[arg]` before it"
)]
pub trait FromContext: Sized {
    /// Extracts the value.
    ///
    /// # Errors
    /// The protocol error to answer the call with.
    fn from_context(context: &Context) -> Result<Self, ErrorObject>;

    /// Adds what the value needs of the server, which is checked when the server is built or the
    /// route is added. Default: nothing. A type that is made from a state calls [`Needs::state`]
    /// here.
    fn needs(_needs: &mut Needs) {}
}

impl<C: HandlerCall, T: FromContext> Extract<C> for T {
    fn extract(call: &C) -> Result<Self, Rejection> {
        Ok(T::from_context(call.context())?)
    }

    fn needs(needs: &mut Needs) {
        T::needs(needs);
    }
}

impl FromContext for Context {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        Ok(context.clone())
    }
}

/// The reason why a handler did not run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// The arguments are invalid. The errors are reported to the caller.
    Arguments(ArgumentErrors),
    /// A protocol error.
    Error(ErrorObject),
}

impl Rejection {
    /// Converts into a protocol error, for methods whose results cannot carry errors.
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
