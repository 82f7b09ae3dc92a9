//! Authorization: who calls, and what the caller may do. Spec: basic/authorization.
//!
//! [`Principal`] is the caller, and [`Scopes`] is what its token permits. Tools, prompts and
//! resources name the scopes that they need: `#[tool(scopes("files:read"))]`. With the feature
//! `auth`, a `Protection` makes a server require access tokens, which a `TokenVerifier` verifies.
//!
//! `access` decides about scopes, for every transport. The rest is for HTTP: `protection` has the
//! settings, `guard` is what the server says about itself, and `authenticate` finds the caller of a
//! request.

mod access;
#[cfg(feature = "auth")]
mod authenticate;
#[cfg(feature = "auth")]
mod dpop;
#[cfg(feature = "auth")]
mod dpop_replay;
#[cfg(feature = "auth")]
mod guard;
#[cfg(feature = "auth")]
mod introspection;
#[cfg(feature = "auth")]
mod preset;
#[cfg(feature = "auth")]
pub mod presets;
mod principal;
#[cfg(feature = "auth")]
mod protection;
#[cfg(feature = "auth")]
mod refused;
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
#[cfg(feature = "auth")]
mod verify;

#[cfg(feature = "http")]
pub(crate) use access::REQUIRED_SCOPES;
pub(crate) use access::{AccessRules, ScopeSource, Variables};
#[cfg(feature = "auth")]
pub(crate) use dpop::DPOP_NONCE;
#[cfg(feature = "auth")]
pub(crate) use guard::Guard;
#[cfg(feature = "auth")]
pub use introspection::{IntrospectionBuilder, IntrospectionLimits, IntrospectionVerifier};
/// What verifiers are built with: the guarded fetch, the stack that sends their requests, secrets,
/// keys and tokens.
#[cfg(feature = "auth")]
pub use mcp_core::{fetch, fetch::Secret, http_client, jose};
pub use principal::Principal;
#[cfg(feature = "auth")]
pub use protection::Protection;
#[cfg(feature = "auth")]
pub use refused::Refused;
#[cfg(feature = "auth")]
pub(crate) use refused::{Authenticated, Refusal};
pub(crate) use route_scopes::RouteScopes;
pub use scopes::Scopes;
#[cfg(feature = "auth")]
pub use static_verifier::StaticVerifier;
#[cfg(feature = "auth")]
pub use verifier::{TokenVerifier, VerifiedToken, VerifyError};
#[cfg(feature = "auth")]
pub use verify::{AnyOf, Audience, FetchDocument, JwtLimits, JwtVerifier, JwtVerifierBuilder};
