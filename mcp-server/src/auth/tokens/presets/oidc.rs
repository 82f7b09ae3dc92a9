//! Any authorization server with metadata that implements RFC 9068.

use mcp_core::jose::SigningAlgorithm;

use crate::auth::JwtVerifierBuilder;
use crate::auth::tokens::preset::{Preset, PresetAudience};

const OIDC: Preset = Preset {
    issuers: &["<issuer>"],
    keys_url: None,
    audience: PresetAudience::Resource,
    scope_claims: &["scope", "scp"],
    plain_jwt: false,
    algorithms: &SigningAlgorithm::ALL,
    required: &[],
};

/// Any authorization server that publishes metadata and issues tokens of RFC 9068 for the URL of
/// this server. Call [`JwtVerifierBuilder::accept_plain_jwt`] if its tokens have another type.
pub fn oidc(issuer: &str) -> JwtVerifierBuilder {
    OIDC.builder(&[("issuer", issuer)])
}
