//! Authorization: who calls, and what the caller may do. Spec: basic/authorization.
//!
//! [`Principal`] is the caller, and [`Scopes`] is what its token permits. Tools, prompts and
//! resources name the scopes that they need: `#[tool(scopes("files:read"))]`.

mod access;
mod principal;
mod route_scopes;
mod scopes;

pub(crate) use access::{AccessRules, REQUIRED_SCOPES, ScopeSource};
pub use principal::Principal;
pub(crate) use route_scopes::RouteScopes;
pub use scopes::Scopes;
