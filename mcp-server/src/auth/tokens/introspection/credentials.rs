//! How this server authenticates at the authorization server. Spec: RFC 7662 §2.1; RFC 6749 §2.3.1;
//! RFC 7523 §2.2.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use mcp_core::fetch::{Form, JWT_BEARER, Secret};
use mcp_core::http_client::BoxError;
use mcp_core::jose::{SigningKey, base64url, client_assertion};

/// The credentials of this server.
pub(super) enum Credentials {
    /// `client_secret_basic`.
    Basic(HeaderValue),
    /// `client_secret_post`.
    Post { client: String, secret: Secret },
    /// `private_key_jwt`.
    Key { client: String, key: SigningKey },
}

impl Credentials {
    /// Adds the credentials for an issuer to a request.
    pub(super) fn add(
        &self,
        issuer: &str,
        headers: &mut HeaderMap,
        form: &mut Form,
    ) -> Result<(), BoxError> {
        match self {
            Self::Basic(value) => {
                headers.insert(AUTHORIZATION, value.clone());
            }
            Self::Post { client, secret } => {
                form.push("client_id", client);
                form.push("client_secret", secret.expose());
            }
            Self::Key { client, key } => {
                let mut id = [0; 16];
                getrandom::fill(&mut id)?;
                let assertion = client_assertion(key, client, issuer, &base64url(&id))?;
                form.push("client_assertion_type", JWT_BEARER);
                form.push("client_assertion", &assertion);
            }
        }
        Ok(())
    }
}
