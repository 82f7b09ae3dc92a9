//! Authorization: who calls, and what the caller may do. Spec: basic/authorization.
//!
//! [`Principal`] is the caller, and [`Scopes`] is what its token permits. Tools, prompts and
//! resources name the scopes that they need: `#[tool(scopes("files:read"))]`. With the feature
//! `auth`, a `Protection` makes a server require access tokens, which a `TokenVerifier` verifies.
//!
//! `access` decides about scopes, for every transport. The rest is for HTTP: `authenticate` finds
//! the caller of a request, and `protection` has the settings and the metadata of the server.

mod access;
#[cfg(feature = "auth")]
mod authenticate;
#[cfg(feature = "auth")]
mod dpop;
#[cfg(feature = "auth")]
mod dpop_replay;
mod principal;
#[cfg(feature = "auth")]
mod protection;
#[cfg(feature = "auth")]
mod resource_url;
mod route_scopes;
mod scopes;
#[cfg(feature = "auth")]
mod static_verifier;
#[cfg(feature = "auth")]
mod token_cache;
#[cfg(feature = "auth")]
mod verifier;

#[cfg(feature = "http")]
pub(crate) use access::REQUIRED_SCOPES;
pub(crate) use access::{AccessRules, ScopeSource};
#[cfg(feature = "auth")]
pub use authenticate::Refused;
#[cfg(feature = "auth")]
pub(crate) use authenticate::{Authenticated, Refusal};
#[cfg(feature = "auth")]
pub(crate) use dpop::DPOP_NONCE;
pub use principal::Principal;
#[cfg(feature = "auth")]
pub(crate) use protection::Guard;
#[cfg(feature = "auth")]
pub use protection::Protection;
pub(crate) use route_scopes::RouteScopes;
pub use scopes::Scopes;
#[cfg(feature = "auth")]
pub use static_verifier::StaticVerifier;
#[cfg(feature = "auth")]
pub use verifier::{TokenVerifier, VerifiedToken, VerifyError};
