//! Scalekit.

use mcp_core::jose::SigningAlgorithm;

use crate::auth::JwtVerifierBuilder;
use crate::auth::tokens::preset::{Preset, PresetAudience, check_base, check_ids};

/// The audience is the id of the resource, or its URL as the dashboard has it.
const SCALEKIT: Preset = Preset {
    issuers: &["<environment>"],
    keys_url: Some("<environment>/keys"),
    audience: PresetAudience::ResourceOrAnyOf(&["<resource>"]),
    scope_claims: &["scope", "permissions"],
    plain_jwt: true,
    algorithms: &[SigningAlgorithm::Rs256],
    required: &[],
};

/// Scalekit: the URL of the environment, and the id of the resource, `sk_resource_…` or `res_…`.
/// Clients log in at `<environment>/resources/<resource>`.
pub fn scalekit(environment_url: &str, resource_id: &str) -> JwtVerifierBuilder {
    let problem = check_base(environment_url).or_else(|| check_ids(&[("resource", resource_id)]));
    SCALEKIT
        .builder(&[("environment", environment_url), ("resource", resource_id)])
        .authorization_server(format!("{environment_url}/resources/{resource_id}"))
        .with_problem(problem)
}
