//! Auth0.

use mcp_core::jose::SigningAlgorithm;

use crate::auth::JwtVerifierBuilder;
use crate::auth::tokens::preset::{Preset, PresetAudience, check_ids};

/// The issuer ends in a slash. Tokens of the older profile have the type `JWT`; `permissions` is an
/// array, with role-based access control.
const AUTH0: Preset = Preset {
    issuers: &["https://<domain>/"],
    keys_url: Some("https://<domain>/.well-known/jwks.json"),
    audience: PresetAudience::Resource,
    scope_claims: &["scope", "permissions"],
    plain_jwt: true,
    algorithms: &[SigningAlgorithm::Rs256, SigningAlgorithm::Ps256],
    required: &[],
};

/// Auth0: the domain of the tenant, such as `example.eu.auth0.com`. The identifier of the API in
/// the dashboard is the URL of this server.
pub fn auth0(domain: &str) -> JwtVerifierBuilder {
    let values = [("domain", domain)];
    AUTH0.builder(&values).with_problem(check_ids(&values))
}
