//! How a token is shown to the MCP server: as it is, or with a proof that the client has a key. Spec: RFC 6750,
//! RFC 9449.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, StatusCode};

use super::discovery::Discovered;
use super::error::{Error, ErrorKind, printable};
use super::token::{Token, TokenType};

/// Puts tokens on requests.
///
/// The methods with a default concern clients that have a key, whose proofs go with requests to the token endpoint too.
pub(crate) trait Presentation: Send + Sync + 'static {
    /// Whether the servers take tokens that are shown in this way, as far as they say.
    fn suits(&self, found: &Discovered) -> Result<(), Error>;

    /// Whether a token is one that can be shown in this way.
    fn check(&self, token: &Token) -> Result<(), Error>;

    /// The thumbprint of the key that tokens are bound to, if they are: they are worth nothing with another one.
    fn key(&self) -> Option<&str> {
        None
    }

    /// Puts a token on a request to the MCP server, which is final but for that. Called anew each time it is sent.
    fn present(&self, token: &Token, request: &mut Request<Bytes>) -> Result<(), Error>;

    /// Sees the head of every answer of the MCP server.
    fn server_answered(&self, status: StatusCode, headers: &HeaderMap) {
        let _ = (status, headers);
    }

    /// Whether the MCP server refused a request for its proof alone, and it may be sent again with another one.
    fn wants_new_proof(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        let _ = (status, headers);
        false
    }

    /// Puts a proof on a request to the token endpoint.
    fn prove_token_request(&self, url: &str, headers: &mut HeaderMap) -> Result<(), Error> {
        let _ = (url, headers);
        Ok(())
    }

    /// Sees the head of every answer of the token endpoint.
    fn token_endpoint_answered(&self, url: &str, headers: &HeaderMap) {
        let _ = (url, headers);
    }

    /// Whether a request to the token endpoint is to be sent again when it wants a nonce.
    fn takes_nonces(&self) -> bool {
        false
    }
}

/// `Authorization: Bearer`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bearer;

impl Presentation for Bearer {
    fn suits(&self, found: &Discovered) -> Result<(), Error> {
        if !found.wants_bound_tokens {
            return Ok(());
        }
        let message = format!(
            "{} takes only tokens that are bound to a key (dpop_bound_access_tokens_required): give the authorizer one \
             (OAuthBuilder::dpop)",
            printable(&found.resource)
        );
        Err(Error::new(ErrorKind::Configuration, message))
    }

    fn check(&self, token: &Token) -> Result<(), Error> {
        match token.kind {
            TokenType::Bearer => Ok(()),
            TokenType::Dpop => {
                let message = "the authorization server issued a token that is bound to a key: give the authorizer \
                               one (OAuthBuilder::dpop)";
                Err(Error::new(ErrorKind::Configuration, message))
            }
        }
    }

    fn present(&self, token: &Token, request: &mut Request<Bytes>) -> Result<(), Error> {
        request.headers_mut().insert(AUTHORIZATION, token.header()?);
        Ok(())
    }
}
