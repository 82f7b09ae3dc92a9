//! DPoP: each request carries a proof that its sender has the key which the token is bound to.
//! Spec: RFC 9449, and the authorization extension DPoP.
//!
//! ```text
//! token request ── proof(POST, URL) ─▶ 400 use_dpop_nonce ── proof(…, nonce) ─▶ token
//! MCP request ──── proof(method, URL, token) ─▶ 401 use_dpop_nonce ── proof(…, nonce) ─▶ response
//! ```
//!
//! A proof is made each time that a request is sent; none is used twice.

use std::collections::VecDeque;
use std::fmt;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use mcp_core::oauth::Challenge;
use mcp_core::sync::Mutex;
use mcp_core::text::PeerText;
use serde_json::{Map, Value};

use super::signing_key::SigningKey;
use crate::http::{ShownUrl, origin};
use crate::oauth::discovery::Discovered;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::random::random_text;
use crate::oauth::token::{AccessToken, Presentation, TokenType};
use mcp_core::jose::{base64url, numeric_date, sha256};

const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// Most token endpoints whose nonce is kept. Fixed: a connection uses one or two, and a lost nonce
/// costs one more request.
const MAX_NONCES: usize = 16;
/// Longest nonce that is kept, in bytes. Fixed: it goes into a header field, which servers bound.
const MAX_NONCE_BYTES: usize = 1_024;

/// Presents tokens with proofs by one key.
pub(crate) struct Dpop {
    key: SigningKey,
    thumbprint: String,
    /// The header of every proof.
    header: String,
    /// Whether proofs for the MCP server have a digest of the body.
    with_content_digest: bool,
    nonces: Mutex<Nonces>,
}

/// The latest nonce of each server, for its next proof.
#[derive(Default)]
struct Nonces {
    server: Option<String>,
    /// Those of token endpoints by origin, the oldest first.
    endpoints: VecDeque<(String, String)>,
}

impl Dpop {
    pub(crate) fn new(key: SigningKey, with_content_digest: bool) -> Self {
        let (thumbprint, header) = (key.thumbprint(), key.jwt_header("dpop+jwt", true));
        Self { key, thumbprint, header, with_content_digest, nonces: Mutex::default() }
    }

    fn proof(
        &self,
        method: &Method,
        url: &str,
        nonce: Option<String>,
        more: Map<String, Value>,
    ) -> Result<HeaderValue, Error> {
        let mut claims = Map::new();
        claims.insert("jti".into(), random_text::<16>()?.into());
        claims.insert("htm".into(), method.as_str().into());
        claims.insert("htu".into(), url.into());
        claims.insert("iat".into(), numeric_date(SystemTime::now()).into());
        claims.extend(more);
        if let Some(nonce) = nonce {
            claims.insert("nonce".into(), nonce.into());
        }
        let proof = self.key.sign_jwt(&self.header, &Value::Object(claims))?;
        HeaderValue::try_from(proof).map_err(|error| {
            let message = "a DPoP proof does not fit into a header field";
            Error::new(ErrorKind::Configuration, message).with_source(error)
        })
    }
}

impl Presentation for Dpop {
    fn check_server(&self, found: &Discovered) -> Result<(), Error> {
        let ours = self.key.algorithm().as_str();
        match &found.server.dpop_signing_alg_values_supported {
            Some(listed) if !listed.iter().any(|algorithm| algorithm == ours) => {
                let message = format!(
                    "the key for DPoP signs with {ours}, and {} accepts {}",
                    ShownUrl(found.issuer()),
                    PeerText::new(&listed.join(", "))
                );
                Err(Error::new(ErrorKind::Configuration, message))
            }
            _ => Ok(()),
        }
    }

    fn check_token(&self, token: &AccessToken) -> Result<(), Error> {
        if token.kind == TokenType::Dpop {
            return Ok(());
        }
        let message = "the authorization server issued a token that is not bound to the key for \
                       DPoP, so that anyone who has it could use it. The server does not support \
                       DPoP, or does not allow it to this client";
        Err(Error::new(ErrorKind::InvalidMetadata, message))
    }

