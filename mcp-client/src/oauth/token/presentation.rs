//! How a token is presented to the MCP server: as it is, or with a proof that the client has a key.
//! Spec: RFC 6750, RFC 9449.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, StatusCode};

use super::access_token::{AccessToken, TokenType};
use crate::http::ShownUrl;
use crate::oauth::discovery::Discovered;
use crate::oauth::error::{Error, ErrorKind};

/// Puts tokens on requests.
///
/// The methods with a default concern clients that have a key, whose proofs go with requests to
/// the token endpoint too.
pub(crate) trait Presentation: Send + Sync + 'static {
    /// Whether the servers accept tokens that are presented in this way, as far as they say.
    fn check_server(&self, found: &Discovered) -> Result<(), Error>;

    /// Whether a token can be presented in this way.
    fn check_token(&self, token: &AccessToken) -> Result<(), Error>;

    /// The thumbprint of the key that tokens are bound to, if they are.
    fn thumbprint(&self) -> Option<&str> {
        None
    }

    /// Puts a token on a request to the MCP server, which is final except for that. Called each
    /// time that the request is sent.
    fn present(&self, token: &AccessToken, request: &mut Request<Bytes>) -> Result<(), Error>;

    /// Sees the head of every response of the MCP server.
    fn server_answered(&self, status: StatusCode, headers: &HeaderMap) {
        let _ = (status, headers);
    }

    /// Whether the MCP server refused a request for its proof alone, so that it can be sent again
    /// with another one.
    fn needs_new_proof(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        let _ = (status, headers);
        false
    }

    /// Puts a proof on a request to the token endpoint.
    fn prove_token_request(&self, url: &str, headers: &mut HeaderMap) -> Result<(), Error> {
        let _ = (url, headers);
        Ok(())
    }

    /// Sees the head of every response of the token endpoint.
    fn token_endpoint_answered(&self, url: &str, headers: &HeaderMap) {
        let _ = (url, headers);
    }

    /// Whether a request to the token endpoint is sent again when the endpoint asks for a nonce.
    fn accepts_nonces(&self) -> bool {
        false
    }
}

/// `Authorization: Bearer`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bearer;

impl Presentation for Bearer {
    fn check_server(&self, found: &Discovered) -> Result<(), Error> {
        if !found.needs_bound_tokens {
            return Ok(());
        }
        let message = format!(
            "{} accepts only tokens that are bound to a key (dpop_bound_access_tokens_required); \
             give the authorizer one with `OAuthBuilder::dpop`",
            ShownUrl(&found.resource)
        );
        Err(Error::new(ErrorKind::Configuration, message))
    }

    fn check_token(&self, token: &AccessToken) -> Result<(), Error> {
        match token.kind {
            TokenType::Bearer => Ok(()),
            TokenType::Dpop => {
                let message = "the authorization server issued a token that is bound to a key; \
                               give the authorizer one with `OAuthBuilder::dpop`";
                Err(Error::new(ErrorKind::Configuration, message))
            }
        }
    }

    fn present(&self, token: &AccessToken, request: &mut Request<Bytes>) -> Result<(), Error> {
        request.headers_mut().insert(AUTHORIZATION, token.header()?);
        Ok(())
    }
}
