//! DPoP: each request carries a proof that its sender has the key which the token is bound to. Spec: RFC 9449, and the
//! authorization extension DPoP, which adds a digest of the body.
//!
//! ```text
//! token request ── proof(POST, URL) ─▶ 400 use_dpop_nonce ── proof(…, nonce) ─▶ token of type DPoP
//! MCP request ──── proof(method, URL, token, body) ─▶ 401 use_dpop_nonce ── proof(…, nonce) ─▶ answer
//! ```
//!
//! A proof is made each time that a request is sent, over what is sent; none is used twice.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use mcp_core::oauth::Challenge;
use serde_json::{Map, Value};

use super::discovery::{Discovered, origin};
use super::error::{Error, ErrorKind, printable};
use super::jws::{SigningKey, base64url, numeric_date, sha256, token_id};
use super::presentation::Presentation;
use super::token::{Token, TokenType};

const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// Most token endpoints whose nonce is kept.
const MOST_ENDPOINTS: usize = 16;
/// Longest nonce that is kept, in bytes.
const MOST_NONCE: usize = 1_024;

/// Shows tokens with proofs by one key.
pub(crate) struct Dpop {
    key: SigningKey,
    thumbprint: String,
    /// The header of every proof.
    header: String,
    nonces: Mutex<Nonces>,
}

/// The latest nonce of each server, which its next proof has.
#[derive(Default)]
struct Nonces {
    server: Option<String>,
    /// By origin, the oldest first.
    endpoints: VecDeque<(String, String)>,
}

impl Dpop {
    pub(crate) fn new(key: SigningKey) -> Self {
        let (thumbprint, header) = (key.thumbprint(), key.header("dpop+jwt", true));
        Self { key, thumbprint, header, nonces: Mutex::default() }
    }

    fn proof(
        &self,
        method: &Method,
        url: &str,
        nonce: Option<String>,
        more: Map<String, Value>,
    ) -> Result<HeaderValue, Error> {
        let mut claims = Map::new();
        claims.insert("jti".into(), token_id()?.into());
        claims.insert("htm".into(), method.as_str().into());
        claims.insert("htu".into(), url.into());
        claims.insert("iat".into(), numeric_date(SystemTime::now()).into());
        claims.extend(more);
        if let Some(nonce) = nonce {
            claims.insert("nonce".into(), nonce.into());
        }
        let proof = self.key.sign(&self.header, &Value::Object(claims))?;
        HeaderValue::try_from(proof).map_err(|error| {
            Error::new(ErrorKind::Configuration, "a DPoP proof could not be made").because(error)
        })
    }

    fn nonces<T>(&self, work: impl FnOnce(&mut Nonces) -> T) -> T {
        work(&mut self.nonces.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Presentation for Dpop {
    fn suits(&self, found: &Discovered) -> Result<(), Error> {
        let ours = self.key.algorithm().as_str();
        match &found.server.dpop_signing_alg_values_supported {
            Some(listed) if !listed.iter().any(|algorithm| algorithm == ours) => {
                let message = format!(
                    "the key of DPoP is for {ours}, and {} takes {}",
                    printable(found.issuer()),
                    printable(&listed.join(", "))
                );
                Err(Error::new(ErrorKind::Configuration, message))
            }
            _ => Ok(()),
        }
    }

    fn check(&self, token: &Token) -> Result<(), Error> {
        if token.kind == TokenType::Dpop {
            return Ok(());
        }
        let message = "the authorization server issued a token that is not bound to the key of DPoP: whoever has it \
                       could use it. It does not know DPoP, or does not allow it to this client";
        Err(Error::new(ErrorKind::InvalidMetadata, message))
    }

    fn key(&self) -> Option<&str> {
        Some(&self.thumbprint)
    }

    fn present(&self, token: &Token, request: &mut Request<Bytes>) -> Result<(), Error> {
        self.check(token)?;
        let uri = request.uri();
        let (scheme, authority) =
            (uri.scheme_str().unwrap_or_default(), uri.authority().map_or("", |a| a.as_str()));
        let url = format!("{scheme}://{authority}{}", uri.path());
        let mut more = Map::new();
        more.insert("ath".into(), base64url(&sha256(token.access.expose().as_bytes())).into());
        if request.method() == Method::POST || !request.body().is_empty() {
            let digest = STANDARD.encode(sha256(request.body()));
            more.insert("content_digest".into(), format!("sha-256=:{digest}:").into());
        }
        let proof =
            self.proof(request.method(), &url, self.nonces(|nonces| nonces.server.clone()), more)?;
        request.headers_mut().insert(AUTHORIZATION, token.header()?);
        request.headers_mut().insert(DPOP, proof);
        Ok(())
    }

    fn server_answered(&self, _: StatusCode, headers: &HeaderMap) {
        if let Some(nonce) = nonce(headers) {
            self.nonces(|nonces| nonces.server = Some(nonce));
        }
    }

    fn wants_new_proof(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        status == StatusCode::UNAUTHORIZED
            && nonce(headers).is_some()
            && Challenge::of(headers).iter().any(|challenge| {
                challenge.is("DPoP") && challenge.get("error") == Some("use_dpop_nonce")
            })
    }

    fn prove_token_request(&self, url: &str, headers: &mut HeaderMap) -> Result<(), Error> {
        let nonce = self.nonces(|nonces| {
            nonces
                .endpoints
                .iter()
                .find(|(known, _)| known == origin(url))
                .map(|(_, nonce)| nonce.clone())
        });
        let bare = url.find(['?', '#']).map_or(url, |end| &url[..end]);
        headers.insert(DPOP, self.proof(&Method::POST, bare, nonce, Map::new())?);
        Ok(())
    }

    fn token_endpoint_answered(&self, url: &str, headers: &HeaderMap) {
        let Some(nonce) = nonce(headers) else { return };
        self.nonces(|nonces| {
            nonces.endpoints.retain(|(known, _)| known != origin(url));
            if nonces.endpoints.len() == MOST_ENDPOINTS {
                nonces.endpoints.pop_front();
            }
            nonces.endpoints.push_back((origin(url).to_owned(), nonce));
        });
    }

    fn takes_nonces(&self) -> bool {
        true
    }
}

impl fmt::Debug for Dpop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dpop").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The nonce that a server gave, if it is one: visible characters but quotes and backslashes (RFC 9449 §8.1).
fn nonce(headers: &HeaderMap) -> Option<String> {
    let nonce = headers.get(DPOP_NONCE)?.to_str().ok()?;
    let is_nonce = (1..=MOST_NONCE).contains(&nonce.len())
        && nonce.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'));
    is_nonce.then(|| nonce.to_owned())
}
