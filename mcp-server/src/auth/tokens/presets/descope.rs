//! Descope.

use mcp_core::jose::SigningAlgorithm;

use crate::auth::JwtVerifierBuilder;
use crate::auth::tokens::preset::{Preset, PresetAudience, check_base, check_ids};

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
    audience: PresetAudience::Resource,
    scope_claims: &["scope", "permissions"],
    plain_jwt: true,
    algorithms: &[SigningAlgorithm::Rs256],
    required: &[],
};

/// Every token of the project, its sessions too, has the id of the project as an audience.
const DESCOPE_WITH_PROJECT: Preset =
    Preset { audience: PresetAudience::ResourceOrAnyOf(&["<project>"]), ..DESCOPE };

/// For whom tokens of [`descope`] must have been issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DescopeAudience {
    /// The URL of the server is an audience.
    Resource,
    /// The URL of the server or the id of the project is an audience. Then this server accepts
    /// tokens that were issued for any application of the project: use it only if no other
    /// application has the same project.
    ResourceOrProject,
}

/// Descope: the URL of the service, such as `https://api.descope.com`, the project id, and which
/// audience tokens must have. Clients log in at `<url>/<project>`, unless
/// [`JwtVerifierBuilder::authorization_server`] names the issuer of an agentic application.
pub fn descope(base_url: &str, project: &str, audience: DescopeAudience) -> JwtVerifierBuilder {
    let problem = check_base(base_url).or_else(|| check_ids(&[("project", project)]));
    let preset = match audience {
        DescopeAudience::Resource => DESCOPE,
        DescopeAudience::ResourceOrProject => DESCOPE_WITH_PROJECT,
    };
    preset
        .builder(&[("base", base_url), ("project", project)])
        .authorization_server(format!("{base_url}/{project}"))
        .with_problem(problem)
}
