//! Tokens that are bound to a key, at both ends.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use mcp_client::http::{
    Authorizer as _, Endpoint, HttpBody, HttpError, HttpStack, Refusal, Verdict, async_trait,
};
use mcp_client::oauth::{
    Error, ErrorKind, MemoryStore, OAuth, RegisteredClient, Secret, SigningKey,
};
use serde_json::{Value, json};

use crate::proof::open;
use crate::world::{ISSUER, PRM, SERVER, World, bind, bound, error};

const TOKEN: &str = "https://as.example.com/token";

/// A world whose servers require proofs, and nonces in them.
#[derive(Clone)]
struct Bound {
    world: World,
    key: SigningKey,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The nonce that the token endpoint requires.
    endpoint_nonce: Option<&'static str>,
    /// The one that the MCP server requires.
    server_nonce: Option<&'static str>,
    /// Requests to the MCP server that were refused for their nonce.
    refused: u32,
    /// The proofs' ids.
    ids: HashSet<String>,
}

impl Bound {
    fn new(endpoint_nonce: Option<&'static str>, server_nonce: Option<&'static str>) -> Self {
        let world = World::new();
        world.route(TOKEN, |world, sent| world.issue(sent, json!({"token_type": "DPoP"})));
        let state = State { endpoint_nonce, server_nonce, ..State::default() };
        Self { world, key: SigningKey::generate().unwrap(), state: Arc::new(Mutex::new(state)) }
    }

    /// The claims of a request's proof, which must be a new one.
    fn claims(&self, headers: &HeaderMap) -> Value {
        let mut proofs = headers.get_all("dpop").iter();
        let (header, claims) = open(proofs.next().unwrap().to_str().unwrap(), &self.key);
        assert!(proofs.next().is_none());
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
        assert_eq!(header["jwk"], serde_json::from_str::<Value>(self.key.public_jwk()).unwrap());
        assert!(self.state.lock().unwrap().ids.insert(claims["jti"].as_str().unwrap().to_owned()));
        claims
    }

    fn client_credentials(&self) -> OAuth {
        let client = RegisteredClient::new("robot").secret(Secret::new("secret")).issuer(ISSUER);
        let oauth = OAuth::client_credentials(client)
            .dpop(self.key.clone())
            .http_stack(self.clone())
            .build();
        bind(oauth)
    }

    /// Sends a message as the transport does: the status at the end.
    async fn call(&self, oauth: &OAuth, body: &'static str) -> Result<u16, Error> {
        let endpoint = Endpoint::parse(SERVER).unwrap();
        for attempt in 0..5 {
            let mut request = Request::post(endpoint.uri().clone())
                .body(Bytes::from_static(body.as_bytes()))
                .unwrap();
            oauth.authorize(&mut request).await.map_err(error)?;
            let (status, headers) = self.serve(&request);
            oauth.answered(status, &headers);
            if status == StatusCode::OK {
                return Ok(200);
            }
            let mut refusal = Refusal::new(status, headers);
            refusal.authorization = request.headers().get("authorization").cloned();
            refusal.attempt = attempt;
            if oauth.refused(&refusal).await.map_err(error)? == Verdict::GiveUp {
                break;
            }
        }
        Ok(401)
    }

