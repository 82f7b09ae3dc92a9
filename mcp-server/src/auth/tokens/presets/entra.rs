//! Microsoft Entra ID.

use mcp_core::jose::SigningAlgorithm;

use crate::auth::JwtVerifierBuilder;
use crate::auth::tokens::preset::{Preset, PresetAudience, check_ids};

/// Tokens of version 2.0 have the client id as audience, and those for an identifier URI that URI.
const AUDIENCE: PresetAudience = PresetAudience::AnyOf(&["<client id>", "api://<client id>"]);

/// How the client authenticated. Only access tokens of version 2.0 have it: ID tokens may have the
/// same audience, version and roles.
const AUTHENTICATION: (&str, &[&str]) = ("azpacr", &["0", "1", "2"]);

const ENTRA: Preset = Preset {
    issuers: &["https://login.microsoftonline.com/<tenant>/v2.0"],
    keys_url: Some("https://login.microsoftonline.com/<tenant>/discovery/v2.0/keys"),
    audience: AUDIENCE,
    scope_claims: &["scp", "roles"],
    plain_jwt: true,
    algorithms: &[SigningAlgorithm::Rs256],
    required: &[("ver", &["2.0"]), AUTHENTICATION],
};

/// The issuer has the id of the tenant, which is also a claim.
const ENTRA_MULTI_TENANT: Preset = Preset {
    issuers: &["https://login.microsoftonline.com/{tid}/v2.0"],
    keys_url: Some("https://login.microsoftonline.com/common/discovery/v2.0/keys"),
    ..ENTRA
};

/// Microsoft Entra ID, one tenant: its id (a GUID), and the client id of the application that
/// stands for this server. The application must request tokens of version 2.
///
/// Tokens have the short names of scopes (`read`), and clients ask for the long ones:
/// `Protection::scope_prefix("api://<client id>/")` advertises those. Roles count as scopes.
pub fn entra(tenant: &str, client_id: &str) -> JwtVerifierBuilder {
    let values = [("tenant", tenant), ("client id", client_id)];
    let problem = check_ids(&values).or_else(|| check_guid(tenant));
    ENTRA.builder(&values).with_problem(problem)
}

/// Microsoft Entra ID, several tenants: their ids. An empty list admits the users of **every**
/// tenant, which anyone can create; then the server must decide by the claim `tid` who may do what.
pub fn entra_multi_tenant<'a>(
    tenants: impl IntoIterator<Item = &'a str>,
    client_id: &str,
) -> JwtVerifierBuilder {
    let values = [("client id", client_id)];
    let tenants: Vec<&str> = tenants.into_iter().collect();
    let problem = check_ids(&values).or_else(|| tenants.iter().find_map(|id| check_guid(id)));
    let builder = ENTRA_MULTI_TENANT
        .builder(&values)
        .authorization_server("https://login.microsoftonline.com/organizations/v2.0")
        .with_problem(problem);
    if tenants.is_empty() { builder } else { builder.required_claim("tid", tenants) }
}

/// Tokens have the id of the tenant in their issuer, never its domain.
fn check_guid(tenant: &str) -> Option<String> {
    let groups = tenant
        .split('-')
        .map(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(group.len()));
    (!groups.eq([8, 4, 4, 4, 12].map(Some))).then(|| {
        format!("the tenant {tenant:?} is not an id; the portal shows it as \"Tenant ID\"")
    })
}
