//! Tokens that the authorization server is asked about (RFC 7662).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use mcp_server::auth::http_client::{HttpBody, HttpError, HttpStack, async_trait};
use mcp_server::auth::jose::{Jwk, Jwt, SigningAlgorithm, SigningKey};
use mcp_server::auth::{
    IntrospectionBuilder, IntrospectionLimits, IntrospectionVerifier, Protection, TokenVerifier,
    VerifiedToken, VerifyError,
};
use mcp_test_support::http::Call;
use mcp_test_support::keys;
use serde_json::{Value, json};
use tokio::time::advance;

use crate::fixture::{ISSUER, RESOURCE, serve, with};

const ENDPOINT: &str = "https://login.example.com/introspect";

/// What the authorization server does.
pub(crate) enum Reply {
    /// Active.
    Valid,
    Json(Value),
    Status(u16, Option<&'static str>),
    Text(String),
    Lost,
    Never,
    /// The other one, after a while.
    Slow(Duration, Box<Reply>),
}

/// An authorization server that follows a script, and then says that tokens are active.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    requests: Vec<Request<Bytes>>,
}

impl Script {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script = Self::default();
        script.0.lock().unwrap().replies.extend(replies);
        script
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().requests.len()
    }

    fn last(&self) -> Request<Bytes> {
        self.0.lock().unwrap().requests.last().unwrap().clone()
    }
}

#[async_trait]
impl HttpStack for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        let reply = {
            let mut state = self.0.lock().unwrap();
            state.requests.push(request);
            state.replies.pop_front().unwrap_or(Reply::Valid)
        };
        reply.send().await
    }
}

impl Reply {
    async fn send(self) -> Result<Response<HttpBody>, HttpError> {
        let answer = |status, body: String| {
            Response::builder().status(status).body(HttpBody::new(body)).unwrap()
        };
        let mut reply = self;
        while let Self::Slow(delay, then) = reply {
            tokio::time::sleep(delay).await;
            reply = *then;
        }
        match reply {
            Self::Valid => Ok(answer(200, active().to_string())),
            Self::Json(value) => Ok(answer(200, value.to_string())),
            Self::Text(text) => Ok(answer(200, text)),
            Self::Status(status, retry_after) => {
                let mut response = answer(status, "{}".to_owned());
                if let Some(seconds) = retry_after {
                    response.headers_mut().insert("retry-after", seconds.try_into().unwrap());
                }
                Ok(response)
            }
            Self::Lost => Err(HttpError::lost("closed")),
            Self::Never | Self::Slow(..) => std::future::pending().await,
        }
    }
}

fn active() -> Value {
    json!({ "active": true, "aud": RESOURCE, "sub": "ada" })
}

/// An active token with other members; `null` removes one.
fn with_claims(claims: Value) -> Value {
    let mut answer = active();
    for (name, value) in claims.as_object().unwrap() {
        match value {
            Value::Null => drop(answer.as_object_mut().unwrap().remove(name)),
            value => answer[name] = value.clone(),
        }
    }
    answer
}

pub(crate) fn builder(script: &Script) -> IntrospectionBuilder {
    IntrospectionVerifier::builder(ISSUER, ENDPOINT)
        .client_secret_basic("files", "s3cr3t")
        .http_stack(script.clone())
}

pub(crate) fn verifier(script: &Script) -> IntrospectionVerifier {
    builder(script).build().unwrap()
}

pub(crate) async fn verify(
    verifier: &IntrospectionVerifier,
    token: &str,
) -> Result<VerifiedToken, VerifyError> {
    verifier.verify(token, RESOURCE).await
}

