//! Amazon Cognito.

use mcp_core::jose::SigningAlgorithm;

use crate::auth::JwtVerifierBuilder;
use crate::auth::tokens::preset::{Preset, PresetAudience, check_ids};

/// Access tokens have no audience, and no type: the claims `client_id` and `token_use` tell them
/// from others.
const COGNITO: Preset = Preset {
    issuers: &["https://cognito-idp.<region>.amazonaws.com/<pool>"],
    keys_url: Some("https://cognito-idp.<region>.amazonaws.com/<pool>/.well-known/jwks.json"),
    audience: PresetAudience::ClaimEquals("client_id", "<client id>"),
    scope_claims: &["scope"],
    plain_jwt: true,
    algorithms: &[SigningAlgorithm::Rs256],
    required: &[("token_use", &["access"])],
};

/// Amazon Cognito: the region, the user pool, such as `eu-west-1_AbCdEf`, and the id of the app
/// client. Use [`JwtVerifierBuilder::audience`] for several clients.
///
/// Its tokens do not say for which server they are. Every server that accepts the tokens of an app
/// client accepts those that were issued for the others: use one app client for each server.
pub fn cognito(region: &str, pool: &str, client_id: &str) -> JwtVerifierBuilder {
    let values = [("region", region), ("pool", pool), ("client id", client_id)];
    COGNITO.builder(&values).with_problem(check_ids(&values))
}
