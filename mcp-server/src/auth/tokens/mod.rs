//! Access tokens of requests over HTTP: the feature `auth`.

mod authenticate;
mod claims;
mod dpop;
mod dpop_replay;
mod guard;
mod introspection;
mod preset;
pub mod presets;
mod protection;
mod refused;
mod resource_url;
mod static_verifier;
mod token_cache;
mod token_kind;
mod verifier;
mod verify;

pub(crate) use dpop::DPOP_NONCE;
pub(crate) use guard::Guard;
pub use introspection::{IntrospectionBuilder, IntrospectionLimits, IntrospectionVerifier};
/// What verifiers are built with: the guarded fetch, the stack that sends their requests, secrets,
/// keys and tokens.
pub use mcp_core::{fetch, fetch::Secret, http_client, jose};
pub use protection::Protection;
pub use refused::Refused;
pub(crate) use refused::{Authenticated, Refusal};
pub use static_verifier::StaticVerifier;
pub use verifier::{TokenVerifier, VerifiedToken, VerifyError};
pub use verify::{AnyOf, Audience, FetchDocument, JwtLimits, JwtVerifier, JwtVerifierBuilder};
