//! Tokens that are bound to a key (RFC 9449; the DPoP extension).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Method;
use mcp_core::jose::{SigningKey, base64url, sha256};
use mcp_core::oauth::Challenge;
use mcp_server::Principal;
use mcp_server::auth::{Protection, VerifiedToken};
use mcp_server::http::HttpService;
use mcp_test_support::http::{Answer, Call};
use serde_json::{Value, json};

use crate::fixture::{ISSUER, RESOURCE, routes, serve, tokens, with};

/// A client with a key, and the token `bound` that is bound to it.
struct Client {
    key: SigningKey,
    /// Number of the next proof.
    next: std::cell::Cell<u32>,
}

impl Client {
    fn new() -> Self {
        Self { key: SigningKey::generate().unwrap(), next: 0.into() }
    }

    fn protection(&self) -> Protection {
        let bound = VerifiedToken::new(Principal::of_user(ISSUER, "ada"));
        let bound = bound.bound_to(self.key.thumbprint());
        Protection::new(RESOURCE, tokens().verified("bound", bound)).authorization_server(ISSUER)
    }

    fn claims(&self) -> Value {
        let id = self.next.get();
        self.next.set(id + 1);
        json!({
            "jti": format!("proof {id}"),
            "htm": "POST",
            "htu": RESOURCE,
            "iat": now(),
            "ath": base64url(&sha256(b"bound")),
        })
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        self.key.sign_jwt(&self.key.jwt_header(typ, true), claims).unwrap()
    }

    /// A proof in which a test changes claims.
    fn proof(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.claims();
        change(&mut claims);
        self.sign("dpop+jwt", &claims)
    }

