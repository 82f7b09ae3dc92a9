//! Where the metadata of an authorization server is. Spec: RFC 8414 §3.1; basic/authorization,
//! "Authorization Server Metadata Discovery".

use crate::http_client::url::origin;

const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// Returns where the metadata of an authorization server may be, in the order in which clients ask
/// for it. `None` if the issuer is not a URL without query and fragment.
#[must_use]
pub fn server_metadata_urls(issuer: &str) -> Option<Vec<String>> {
    if issuer.contains(['?', '#']) || !issuer.contains("://") {
        return None;
    }
    let origin = origin(issuer);
    let path = &issuer[origin.len()..];
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut urls =
        vec![format!("{origin}{AUTHORIZATION_SERVER}{path}"), format!("{origin}{OPENID}{path}")];
    if !path.is_empty() {
        urls.push(format!("{origin}{path}{OPENID}"));
    }
    Some(urls)
}