    /// The MCP server.
    fn serve(&self, request: &Request<Bytes>) -> (StatusCode, HeaderMap) {
        let refuse = |challenge: String, nonce: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert("www-authenticate", challenge.parse().unwrap());
            if let Some(nonce) = nonce {
                headers.insert("dpop-nonce", nonce.parse().unwrap());
            }
            (StatusCode::UNAUTHORIZED, headers)
        };
        let wanted = self.state.lock().unwrap().server_nonce;
        let Some(authorization) = request.headers().get("authorization") else {
            assert!(!request.headers().contains_key("dpop"));
            return refuse(format!(r#"DPoP resource_metadata="{PRM}""#), None);
        };
        let token = authorization.to_str().unwrap().strip_prefix("DPoP ").unwrap();
        let claims = self.claims(request.headers());
        assert_eq!((&claims["htm"], &claims["htu"]), (&json!("POST"), &json!(SERVER)));
        let digest = |bytes: &[u8]| ring::digest::digest(&ring::digest::SHA256, bytes);
        assert_eq!(claims["ath"], URL_SAFE_NO_PAD.encode(digest(token.as_bytes())));
        assert_eq!(claims.get("content_digest"), None);
        if wanted.is_some() && claims.get("nonce").and_then(Value::as_str) != wanted {
            self.state.lock().unwrap().refused += 1;
            return refuse(r#"DPoP error="use_dpop_nonce""#.to_owned(), wanted);
        }
        (StatusCode::OK, HeaderMap::new())
    }
}

/// The token endpoint, before the world's own answer.
#[async_trait]
impl HttpStack for Bound {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        if request.uri() != TOKEN {
            assert!(!request.headers().contains_key("dpop"), "{} needs no proof", request.uri());
            return self.world.send(request).await;
        }
        let claims = self.claims(request.headers());
        assert_eq!((&claims["htm"], &claims["htu"]), (&json!("POST"), &json!(TOKEN)));
        assert!(claims.get("ath").is_none() && claims.get("content_digest").is_none());
        let wanted = self.state.lock().unwrap().endpoint_nonce;
        let given = claims.get("nonce").and_then(Value::as_str).map(str::to_owned);
        if wanted.is_none() || given.as_deref() == wanted {
            return self.world.send(request).await;
        }
        let mut answer =
            Response::new(HttpBody::new(json!({"error": "use_dpop_nonce"}).to_string()));
        *answer.status_mut() = StatusCode::BAD_REQUEST;
        answer.headers_mut().insert("dpop-nonce", wanted.unwrap_or_default().parse().unwrap());
        Ok(answer)
    }
}

#[tokio::test]
async fn each_request_has_a_proof_of_its_own() {
    let servers = Bound::new(None, None);
    let oauth = servers.client_credentials();
    for body in ["{}", r#"{"jsonrpc":"2.0"}"#, ""] {
        assert_eq!(servers.call(&oauth, body).await.unwrap(), 200);
    }
    // One for the token, one for each message.
    assert_eq!(servers.state.lock().unwrap().ids.len(), 4);
}

#[tokio::test]
async fn nonces_of_both_servers_are_used() {
    let servers = Bound::new(Some("endpoint-1"), Some("server-1"));
    let oauth = servers.client_credentials();
    for _ in 0..3 {
        assert_eq!(servers.call(&oauth, "{}").await.unwrap(), 200);
    }
    // One refusal, and then the nonce is known; the token is not replaced.
    assert_eq!(servers.state.lock().unwrap().refused, 1);
    assert_eq!(servers.world.grants("client_credentials").len(), 1);

    servers.state.lock().unwrap().server_nonce = Some("server-2");
    assert_eq!(servers.call(&oauth, "{}").await.unwrap(), 200);
    assert_eq!(servers.state.lock().unwrap().refused, 2);
    assert_eq!(servers.world.grants("client_credentials").len(), 1);
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_every_nonce_is_given_up() {
    // It is not a valid nonce, so it is never in a proof.
    let servers = Bound::new(Some("not a nonce"), None);
    let error = servers.call(&servers.client_credentials(), "{}").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some("use_dpop_nonce")));
    assert_eq!(servers.state.lock().unwrap().ids.len(), 2);
}

#[tokio::test]
async fn a_log_in_and_its_refresh_are_bound_too() {
    let servers = Bound::new(Some("endpoint-1"), None);
    let oauth = bound(servers.world.oauth().dpop(servers.key.clone()).http_stack(servers.clone()));
    assert_eq!(servers.call(&oauth, "{}").await.unwrap(), 200);
    assert_eq!(servers.world.grants("authorization_code").len(), 1);
    // The code too.
    assert_eq!(servers.world.logins()[0].field("dpop_jkt"), Some(servers.key.thumbprint()));

    servers.world.expire_all();
    let mut request = Request::post(SERVER).body(Bytes::new()).unwrap();
    oauth.authorize(&mut request).await.unwrap();
    let mut refusal = Refusal::new(StatusCode::UNAUTHORIZED, HeaderMap::new());
    refusal.authorization = request.headers().get("authorization").cloned();
    assert_eq!(oauth.refused(&refusal).await.unwrap(), Verdict::Retry);
    assert_eq!(servers.world.grants("refresh_token").len(), 1);
    assert_eq!(servers.world.logins().len(), 1);
}