    async fn send(&self, service: &HttpService, proof: &str) -> Answer {
        call(proof).send(service).await
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn call(proof: &str) -> Call {
    let call = Call::tool("whoami", json!({}));
    call.header("authorization", "DPoP bound").header("dpop", proof)
}

fn error(answer: &Answer) -> String {
    assert_eq!(answer.status, 401, "{}", answer.text);
    let challenges = Challenge::of(&answer.headers);
    assert_eq!(challenges.len(), 1);
    assert_eq!(challenges[0].scheme(), "DPoP");
    assert!(challenges[0].get("algs").unwrap().split(' ').any(|name| name == "ES256"));
    challenges[0].get("error").unwrap().to_owned()
}

#[tokio::test]
async fn a_proof_is_for_one_request_with_one_token() {
    let client = Client::new();
    let service = serve(client.protection().dpop());
    let good = client.proof(|_| {});
    let answer = client.send(&service, &good).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.header("dpop-nonce").is_none());
    // Used before.
    assert_eq!(error(&client.send(&service, &good).await), "invalid_dpop_proof");
    // What RFC 3986 normalizes is the same URL, and so is one without its query.
    for url in ["HTTPS://MCP.example.com:443/mcp", "https://mcp.example.com/mcp?x=1#y"] {
        let proof = client.proof(|claims| claims["htu"] = url.into());
        assert_eq!(client.send(&service, &proof).await.status, 200, "{url}");
    }
    let changes: [(&str, Value); 17] = [
        ("htm", json!("GET")),
        ("htm", json!("post")),
        ("htm", Value::Null),
        ("htu", json!("https://mcp.example.com/other")),
        ("htu", json!("https://mcp.example.com:8443/mcp")),
        ("htu", json!("http://mcp.example.com/mcp")),
        ("htu", json!("/mcp")),
        ("ath", json!(base64url(&sha256(b"other")))),
        ("ath", Value::Null),
        ("iat", json!(now() - 330)),
        ("iat", json!(now() + 330)),
        ("iat", json!(-1)),
        ("iat", json!("now")),
        ("iat", Value::Null),
        ("jti", json!("")),
        ("jti", json!("x".repeat(2_000))),
        ("jti", json!(7)),
    ];
    for (claim, value) in changes {
        let proof = client.proof(|claims| claims[claim] = value.clone());
        let answer = client.send(&service, &proof).await;
        assert_eq!(error(&answer), "invalid_dpop_proof", "{claim} {value}");
    }
    // Within the window.
    for iat in [now() - 290, now() + 290] {
        let proof = client.proof(|claims| claims["iat"] = iat.into());
        assert_eq!(client.send(&service, &proof).await.status, 200);
    }
}

#[tokio::test]
async fn a_proof_of_another_form_or_key_is_refused() {
    let client = Client::new();
    let service = serve(client.protection().dpop());
    let key = &client.key;
    let without_key = key.sign_jwt(&key.jwt_header("dpop+jwt", false), &client.claims()).unwrap();
    let good = client.proof(|_| {});
    let (message, signature) = good.rsplit_once('.').unwrap();
    let proofs = [
        client.sign("JWT", &client.claims()),
        client.sign("at+jwt", &client.claims()),
        without_key,
        Client::new().sign("dpop+jwt", &client.claims()),
        format!("{message}.{}", "A".repeat(signature.len())),
        format!("{message}."),
        "no proof".to_owned(),
        String::new(),
    ];
    for proof in proofs {
        let answer = client.send(&service, &proof).await;
        assert_eq!(error(&answer), "invalid_dpop_proof", "{proof}");
    }
    let missing = call("").without("dpop").send(&service).await;
    assert_eq!(error(&missing), "invalid_dpop_proof");
    let twice = call(&client.proof(|_| {})).and("dpop", client.proof(|_| {}));
    assert_eq!(error(&twice.send(&service).await), "invalid_dpop_proof");
}

#[tokio::test]
async fn bound_tokens_are_no_bearer_tokens_and_others_need_no_proof() {
    let client = Client::new();
    let service = serve(client.protection().dpop());
    let bearer = with("bound", Call::tool("whoami", json!({})));
    let answer = bearer.header("dpop", client.proof(|_| {})).send(&service).await;
    assert_eq!(answer.status, 401);
    assert_eq!(Challenge::of(&answer.headers)[0].get("error"), Some("invalid_token"));
    assert_eq!(with("ada", Call::tool("open", json!({}))).send(&service).await.status, 200);
    // A token that is not bound cannot be presented with a proof.
    let unbound = call(&client.proof(|_| {})).header("authorization", "DPoP ada");
    assert_eq!(error(&unbound.send(&service).await), "invalid_token");
    // Without a token both ways are offered.
    let answer = Call::tool("open", json!({})).send(&service).await;
    let schemes: Vec<_> =
        Challenge::of(&answer.headers).iter().map(|it| it.scheme().to_owned()).collect();
    assert_eq!(schemes, ["Bearer", "DPoP"]);

    let strict = serve(client.protection().require_dpop());
    assert_eq!(with("ada", Call::tool("open", json!({}))).send(&strict).await.status, 401);
    assert_eq!(client.send(&strict, &client.proof(|_| {})).await.status, 200);
    let answer = Call::tool("open", json!({})).send(&strict).await;
    let challenges = Challenge::of(&answer.headers);
    assert_eq!((challenges.len(), challenges[0].scheme()), (1, "DPoP"));
    let off = serve(client.protection());
    assert_eq!(client.send(&off, &client.proof(|_| {})).await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn a_nonce_is_given_required_and_renewed_without_being_remembered() {
    let client = Client::new();
    let keys = || mcp_server::input::KeyRing::new("0123456789abcdef0123456789abcdef").unwrap();
    let instance = || {
        let protection = client.protection().dpop_nonces();
        routes().state_keys(keys()).protect(protection).into_service().unwrap()
    };
    let (one, other) = (instance(), instance());
    let first = client.send(&one, &client.proof(|_| {})).await;
    assert_eq!(error(&first), "use_dpop_nonce");
    let nonce = first.header("dpop-nonce").unwrap().to_owned();
    let proof = |nonce: &str| client.proof(|claims| claims["nonce"] = nonce.into());
    // Another instance with the same keys accepts it.
    for service in [&one, &other] {
        let answer = client.send(service, &proof(&nonce)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.header("dpop-nonce").is_none());
    }
    let wrong = client.send(&one, &proof("AAAA")).await;
    assert_eq!(error(&wrong), "use_dpop_nonce");
    let foreign = routes().protect(client.protection().dpop_nonces()).into_service().unwrap();
    assert_eq!(error(&client.send(&foreign, &proof(&nonce)).await), "use_dpop_nonce");

    // The clock of the proofs does not move with that of the test, but stays in its window.
    tokio::time::advance(Duration::from_secs(200)).await;
    let answer = client.send(&one, &proof(&nonce)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let renewed = answer.header("dpop-nonce").unwrap().to_owned();
    tokio::time::advance(Duration::from_secs(150)).await;
    let late = |nonce: &str| {
        client.proof(|claims| {
            claims["iat"] = (now() + 340).into();
            claims["nonce"] = nonce.into();
        })
    };
    assert_eq!(error(&client.send(&one, &late(&nonce)).await), "use_dpop_nonce");
    assert_eq!(client.send(&one, &late(&renewed)).await.status, 200);
}

#[tokio::test]
async fn the_metadata_says_what_is_accepted_and_refusals_for_scopes_name_the_scheme() {
    let client = Client::new();
    let service = serve(client.protection().require_dpop());
    let metadata =
        Call { uri: "/.well-known/oauth-protected-resource".into(), ..Call::empty(Method::GET) };
    let metadata = metadata.send(&service).await.json();
    assert_eq!(metadata["dpop_bound_access_tokens_required"], true);
    let algorithms = metadata["dpop_signing_alg_values_supported"].as_array().unwrap();
    assert!(algorithms.contains(&"ES256".into()) && !algorithms.contains(&"HS256".into()));
    let read = Call::tool("read", json!({ "path": "a" }))
        .header("authorization", "DPoP bound")
        .header("dpop", client.proof(|_| {}));
    let answer = read.send(&service).await;
    assert_eq!(answer.status, 403);
    assert_eq!(Challenge::of(&answer.headers)[0].scheme(), "DPoP");
}
