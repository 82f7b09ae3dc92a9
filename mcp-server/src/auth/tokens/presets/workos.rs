//! WorkOS AuthKit.

use mcp_core::jose::SigningAlgorithm;

use crate::auth::JwtVerifierBuilder;
use crate::auth::tokens::preset::{Preset, PresetAudience, check_base};

const WORKOS: Preset = Preset {
    issuers: &["<issuer>"],
    keys_url: Some("<issuer>/oauth2/jwks"),
    audience: PresetAudience::Resource,
    scope_claims: &["scope", "permissions"],
    plain_jwt: true,
    algorithms: &[SigningAlgorithm::Rs256],
    required: &[],
};

/// WorkOS `AuthKit`: its URL as it is in the tokens, such as `https://example.authkit.app`. The
/// tokens of *Connect* are opaque and need another verifier.
pub fn workos(authkit_url: &str) -> JwtVerifierBuilder {
    WORKOS.builder(&[("issuer", authkit_url)]).with_problem(check_base(authkit_url))
}
