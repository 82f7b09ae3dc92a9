//! Extractors: the arguments of handlers without macros, which take their values from the call.
//!
//! | type | value |
//! |---|---|
//! | [`Args<T>`] | the arguments of a tool or prompt, the variables of a resource template |
//! | [`Context`](crate::Context) | the call itself |
//! | [`State<S>`] | the value passed to [`ServerBuilder::state`](crate::ServerBuilder::state) |
//! | [`Extension<T>`] | a value that the transport or a layer attached to the request |
//!
//! Functions under `#[tool]` take plain typed parameters instead of `Args`, and the other
//! extractors in the same way.

mod args;
mod argument_errors;
mod extension;
mod needs;
mod optional;
mod state;
mod text;
mod traits;

pub use args::Args;
pub use argument_errors::ArgumentErrors;
pub(crate) use argument_errors::escape;
pub use extension::Extension;
pub use needs::Needs;
pub(crate) use optional::{Absent, is_optional};
pub use state::State;
pub use text::from_text;
pub(crate) use text::from_texts;
pub use traits::{Extract, FromContext, Rejection};
