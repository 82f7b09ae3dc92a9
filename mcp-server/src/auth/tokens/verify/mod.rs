//! Verifiers of access tokens that are JSON Web Tokens. Spec: RFC 9068, RFC 7519;
//! basic/authorization, "Token Handling".
//!
//! ```text
//! token ─▶ read strictly ─▶ algorithm, type, issuer, audience, times ─▶ key ─▶ signature ─▶ caller
//!                                 Invalid: 401                            │
//!                                                      unknown: one refresh, Invalid or Undecided
//! ```
//!
//! Everything that needs no key is checked first, so that a hostile token makes the server fetch
//! nothing. `jwt_builder` has the settings, `rules` what a token must say, `issuer` and `audience`
//! parts of it, and `key_cache` the keys, which `fetch_keys` fetches.

mod any_of;
mod audience;
mod fetch_document;
mod fetch_keys;
mod issuer;
mod jwt_builder;
mod jwt_verifier;
mod key_cache;
mod limits;
mod rules;

pub use any_of::AnyOf;
pub use audience::Audience;
pub use fetch_document::FetchDocument;
pub(super) use issuer::is_id;
pub use jwt_builder::JwtVerifierBuilder;
pub use jwt_verifier::JwtVerifier;
pub use limits::JwtLimits;