/// The reason and the time after which to try again.
pub(crate) fn undecided(outcome: Result<VerifiedToken, VerifyError>) -> (String, Duration) {
    match outcome {
        Err(VerifyError::Undecided { reason, retry_after }) => (reason, retry_after),
        outcome => panic!("{outcome:?}"),
    }
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn the_server_authenticates_in_each_way() {
    let script = Script::default();
    verify(&verifier(&script), "t+1/~").await.unwrap();
    let request = script.last();
    assert_eq!((request.method().as_str(), request.uri().to_string()), ("POST", ENDPOINT.into()));
    assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(request.headers()["authorization"], "Basic ZmlsZXM6czNjcjN0");
    assert!(request.headers()["authorization"].is_sensitive());
    assert_eq!(request.body(), "token=t%2B1%2F%7E&token_type_hint=access_token");

    let post = builder(&script).client_secret_post("files", "a&b").build().unwrap();
    verify(&post, "t").await.unwrap();
    let request = script.last();
    assert!(!request.headers().contains_key("authorization"));
    let form = "token=t&token_type_hint=access_token&client_id=files&client_secret=a%26b";
    assert_eq!(request.body(), form);

    let key = SigningKey::from_pem(SigningAlgorithm::Es256, keys::P256).unwrap();
    let signing = builder(&script).private_key_jwt("files", key.clone()).build().unwrap();
    let mut ids = Vec::new();
    for token in ["a", "b"] {
        verify(&signing, token).await.unwrap();
        let body = String::from_utf8(script.last().body().to_vec()).unwrap();
        let kind = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3A\
                    jwt-bearer&client_assertion=";
        let (_, assertion) = body.split_once(kind).unwrap();
        let jwt = Jwt::parse(assertion).unwrap();
        let public = Jwk::parse(key.public_jwk()).unwrap();
        jwt.verify(&[SigningAlgorithm::Es256], &public).unwrap();
        let claims = jwt.claims();
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("files"), &json!("files")));
        assert_eq!(claims["aud"], ISSUER);
        ids.push(claims["jti"].clone());
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn the_answer_becomes_a_principal() {
    let expires_at = UNIX_EPOCH + Duration::from_secs(seconds(SystemTime::now()) + 600);
    let answer = with_claims(json!({
        "iss": ISSUER, "client_id": "app", "username": "Ada", "scope": "files:read  files:list",
        "exp": seconds(expires_at), "aud": ["https://other.example", RESOURCE], "tenant": 7,
        "token_type": "Bearer", "cnf": { "jkt": "thumb" },
    }));
    let script = Script::new([Reply::Json(answer.clone())]);
    let verified = verify(&verifier(&script), "t").await.unwrap();
    let principal = &verified.principal;
    assert_eq!(principal.id(), format!("{ISSUER}#ada"));
    assert_eq!(principal.client(), Some("app"));
    assert_eq!(principal.scopes().to_string(), "files:list files:read");
    // It is accepted until the leeway is over, and so are its streams.
    assert_eq!(principal.expires_at(), Some(expires_at + Duration::from_secs(60)));
    assert_eq!(Value::Object(principal.claims().clone()), answer);
    assert_eq!(verified.key_thumbprint.as_deref(), Some("thumb"));
    assert_eq!(verified.cache_for, Duration::from_secs(60));

    for (claims, id) in [
        (json!({ "sub": null, "username": "grace", "client_id": "app" }), "#grace"),
        (json!({ "sub": "", "username": "", "client_id": "app" }), "##app"),
        (json!({ "sub": null, "client_id": "app" }), "##app"),
        // The subject of a token that no user granted is the application; a user may be called so.
        (json!({ "sub": "app", "client_id": "app" }), "##app"),
        (json!({ "sub": null, "username": "app", "client_id": "app" }), "#app"),
    ] {
        let script = Script::new([Reply::Json(with_claims(claims))]);
        let verified = verify(&verifier(&script), "t").await.unwrap();
        assert_eq!(verified.principal.id(), format!("{ISSUER}{id}"));
        assert_eq!(verified.key_thumbprint, None);
    }
}

#[tokio::test]
async fn a_token_that_is_not_for_this_server_is_not_valid() {
    let now = seconds(SystemTime::now());
    let many = vec!["a"; 101];
    let rows = [
        (json!({ "active": false }), "not active"),
        (json!({ "active": false, "aud": 7, "exp": "never" }), "not active"),
        (json!({ "aud": null }), "no audience"),
        (json!({ "aud": [] }), "no audience"),
        (json!({ "aud": "https://other.example" }), "another audience"),
        (json!({ "aud": ["https://mcp.example.com/mcp/"] }), "another audience"),
        (json!({ "aud": "https://MCP.example.com/mcp" }), "another audience"),
        (json!({ "iss": "https://login.example.com/" }), "its issuer is"),
        (json!({ "iss": "https://evil.example" }), "its issuer is"),
        (json!({ "exp": now - 61 }), "has expired"),
        (json!({ "exp": 0 }), "has expired"),
        (json!({ "exp": "1" }), "its exp is not a number"),
        (json!({ "exp": -1 }), "its exp is negative"),
        (json!({ "exp": 1e300 }), "its exp is after the year 9999"),
        (json!({ "nbf": now + 120 }), "not valid yet"),
        (json!({ "iat": now + 120 }), "issued in the future"),
        (json!({ "sub": 7 }), "its sub is not a string"),
        (json!({ "sub": "#app" }), "its subject"),
        (json!({ "aud": 7 }), "its aud is neither"),
        (json!({ "aud": [RESOURCE, 7] }), "its aud is neither"),
        (json!({ "aud": many }), "its aud has 101 values, more than 100"),
        (json!({ "scope": [7] }), "its scope is neither"),
        (json!({ "cnf": "a" }), "bound to a key"),
        (json!({ "typ": "Offline" }), "not an access token"),
        (json!({ "typ": "Logout" }), "not an access token"),
        (json!({ "drn": "DSR" }), "not an access token"),
        (json!({ "s_hash": "h" }), "an ID token"),
        (json!({ "events": {} }), "a logout token"),
        (json!({ "sub": null }), "neither a subject"),
        (json!({ "token_type": "refresh_token" }), "token_type is \"refresh_token\""),
        (json!({ "token_use": "refresh_token" }), "token_use is \"refresh_token\""),
        (json!({ "token_use": "id" }), "not an access token"),
        (json!({ "typ": "Refresh" }), "not an access token"),
        (json!({ "typ": "ID" }), "not an access token"),
        (json!({ "cnf": {} }), "bound to a key"),
        (json!({ "cnf": { "jkt": "" } }), "bound to a key"),
        (json!({ "cnf": { "x5t#S256": "a" } }), "bound to a key"),
        (json!({ "cnf": { "jkt": "a", "x5t#S256": "a" } }), "bound to a key"),
    ];
    for (claims, expected) in rows {
        let script = Script::new([Reply::Json(with_claims(claims.clone()))]);
        match verify(&verifier(&script), "t").await {
            Err(VerifyError::Invalid(reason)) => {
                assert!(reason.contains(expected), "{claims}: {reason}");
            }
            outcome => panic!("{claims}: {outcome:?}"),
        }
    }
    // Small differences of the clocks, and the names that servers use.
    for claims in [
        json!({ "exp": now - 30 }),
        json!({ "exp": now as f64 + 0.5 }),
        json!({ "nbf": now + 30 }),
        json!({ "token_type": "DPoP", "cnf": { "jkt": "a" } }),
        json!({ "token_type": "access_token", "token_use": "access_token" }),
        json!({ "typ": "Bearer", "iss": null }),
        json!({ "scope": ["a", "b"] }),
    ] {
        let script = Script::new([Reply::Json(with_claims(claims.clone()))]);
        let outcome = verify(&verifier(&script), "t").await;
        assert!(outcome.is_ok(), "{claims}: {outcome:?}");
    }

    let script = Script::new([Reply::Json(with_claims(json!({ "aud": "files" })))]);
    let other = builder(&script).audiences(["api://files", "files"]).build().unwrap();
    verify(&other, "a").await.unwrap();
    assert!(matches!(verify(&other, "b").await, Err(VerifyError::Invalid(_))));
}

#[tokio::test(start_paused = true)]
async fn what_says_nothing_about_the_token_is_undecided() {
    let rows = [
        (Reply::Status(500, None), "answered 500", 1),
        (Reply::Status(502, Some("7")), "answered 502", 1),
        (Reply::Status(503, Some("7")), "answered 503", 7),
        (Reply::Status(429, Some("999")), "answered 429", 10),
        (Reply::Status(429, None), "answered 429", 1),
        (Reply::Status(429, Some("Fri, 31 Dec 1999 23:59:59 GMT")), "answered 429", 1),
        (Reply::Status(401, None), "credentials of this server", 1),
        (Reply::Status(403, None), "credentials of this server", 1),
        (Reply::Status(400, None), "answered 400", 10),
        (Reply::Status(204, None), "answered 204", 1),
        (Reply::Status(302, None), "redirect", 1),
        (Reply::Lost, "could not be reached", 1),
        (Reply::Never, "within 5s (`IntrospectionLimits::request_timeout`)", 1),
        (Reply::Text("a".into()), "is no JSON object", 1),
        (Reply::Text("[true]".into()), "is no JSON object", 1),
        (Reply::Text(" ".repeat((64 << 10) + 1)), "more than 65536 bytes", 1),
        (Reply::Json(json!({})), "has no `active`", 1),
        (Reply::Json(json!({ "active": "true", "aud": RESOURCE, "sub": "a" })), "`active`", 1),
    ];
    for (reply, expected, retry_after) in rows {
        let script = Script::new([reply]);
        let verifier = verifier(&script);
        let (reason, after) = undecided(verify(&verifier, "t").await);
        assert!(reason.contains(expected), "{expected}: {reason}");
        assert_eq!(after, Duration::from_secs(retry_after), "{reason}");
        // It is asked again, when it may be.
        advance(after).await;
        verify(&verifier, "t").await.unwrap();
        assert_eq!(script.count(), 2, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_valid_is_remembered_for_a_while() {
    let inactive = || Reply::Json(json!({ "active": false }));
    let script = Script::new([inactive(), inactive(), inactive(), inactive()]);
    let mut limits = IntrospectionLimits::new();
    limits.max_rejected_tokens = 1;
    let verifier = builder(&script).limits(limits).build().unwrap();
    for _ in 0..3 {
        assert!(matches!(verify(&verifier, "a").await, Err(VerifyError::Invalid(_))));
    }
    assert_eq!(script.count(), 1);
    // It may be valid for another server.
    verifier.verify("a", "https://other.example/").await.unwrap_err();
    assert_eq!(script.count(), 2);
    // There is space for one.
    verify(&verifier, "a").await.unwrap_err();
    assert_eq!(script.count(), 3);
    advance(Duration::from_secs(4)).await;
    verify(&verifier, "a").await.unwrap_err();
    assert_eq!(script.count(), 3);
    advance(Duration::from_secs(1)).await;
    verify(&verifier, "a").await.unwrap_err();
    assert_eq!(script.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_is_left_alone() {
    let script = Script::new((0..6).map(|_| Reply::Status(500, None)));
    let verifier = verifier(&script);
    for expected in [1, 1, 1, 1, 10] {
        let (_, after) = undecided(verify(&verifier, "t").await);
        assert_eq!(after, Duration::from_secs(expected));
    }
    advance(Duration::from_secs(9)).await;
    let (reason, after) = undecided(verify(&verifier, "t").await);
    assert!(reason.contains("failed a moment ago"), "{reason}");
    assert_eq!((after, script.count()), (Duration::from_secs(1), 5));
    advance(Duration::from_secs(1)).await;
    let (_, after) = undecided(verify(&verifier, "t").await);
    assert_eq!((after, script.count()), (Duration::from_secs(10), 6));
    advance(Duration::from_secs(10)).await;
    verify(&verifier, "t").await.unwrap();
    verify(&verifier, "u").await.unwrap();
    assert_eq!(script.count(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_protected_server_asks_once_a_minute() {
    let script = Script::default();
    let service = serve(Protection::new(RESOURCE, verifier(&script)));
    let call = || with("t", Call::tool("whoami", json!({})));
    for _ in 0..3 {
        let answer = call().send(&service).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.text.contains(&format!("{ISSUER}#ada")), "{}", answer.text);
    }
    assert_eq!(script.count(), 1);
    advance(Duration::from_secs(61)).await;
    assert_eq!(call().send(&service).await.status, 200);
    assert_eq!(script.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_protected_server_answers_503_if_it_cannot_ask_and_401_if_the_token_is_not_active() {
    let replies = [Reply::Status(503, Some("9")), Reply::Json(json!({ "active": false }))];
    let script = Script::new(replies);
    let service = serve(Protection::new(RESOURCE, verifier(&script)));
    let call = || with("t", Call::tool("open", json!({})));
    let answer = call().send(&service).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("9"));
    assert_eq!(answer.header("www-authenticate"), None);
    advance(Duration::from_secs(9)).await;
    let answer = call().send(&service).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
}

#[test]
fn a_verifier_that_could_not_work_is_not_built() {
    let error = |builder: IntrospectionBuilder| builder.build().unwrap_err().to_string();
    let plain = IntrospectionVerifier::builder(ISSUER, ENDPOINT);
    assert!(error(plain).contains("IntrospectionBuilder::client_secret_basic"));
    let script = Script::default();
    assert!(error(builder(&script).audiences([""; 0])).contains("the audience is empty"));
    assert!(error(builder(&script).audiences([""])).contains("the audience is empty"));
    for issuer in ["", "login", "https://login.example.com/#", "https://a b.example", "/path"] {
        let builder =
            IntrospectionVerifier::builder(issuer, ENDPOINT).client_secret_basic("files", "s3cr3t");
        let message = error(builder);
        assert!(message.contains("is not a URL without a fragment"), "{message}");
    }

    let at = |endpoint: &str| {
        IntrospectionVerifier::builder(ISSUER, endpoint).client_secret_post("files", "s3cr3t")
    };
    for (endpoint, expected) in [
        ("http://login.example.com/introspect", "must begin with https://"),
        ("https://login.example.com/introspect#", "has a fragment"),
        ("not a URL", "contains ' '"),
        ("http://127.0.0.1:9/introspect", "`IntrospectionBuilder::allow_private_hosts`"),
        ("https://10.0.0.1/introspect", "`IntrospectionBuilder::allow_private_hosts`"),
        ("https://169.254.169.254/introspect", "no authorization server has"),
    ] {
        let message = error(at(endpoint));
        assert!(message.contains(expected), "{message}");
    }
    at("http://127.0.0.1:9/introspect").allow_private_hosts(["127.0.0.1"]).build().unwrap();
    at("https://10.0.0.1/introspect").allow_private_hosts(["10.0.0.1"]).build().unwrap();
    let verifier = at(ENDPOINT).build().unwrap();
    assert_eq!(verifier.issuers(), [ISSUER]);
    assert!(!format!("{verifier:?}").contains("s3cr3t"));
}