    fn thumbprint(&self) -> Option<&str> {
        Some(&self.thumbprint)
    }

    fn present(&self, token: &AccessToken, request: &mut Request<Bytes>) -> Result<(), Error> {
        self.check_token(token)?;
        let uri = request.uri();
        let (scheme, authority) =
            (uri.scheme_str().unwrap_or_default(), uri.authority().map_or("", |a| a.as_str()));
        let url = format!("{scheme}://{authority}{}", uri.path());
        let mut more = Map::new();
        more.insert("ath".into(), base64url(&sha256(token.access.expose().as_bytes())).into());
        let has_body = request.method() == Method::POST || !request.body().is_empty();
        if self.with_content_digest && has_body {
            let digest = STANDARD.encode(sha256(request.body()));
            more.insert("content_digest".into(), format!("sha-256=:{digest}:").into());
        }
        let nonce = self.nonces.lock().server.clone();
        let proof = self.proof(request.method(), &url, nonce, more)?;
        request.headers_mut().insert(AUTHORIZATION, token.header()?);
        request.headers_mut().insert(DPOP, proof);
        Ok(())
    }

    fn server_answered(&self, _: StatusCode, headers: &HeaderMap) {
        if let Some(nonce) = nonce(headers) {
            self.nonces.lock().server = Some(nonce);
        }
    }

    fn needs_new_proof(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        status == StatusCode::UNAUTHORIZED
            && nonce(headers).is_some()
            && Challenge::of(headers).iter().any(|challenge| {
                challenge.is("DPoP") && challenge.get("error") == Some("use_dpop_nonce")
            })
    }

    fn prove_token_request(&self, url: &str, headers: &mut HeaderMap) -> Result<(), Error> {
        let nonce = {
            let nonces = self.nonces.lock();
            let known = nonces.endpoints.iter().find(|(known, _)| known == origin(url));
            known.map(|(_, nonce)| nonce.clone())
        };
        let bare = url.find(['?', '#']).map_or(url, |end| &url[..end]);
        headers.insert(DPOP, self.proof(&Method::POST, bare, nonce, Map::new())?);
        Ok(())
    }

    fn token_endpoint_answered(&self, url: &str, headers: &HeaderMap) {
        let Some(nonce) = nonce(headers) else { return };
        let endpoints = &mut self.nonces.lock().endpoints;
        endpoints.retain(|(known, _)| known != origin(url));
        if endpoints.len() == MAX_NONCES {
            endpoints.pop_front();
        }
        endpoints.push_back((origin(url).to_owned(), nonce));
    }

    fn accepts_nonces(&self) -> bool {
        true
    }
}

impl fmt::Debug for Dpop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dpop").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The nonce of a response, if it has a valid one: visible characters except quotes and backslashes
/// (RFC 9449 §8.1).
fn nonce(headers: &HeaderMap) -> Option<String> {
    let nonce = headers.get(DPOP_NONCE)?.to_str().ok()?;
    let is_nonce = (1..=MAX_NONCE_BYTES).contains(&nonce.len())
        && nonce.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'));
    is_nonce.then(|| nonce.to_owned())
}

#[cfg(test)]
mod tests {
    //! Proofs, read back and checked with the key that they carry.

    use std::collections::HashSet;

    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::json;

    use mcp_core::fetch::Secret;

    use super::*;

    /// The example of RFC 9449 §7.1, with its `ath`.
    const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    const ATH: &str = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";

    fn token(kind: TokenType) -> AccessToken {
        AccessToken {
            access: Secret::new(TOKEN),
            kind,
            issued: SystemTime::now(),
            lifetime: None,
            refresh: None,
            requested_scope: None,
            granted_scope: None,
            grant_id: String::new(),
        }
    }

