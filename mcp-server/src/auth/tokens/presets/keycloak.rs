//! Keycloak.

use mcp_core::jose::SigningAlgorithm;

use crate::auth::JwtVerifierBuilder;
use crate::auth::tokens::preset::{Preset, PresetAudience, check_base};

/// The type in the header is `JWT` for every token; the claim `typ` tells access tokens from ID
/// tokens and refresh tokens.
const KEYCLOAK: Preset = Preset {
    issuers: &["<realm>"],
    keys_url: Some("<realm>/protocol/openid-connect/certs"),
    audience: PresetAudience::Resource,
    scope_claims: &["scope"],
    plain_jwt: true,
    algorithms: &SigningAlgorithm::ALL,
    required: &[("typ", &["Bearer", "DPoP"])],
};

/// Keycloak: the URL of the realm, such as `https://login.example.com/realms/main`. It needs
/// Keycloak 26.6 or later, so that MCP clients can register.
///
/// A mapper of the client scope must add the URL of this server to the audience, which is `account`
/// by default.
pub fn keycloak(realm_url: &str) -> JwtVerifierBuilder {
    KEYCLOAK.builder(&[("realm", realm_url)]).with_problem(check_base(realm_url))
}
