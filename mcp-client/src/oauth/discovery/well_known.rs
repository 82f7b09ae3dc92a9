//! Where metadata documents are. Spec: RFC 9728 §3.1, RFC 8414 §3.1; basic/authorization.

use mcp_core::text::PeerText;

use crate::http::{Endpoint, ShownUrl, origin};
use crate::oauth::error::{Error, ErrorKind};

const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";

/// Where the protected resource metadata of a server may be, when its challenge does not say.
pub(crate) fn resource_metadata_urls(endpoint: &Endpoint) -> Vec<String> {
    let text = endpoint.as_str();
    let rest = &text[origin(text).len()..];
    let (path, query) = rest.find('?').map_or((rest, ""), |at| rest.split_at(at));
    let path = path.strip_suffix('/').unwrap_or(path);
    let root = root_document(endpoint);
    let mut urls = vec![format!("{root}{path}{query}")];
    if !path.is_empty() || !query.is_empty() {
        urls.push(root);
    }
    urls
}

/// The protected resource metadata that is about the whole origin of a server.
pub(crate) fn root_document(endpoint: &Endpoint) -> String {
    format!("{}{PROTECTED_RESOURCE}", origin(endpoint.as_str()))
}

/// Where the metadata of an authorization server may be.
pub(crate) fn server_metadata_urls(issuer: &str) -> Result<Vec<String>, Error> {
    mcp_core::oauth::server_metadata_urls(issuer).ok_or_else(|| {
        let message = format!(
            "the issuer {:?} is not a URL without query and fragment",
            PeerText::new(issuer).to_string()
        );
        Error::new(ErrorKind::InvalidMetadata, message)
    })
}

/// URLs for an error message.
pub(crate) fn shown(urls: &[String]) -> String {
    urls.iter().map(|url| ShownUrl(url).to_string()).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_urls_keep_path_and_query() {
        let urls = |url| resource_metadata_urls(&Endpoint::parse(url).unwrap());
        let root = "https://a.example/.well-known/oauth-protected-resource";
        assert_eq!(urls("https://a.example"), [root]);
        assert_eq!(urls("https://a.example/"), [root]);
        assert_eq!(urls("https://a.example/mcp"), [format!("{root}/mcp"), root.to_owned()]);
        assert_eq!(urls("https://a.example/x/mcp/"), [format!("{root}/x/mcp"), root.to_owned()]);
        assert_eq!(urls("https://a.example/mcp?t=1"), [format!("{root}/mcp?t=1"), root.to_owned()]);

        let urls = |issuer| server_metadata_urls(issuer).unwrap();
        let oauth = "https://a.example/.well-known/oauth-authorization-server";
        let openid = "https://a.example/.well-known/openid-configuration";
        assert_eq!(urls("https://a.example"), [oauth, openid]);
        assert_eq!(urls("https://a.example/"), [oauth, openid]);
        let tenant = "https://a.example/t/1/.well-known/openid-configuration";
        let expected = [format!("{oauth}/t/1"), format!("{openid}/t/1"), tenant.to_owned()];
        assert_eq!(urls("https://a.example/t/1"), expected);
        assert_eq!(urls("https://a.example/t/1/"), expected);
        for bad in ["https://a.example?x", "https://a.example/#x", "a.example", ""] {
            let error = server_metadata_urls(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidMetadata, "{bad}");
        }
    }
}
