//! Collections of routes: lists of functions, and the methods of a value.

mod function;
mod into_route;
mod provider;

pub use function::{AddRoute, Entry, RouteFn, add_entry, fallback};
pub use into_route::IntoRoute;
pub use provider::{Provider, Routes};
