//! The registered routes: an immutable snapshot, which each change replaces.

mod handle;
mod live;
mod route_filter;
mod route_table;
mod rules;
mod snapshot;

pub use handle::ServerHandle;
pub(crate) use live::Live;
pub(crate) use route_filter::RouteFilters;
#[cfg(feature = "policy")]
pub(crate) use route_filter::{ListedRoute, RouteFilter};
pub(crate) use route_table::{ListRequest, Viewer};
pub(crate) use rules::{check_prompt, check_resource, check_tool};
pub(crate) use snapshot::Registry;
