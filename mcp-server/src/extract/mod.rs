//! Extractors: the arguments that a handler written by hand takes from its call.
//!
//! | type | takes |
//! |---|---|
//! | [`Args<T>`] | the arguments of a tool or prompt, the variables of a resource template |
//! | [`Context`](crate::Context) | the call itself |
//! | [`State<S>`] | what [`ServerBuilder::state`](crate::ServerBuilder::state) was given |
//! | [`Extension<T>`] | what a binding or a layer put into the request |
//!
//! Functions under `#[tool]` take plain typed parameters instead of `Args`, and the others the same
//! way.

mod args;
mod argument_errors;
mod extension;
mod optional;
mod state;
mod text;
mod traits;

pub use args::Args;
pub use argument_errors::ArgumentErrors;
pub(crate) use argument_errors::escape;
pub use extension::Extension;
pub(crate) use optional::{Absent, is_optional};
pub use state::State;
pub use text::from_text;
pub(crate) use text::from_texts;
pub use traits::{Extract, FromContext, Rejection};