    fn request(method: &str, url: &str, body: &'static str) -> Request<Bytes> {
        Request::builder()
            .method(method)
            .uri(url)
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap()
    }

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    /// The claims of a proof, which must be signed with the key in its header.
    fn proof(headers: &HeaderMap, key: &SigningKey) -> Value {
        let proof = headers["dpop"].to_str().unwrap();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let (message, signature) = proof.rsplit_once('.').unwrap();
        let (header, claims) = message.split_once('.').unwrap();
        let header: Value = serde_json::from_slice(&decode(header)).unwrap();
        let jwk: Value = serde_json::from_str(key.public_jwk()).unwrap();
        assert_eq!(header, json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk}));
        let coordinate = |name: &str| decode(jwk[name].as_str().unwrap());
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        let verified = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        verified.verify(message.as_bytes(), &decode(signature)).unwrap();
        serde_json::from_slice(&decode(claims)).unwrap()
    }

    #[test]
    fn a_proof_names_the_request_and_the_token() {
        let key = SigningKey::generate().unwrap();
        let dpop = Dpop::new(key.clone(), false);
        for (method, url, body, htu) in [
            (
                "POST",
                "https://mcp.example.com/mcp?session=1",
                r#"{"hello": "world"}"#,
                "https://mcp.example.com/mcp",
            ),
            ("GET", "http://127.0.0.1:3000/mcp", "", "http://127.0.0.1:3000/mcp"),
            ("DELETE", "https://mcp.example.com", "", "https://mcp.example.com/"),
            ("POST", "https://mcp.example.com/a%20b", "", "https://mcp.example.com/a%20b"),
        ] {
            let mut request = request(method, url, body);
            dpop.present(&token(TokenType::Dpop), &mut request).unwrap();
            assert_eq!(request.headers()["authorization"], format!("DPoP {TOKEN}"));
            assert!(request.headers()["authorization"].is_sensitive());
            let claims = proof(request.headers(), &key);
            let mut names: Vec<_> = claims.as_object().unwrap().keys().collect();
            names.sort_unstable();
            assert_eq!(names, ["ath", "htm", "htu", "iat", "jti"], "{url}");
            let found = (&claims["htm"], &claims["htu"], &claims["ath"]);
            assert_eq!(found, (&json!(method), &json!(htu), &json!(ATH)));
            assert!(numeric_date(SystemTime::now()).abs_diff(claims["iat"].as_u64().unwrap()) <= 5);
        }
    }

    #[test]
    fn a_proof_has_a_digest_of_the_body_only_if_that_is_switched_on() {
        let key = SigningKey::generate().unwrap();
        let url = "https://mcp.example.com/mcp";
        for (method, body, digest) in [
            // The example of RFC 9530, appendix D.
            ("POST", r#"{"hello": "world"}"#, Some("X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=")),
            ("POST", "", Some("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")),
            ("GET", "", None),
        ] {
            for is_on in [false, true] {
                let mut request = request(method, url, body);
                let dpop = Dpop::new(key.clone(), is_on);
                dpop.present(&token(TokenType::Dpop), &mut request).unwrap();
                let claims = proof(request.headers(), &key);
                let expected = digest.filter(|_| is_on).map(|digest| format!("sha-256=:{digest}:"));
                assert_eq!(
                    claims.get("content_digest").and_then(Value::as_str),
                    expected.as_deref()
                );
            }
        }
    }

    #[test]
    fn a_proof_for_the_token_endpoint_names_the_request_alone() {
        let key = SigningKey::generate().unwrap();
        let dpop = Dpop::new(key.clone(), false);
        let mut headers = HeaderMap::new();
        dpop.prove_token_request("https://as.example.com/token?tenant=1", &mut headers).unwrap();
        let claims = proof(&headers, &key);
        let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["htm", "htu", "iat", "jti"]);
        assert_eq!(
            (&claims["htm"], &claims["htu"]),
            (&json!("POST"), &json!("https://as.example.com/token"))
        );
    }

    #[test]
    fn every_proof_has_its_own_id() {
        let key = SigningKey::generate().unwrap();
        let dpop = Dpop::new(key.clone(), false);
        let mut ids = HashSet::new();
        for _ in 0..1_000 {
            let mut request = request("POST", "https://mcp.example.com/mcp", "{}");
            dpop.present(&token(TokenType::Dpop), &mut request).unwrap();
            // Sent again with one proof, the new one.
            dpop.present(&token(TokenType::Dpop), &mut request).unwrap();
            assert_eq!(request.headers().get_all("dpop").iter().count(), 1);
            let claims = proof(request.headers(), &key);
            assert!(ids.insert(claims["jti"].as_str().unwrap().to_owned()));
        }
    }

    #[test]
    fn the_next_proof_has_the_nonce_of_its_server() {
        let key = SigningKey::generate().unwrap();
        let dpop = Dpop::new(key.clone(), false);
        let server_nonce = || {
            let mut request = request("POST", "https://mcp.example.com/mcp", "{}");
            dpop.present(&token(TokenType::Dpop), &mut request).unwrap();
            proof(request.headers(), &key).get("nonce").cloned()
        };
        let endpoint_nonce = |url: &str| {
            let mut headers = HeaderMap::new();
            dpop.prove_token_request(url, &mut headers).unwrap();
            proof(&headers, &key).get("nonce").cloned()
        };

        dpop.server_answered(StatusCode::OK, &headers(&[("dpop-nonce", "s1")]));
        dpop.token_endpoint_answered(
            "https://as.example.com/token",
            &headers(&[("dpop-nonce", "a1")]),
        );
        assert_eq!(server_nonce(), Some(json!("s1")));
        assert_eq!(endpoint_nonce("https://as.example.com/token"), Some(json!("a1")));
        assert_eq!(endpoint_nonce("https://as.example.com/other"), Some(json!("a1")));
        assert_eq!(endpoint_nonce("https://idp.example.com/token"), None);

        // Each response may have the next nonce; one without a valid nonce changes nothing.
        dpop.server_answered(StatusCode::OK, &headers(&[("dpop-nonce", "s2")]));
        let long = "x".repeat(1_025);
        for bad in ["", "a b", "a\"b", "a\\b", "\u{e9}", &long] {
            dpop.server_answered(StatusCode::OK, &headers(&[("dpop-nonce", bad)]));
        }
        dpop.server_answered(StatusCode::OK, &headers(&[]));
        assert_eq!(server_nonce(), Some(json!("s2")));

        // Only the nonces of the latest servers are kept.
        for number in 0..20 {
            let url = format!("https://as{number}.example.com/token");
            dpop.token_endpoint_answered(&url, &headers(&[("dpop-nonce", "n")]));
        }
        assert_eq!(endpoint_nonce("https://as.example.com/token"), None);
        assert_eq!(endpoint_nonce("https://as3.example.com/token"), None);
        assert_eq!(endpoint_nonce("https://as4.example.com/token"), Some(json!("n")));
    }

    #[test]
    fn a_new_proof_is_needed_only_for_a_nonce() {
        let dpop = Dpop::new(SigningKey::generate().unwrap(), false);
        let nonce = ("dpop-nonce", "n");
        let challenge = |text: &'static str| ("www-authenticate", text);
        let unauthorized = StatusCode::UNAUTHORIZED;
        for (status, fields, needed) in [
            (unauthorized, vec![nonce, challenge(r#"DPoP error="use_dpop_nonce""#)], true),
            (
                unauthorized,
                vec![nonce, challenge(r#"Bearer x=y, dpop algs="ES256", error="use_dpop_nonce""#)],
                true,
            ),
            (unauthorized, vec![challenge(r#"DPoP error="use_dpop_nonce""#)], false),
            (unauthorized, vec![nonce, challenge(r#"DPoP error="invalid_token""#)], false),
            (unauthorized, vec![nonce, challenge(r#"Bearer error="use_dpop_nonce""#)], false),
            (unauthorized, vec![nonce], false),
            (
                StatusCode::FORBIDDEN,
                vec![nonce, challenge(r#"DPoP error="use_dpop_nonce""#)],
                false,
            ),
        ] {
            assert_eq!(dpop.needs_new_proof(status, &headers(&fields)), needed, "{fields:?}");
        }
    }

    #[test]
    fn a_token_that_is_not_bound_is_not_presented() {
        let dpop = Dpop::new(SigningKey::generate().unwrap(), false);
        let mut request = request("POST", "https://mcp.example.com/mcp", "{}");
        let error = dpop.present(&token(TokenType::Bearer), &mut request).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMetadata);
        assert!(request.headers().is_empty());
    }
}