#[tokio::test]
async fn metadata_about_bound_tokens_is_observed() {
    let world = World::new();
    let mut document = json!({"resource": SERVER, "authorization_servers": [ISSUER]});
    document["dpop_bound_access_tokens_required"] = true.into();
    world.document(PRM, document);
    let error = world.call(&bound(world.oauth()), "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("dpop_bound_access_tokens_required"), "{error}");

    for (listed, is_known) in
        [(json!(["RS256", "EdDSA"]), false), (json!(["ES256"]), true), (json!(null), true)]
    {
        let servers = Bound::new(None, None);
        servers
            .world
            .authorization_server(ISSUER, json!({"dpop_signing_alg_values_supported": listed}));
        servers.world.route(TOKEN, |world, sent| world.issue(sent, json!({"token_type": "DPoP"})));
        match servers.call(&servers.client_credentials(), "{}").await {
            Ok(status) => assert!(is_known && status == 200),
            Err(error) => {
                assert!(!is_known);
                let expected = "the key for DPoP signs with ES256, and https://as.example.com \
                                accepts RS256, EdDSA";
                assert_eq!(error.to_string(), expected);
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_is_not_bound_is_not_used() {
    let servers = Bound::new(None, None);
    servers.world.route(TOKEN, |world, sent| world.issue(sent, json!({"token_type": "Bearer"})));
    let error = servers.call(&servers.client_credentials(), "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMetadata);
    assert!(error.to_string().contains("not bound to the key"), "{error}");
}

#[tokio::test]
async fn a_bound_token_without_a_key_is_not_used() {
    let world = World::new();
    world.route(TOKEN, |world, sent| world.issue(sent, json!({"token_type": "DPoP"})));
    let error = world.call(&bound(world.oauth()), "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("OAuthBuilder::dpop"), "{error}");
}

#[tokio::test]
async fn a_key_that_is_kept_keeps_its_tokens() {
    let servers = Bound::new(None, None);
    let store = MemoryStore::new();
    let program = |key: SigningKey| {
        let oauth =
            servers.world.oauth().client(RegisteredClient::new("desktop")).store(store.clone());
        bound(oauth.dpop(key).http_stack(servers.clone()))
    };
    for _ in 0..2 {
        assert_eq!(servers.call(&program(servers.key.clone()), "{}").await.unwrap(), 200);
    }
    assert_eq!(servers.world.logins().len(), 1);

    // With another key they are useless: they are neither presented nor refreshed.
    let other = Bound { key: SigningKey::generate().unwrap(), ..servers.clone() };
    let oauth = other.world.oauth().client(RegisteredClient::new("desktop")).store(store.clone());
    let oauth = bound(oauth.dpop(other.key.clone()).http_stack(other.clone()));
    assert_eq!(other.call(&oauth, "{}").await.unwrap(), 200);
    assert_eq!(servers.world.logins().len(), 2);
    assert!(servers.world.grants("refresh_token").is_empty());
}

#[tokio::test]
async fn tokens_without_a_key_stay_in_the_store_untouched() {
    let servers = Bound::new(None, None);
    let store = MemoryStore::new();
    // A token that is not bound is in the store.
    servers.world.route(TOKEN, |world, sent| world.issue(sent, json!({})));
    let oauth =
        bound(servers.world.oauth().client(RegisteredClient::new("desktop")).store(store.clone()));
    assert_eq!(servers.world.call(&oauth, "x").await.unwrap(), 200);

    servers.world.route(TOKEN, |world, sent| world.issue(sent, json!({"token_type": "DPoP"})));
    let oauth = servers.world.oauth().client(RegisteredClient::new("desktop")).store(store);
    let oauth = bound(oauth.dpop(servers.key.clone()).http_stack(servers.clone()));
    assert_eq!(servers.call(&oauth, "{}").await.unwrap(), 200);
    assert_eq!(servers.world.logins().len(), 2);
    assert!(servers.world.grants("refresh_token").is_empty());
}
