//! Several routes at once: lists of functions, and the methods of a value.

mod function;
mod provider;

pub use function::{AddRoute, RouteFn, add_route};
pub use provider::{Provider, Routes};
