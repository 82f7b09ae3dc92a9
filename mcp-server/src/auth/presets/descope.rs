//! Descope.

use mcp_core::jose::SigningAlgorithm;

use crate::auth::JwtVerifierBuilder;
use crate::auth::preset::{Preset, PresetAudience, check_base, check_ids};

/// A token is from any issuer within the project: the project itself, an application of a tenant,
/// or an agentic one.
const DESCOPE: Preset = Preset {
    issuers: &[
        "<base>/<project>",
        "<base>/v1/apps/<project>",
        "<base>/v1/apps/<project>/{*}",
        "<base>/v1/apps/agentic/<project>",
        "<base>/v1/apps/agentic/<project>/{*}",
        "<project>",
    ],
    keys_url: Some("<base>/<project>/.well-known/jwks.json"),
    audience: PresetAudience::ResourceOrAnyOf(&["<project>"]),
    scope_claims: &["scope", "permissions"],
    plain_jwt: true,
    algorithms: &[SigningAlgorithm::Rs256],
    required: &[],
};

/// Descope: the URL of the service, such as `https://api.descope.com`, and the project id. Clients
/// log in at `<url>/<project>`, unless [`JwtVerifierBuilder::authorization_server`] names the
/// issuer of an agentic application.
pub fn descope(base_url: &str, project: &str) -> JwtVerifierBuilder {
    let problem = check_base(base_url).or_else(|| check_ids(&[("project", project)]));
    DESCOPE
        .builder(&[("base", base_url), ("project", project)])
        .authorization_server(format!("{base_url}/{project}"))
        .with_problem(problem)
}
