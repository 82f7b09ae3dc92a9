//! Authorization: who calls, and what the caller may do. Spec: basic/authorization.
//!
//! [`Principal`] is the caller, and [`Scopes`] is what its token permits. Tools, prompts and
//! resources name the scopes that they need: `#[tool(scopes("files:read"))]`. With the feature
//! `auth`, a `Protection` makes a server require access tokens, which a `TokenVerifier` verifies.
//!
//! `access` decides about scopes, for every transport. The rest is for HTTP, and is in `tokens`:
//! `protection` has the settings, `guard` is what the server says about itself, and `authenticate`
//! finds the caller of a request.

mod access;
mod principal;
mod route_scopes;
mod scopes;
#[cfg(feature = "auth")]
mod tokens;

#[cfg(feature = "http")]
pub(crate) use access::REQUIRED_SCOPES;
pub(crate) use access::{AccessRules, ScopeSource, Variables, scopes_are_checked};
pub use principal::Principal;
pub(crate) use route_scopes::RouteScopes;
pub use scopes::Scopes;
#[cfg(feature = "auth")]
pub use tokens::{
    AnyOf, Audience, FetchDocument, IntrospectionBuilder, IntrospectionLimits,
    IntrospectionVerifier, JwtLimits, JwtVerifier, JwtVerifierBuilder, Protection, Refused, Secret,
    StaticVerifier, TokenVerifier, VerifiedToken, VerifyError, fetch, http_client, jose, presets,
};
#[cfg(feature = "auth")]
pub(crate) use tokens::{Authenticated, DPOP_NONCE, Guard, Refusal};
