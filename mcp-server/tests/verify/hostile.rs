//! Tokens that are refused, each for its reason, and without a fetch.

use mcp_core::jose::{SigningAlgorithm, SigningKey, base64url};
use mcp_server::auth::{TokenVerifier as _, VerifyError};
use serde_json::{Value, json};

use super::tokens::{
    ISSUER, NOW, RESOURCE, Token, builder, documents, foreign_rsa, key, refuse, sign, verify,
};

/// What the reason of a refusal contains.
type Row = (String, &'static str);

/// An old one: the key of a new one may be unknown because it is new.
fn token() -> Token {
    old(SigningAlgorithm::Rs256)
}

fn old(algorithm: SigningAlgorithm) -> Token {
    Token::new(algorithm).claims(json!({"iat": NOW - 600}))
}

/// Tokens whose text is not that of a signed token.
fn malformed() -> Vec<Row> {
    let good = token().text();
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let rsa = key(SigningAlgorithm::Rs256);
    let json = |token: &Token| Value::Object(token.claims.clone()).to_string();
    let good_claims = json(&token());
    let good_header = Value::Object(token().header).to_string();
    let with_header = |header: &str| sign(&rsa, header, &good_claims);
    let with_claims = |claims: &str| sign(&rsa, &good_header, claims);
    let nested = format!("{{\"a\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let crlf = good_claims.replacen('{', "{\"sub\":\"root\",", 1);
    vec![
        (String::new(), "three parts"),
        ("opaque-token".to_owned(), "three parts"),
        (format!("{header}.{claims}"), "three parts"),
        (format!("{good}."), "three parts"),
        (format!("{header}.{claims}.{signature}.{claims}.{signature}"), "three parts"),
        (format!("{good}="), "base64url"),
        (format!("{good}\n"), "base64url"),
        (format!(" {good}"), "base64url"),
        (format!("{header}=.{claims}.{signature}"), "base64url"),
        (format!("{header}.{claims}.{}+", &signature[1..]), "base64url"),
        (good.replace('.', ".."), "three parts"),
        (
            json!({"protected": header, "payload": claims, "signature": signature}).to_string(),
            "three",
        ),
        ("a".repeat(20_000), "more than 16384"),
        (token().claims(json!({"x": "x".repeat(16_000)})).text(), "more than 16384"),
        (token().claims(json!({"aud": vec!["a"; 10_000]})).text(), "more than 16384"),
        (with_header("[]"), "not a JSON object"),
        (with_header("{}"), "no \"alg\""),
        (with_header("null"), "not a JSON object"),
        (with_header("{\"alg\":\"RS256\""), "not JSON"),
        (with_header(r#"{"alg":"none","alg":"RS256","typ":"at+jwt","kid":"rsa"}"#), "member twice"),
        (with_header(r#"{"alg":"RS256","typ":"at+jwt","kid":"x","kid":"rsa"}"#), "member twice"),
        (with_header(&nested), "nested deeper"),
        (with_claims("[]"), "not a JSON object"),
        (with_claims("\"text\""), "not a JSON object"),
        (with_claims(""), "not JSON"),
        (with_claims(&format!("{good_claims} {good_claims}")), "not JSON"),
        (with_claims(&crlf), "member twice"),
        (with_claims(&good_claims.replacen("\"aud\"", "\"exp\":1,\"aud\"", 1)), "member twice"),
        (with_claims(&good_claims.replacen('{', "{\"\\u0073ub\":\"root\",", 1)), "member twice"),
        (with_claims(&good_claims.replacen('{', "{\"x\":{\"a\":1,\"a\":2},", 1)), "member twice"),
        (with_claims(&nested), "nested deeper"),
        (with_claims(r#"{"$serde_json::private::RawValue":"{}"}"#), "reserved"),
    ]
}

/// Headers that choose how the token is verified.
fn headers() -> Vec<Row> {
    let header = |members: Value| token().header(members).text();
    let unsigned = |alg: &str| {
        let token = token().header(json!({"alg": alg}));
        let text = token.text();
        format!("{}.", text.rsplit_once('.').unwrap().0)
    };
    // HMAC with the public key as its secret.
    let hmac = |secret: &[u8]| {
        let text = token().header(json!({"alg": "HS256"})).text();
        let message = text.rsplit_once('.').unwrap().0;
        let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
        let signature = base64url(ring::hmac::sign(&secret, message.as_bytes()).as_ref());
        format!("{message}.{signature}")
    };
    let public = key(SigningAlgorithm::Rs256).public_jwk().to_owned();
    let mut rows = vec![
        (unsigned("none"), "unknown signing algorithm \"none\""),
        (unsigned("None"), "unknown signing algorithm"),
        (unsigned("nOnE"), "unknown signing algorithm"),
        (unsigned(""), "unknown signing algorithm"),
        (hmac(public.as_bytes()), "unknown signing algorithm \"HS256\""),
        (hmac(b"secret"), "unknown signing algorithm \"HS256\""),
        (hmac(b""), "unknown signing algorithm \"HS256\""),
        (header(json!({"alg": ["RS256"]})), "no \"alg\""),
        (header(json!({"alg": null})), "no \"alg\""),
        (header(json!({"alg": "rs256"})), "unknown signing algorithm"),
        (header(json!({"crit": ["exp"]})), "has \"crit\""),
        (header(json!({"crit": ["b64"], "b64": false})), "has \"crit\""),
        (header(json!({"b64": false})), "has \"b64\""),
        (header(json!({"enc": "A256GCM"})), "has \"enc\""),
        (header(json!({"zip": "DEF"})), "has \"zip\""),
        (header(json!({"kid": 1})), "\"kid\""),
        (header(json!({"kid": ["rsa"]})), "\"kid\""),
        (header(json!({"kid": null})), "\"kid\""),
        (header(json!({"typ": 1})), "\"typ\""),
        (header(json!({"typ": "JWT"})), "its type (typ) \"JWT\""),
        (header(json!({"typ": "jwt"})), "its type"),
        (header(json!({"typ": "dpop+jwt"})), "its type"),
        (header(json!({"typ": "logout+jwt"})), "its type"),
        (header(json!({"typ": "id_token"})), "its type"),
        (header(json!({"typ": "application/jwt"})), "its type"),
        (header(json!({"typ": "text/at+jwt"})), "its type"),
        (header(json!({"typ": ""})), "its type"),
        (token().without("typ").text(), "its type"),
    ];
    for alg in ["HS256", "HS384", "HS512", "ES512", "ES256K", "RS1", "RSA-OAEP", "dir", "Ed25519"] {
        rows.push((header(json!({"alg": alg})), "unknown signing algorithm"));
    }
    rows
}

/// Claims that are wrong.
fn claims() -> Vec<Row> {
    let claims = |members: Value| token().claims(members).text();
    let audiences: Vec<Value> = (0..101).map(|_| RESOURCE.into()).collect();
    let mut rows = vec![
        (token().without("iss").text(), "no issuer"),
        (claims(json!({"iss": "https://evil.example"})), "is not trusted"),
        (claims(json!({"iss": format!("{ISSUER}/")})), "is not trusted"),
        (claims(json!({"iss": "https://LOGIN.example.com"})), "is not trusted"),
        (claims(json!({"iss": format!("{ISSUER}.evil.example")})), "is not trusted"),
        (claims(json!({"iss": format!("{ISSUER}\u{0}")})), "is not trusted"),
        (claims(json!({"iss": "http://login.example.com"})), "is not trusted"),
        (claims(json!({"iss": [ISSUER]})), "its iss is not a string"),
        (claims(json!({"iss": null})), "its iss is not a string"),
        (claims(json!({"iss": ""})), "is not trusted"),
        (token().without("aud").text(), "no audience"),
        (claims(json!({"aud": []})), "no audience"),
        (claims(json!({"aud": ""})), "another audience"),
        (claims(json!({"aud": "https://mcp.example.com"})), "another audience"),
        (claims(json!({"aud": "https://mcp.example.com/mcp/"})), "another audience"),
        (claims(json!({"aud": "https://mcp.example.com/mcp?x"})), "another audience"),
        (claims(json!({"aud": "https://MCP.example.com/mcp"})), "another audience"),
        (claims(json!({"aud": "*"})), "another audience"),
        (claims(json!({"aud": format!("{RESOURCE} https://b.example")})), "another audience"),
        (claims(json!({"aud": ["https://b.example", "https://c.example"]})), "another audience"),
        (claims(json!({"aud": audiences})), "its aud has 101 values, more than 100"),
        (claims(json!({"aud": [RESOURCE, 1]})), "its aud is neither"),
        (claims(json!({"aud": [[RESOURCE]]})), "its aud is neither"),
        (claims(json!({"aud": {"a": RESOURCE}})), "its aud is neither"),
        (claims(json!({"aud": null})), "its aud is neither"),
        (claims(json!({"aud": 1})), "its aud is neither"),
        (token().without("aud").claims(json!({"resource": RESOURCE})).text(), "no audience"),
        (token().without("exp").text(), "no expiry"),
        (claims(json!({"exp": NOW - 60})), "has expired"),
        (claims(json!({"exp": NOW - 61})), "has expired"),
        (claims(json!({"exp": 0})), "has expired"),
        (claims(json!({"exp": (NOW - 61) as f64 + 0.5})), "has expired"),
        (claims(json!({"exp": -1})), "its exp is negative"),
        (claims(json!({"exp": -1.5})), "its exp is negative"),
        (claims(json!({"exp": 1e300})), "its exp is after the year 9999"),
        (claims(json!({"exp": u64::MAX})), "its exp is after the year 9999"),
        (claims(json!({"exp": NOW * 1_000})), "its exp is after the year 9999"),
        (claims(json!({"exp": (NOW + 300).to_string()})), "its exp is not a number"),
        (claims(json!({"exp": null})), "its exp is not a number"),
        (claims(json!({"exp": true})), "its exp is not a number"),
        (claims(json!({"exp": [NOW + 300]})), "its exp is not a number"),
        (claims(json!({"nbf": NOW + 61})), "not valid yet"),
        (claims(json!({"nbf": 253_402_300_799_u64})), "not valid yet"),
        (claims(json!({"nbf": 1e300})), "its nbf is after the year 9999"),
        (claims(json!({"nbf": "0"})), "its nbf is not a number"),
        (claims(json!({"nbf": null})), "its nbf is not a number"),
        (claims(json!({"iat": NOW + 61})), "issued in the future"),
        (claims(json!({"iat": -1})), "its iat is negative"),
        (claims(json!({"iat": "now"})), "its iat is not a number"),
        (token().without("sub").without("client_id").text(), "neither a subject"),
        (claims(json!({"sub": ""})), "its subject"),
        (claims(json!({"sub": "#app"})), "its subject"),
        (claims(json!({"sub": 1})), "its sub is not a string"),
        (claims(json!({"sub": null})), "its sub is not a string"),
        (claims(json!({"sub": ["ada"]})), "its sub is not a string"),
        (claims(json!({"sub": {"id": "ada"}})), "its sub is not a string"),
        (claims(json!({"client_id": 1})), "its client_id is not a string"),
        (claims(json!({"client_id": ""})), "its client_id is empty"),
        (
            token().without("client_id").claims(json!({"azp": ["a"]})).text(),
            "its azp is not a string",
        ),
        (claims(json!({"scope": 1})), "its scope is neither"),
        (claims(json!({"scope": {"files:read": true}})), "its scope is neither"),
        (claims(json!({"scope": ["files:read", 1]})), "its scope is neither"),
        (claims(json!({"scope": vec!["a"; 1_001]})), "its scope has 1001 values"),
        (claims(json!({"scp": null})), "its scp is neither"),
        (claims(json!({"nonce": "n"})), "an ID token: it has the claim nonce"),
        (claims(json!({"at_hash": "h"})), "an ID token: it has the claim at_hash"),
        (claims(json!({"c_hash": "h"})), "an ID token: it has the claim c_hash"),
        (claims(json!({"s_hash": "h"})), "an ID token: it has the claim s_hash"),
        (claims(json!({"events": {}})), "a logout token"),
        (claims(json!({"token_use": "id"})), "not an access token: its token_use is \"id\""),
        (claims(json!({"token_use": "refresh"})), "its token_use is \"refresh\""),
        (claims(json!({"typ": "Refresh"})), "not an access token: its typ is \"Refresh\""),
        (claims(json!({"typ": "Offline"})), "its typ is \"Offline\""),
        (claims(json!({"typ": "ID"})), "its typ is \"ID\""),
        (claims(json!({"typ": "Logout"})), "its typ is \"Logout\""),
        (claims(json!({"drn": "DSR"})), "its drn is \"DSR\""),
        (claims(json!({"token_use": 1})), "its token_use is not a string"),
        (claims(json!({"cnf": {}})), "bound to a key"),
        (claims(json!({"cnf": {"jkt": 1}})), "bound to a key"),
        (claims(json!({"cnf": {"jkt": ""}})), "bound to a key"),
        (claims(json!({"cnf": {"x5t#S256": "AAAA"}})), "bound to a key"),
        (claims(json!({"cnf": {"jkt": "a", "x5t#S256": "AAAA"}})), "bound to a key"),
        (claims(json!({"cnf": "jkt"})), "bound to a key"),
        (claims(json!({"cnf": null})), "bound to a key"),
    ];
    // A text of the token cannot forge a line of the log.
    rows.push((claims(json!({"iss": "a\nb"})), "its issuer \"a\\\\nb\""));
    rows
}

/// Tokens that are right apart from who signed them.
fn signatures() -> Vec<Row> {
    let rs256 = SigningAlgorithm::Rs256;
    let header = |members: Value| token().header(members).text();
    let foreign =
        |id: &str| token().header(json!({"kid": id})).signed_by(foreign_rsa(rs256)).text();
    let good = token().text();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let other = token().claims(json!({"sub": "root"})).text();
    let other_message = other.rsplit_once('.').unwrap().0;
    let generated = SigningKey::generate().unwrap();
    let embedded = json!({"jwk": serde_json::from_str::<Value>(generated.public_jwk()).unwrap()});
    let es256 = || old(SigningAlgorithm::Es256);
    let no_key = "no key that fits";
    let forged = "not one of its key";
    vec![
        (foreign("rsa"), forged),
        (foreign("rs256"), forged),
        (format!("{other_message}.{signature}"), forged),
        (format!("{message}.{}", base64url(&[0; 256])), forged),
        (format!("{message}.{}", base64url(&[1; 64])), forged),
        (format!("{message}."), forged),
        (format!("{message}.AAAA"), forged),
        (format!("{message}.{signature}AAAA"), forged),
        (es256().signed_by(generated.clone()).text(), forged),
        (es256().signed_by(generated.clone()).header(embedded).text(), forged),
        (
            es256()
                .signed_by(generated.clone())
                .header(json!({"jku": "https://evil.example"}))
                .text(),
            forged,
        ),
        (
            es256().signed_by(generated).header(json!({"x5u": "https://evil.example"})).text(),
            forged,
        ),
        // RSA with another padding or hash than the header says.
        (token().signed_by(key(SigningAlgorithm::Ps256)).text(), forged),
        (token().signed_by(key(SigningAlgorithm::Rs512)).text(), forged),
        (Token::new(SigningAlgorithm::Ps256).signed_by(key(rs256)).text(), forged),
        // Keys for something else, and none at all.
        (foreign("enc"), no_key),
        (foreign("oaep"), no_key),
        (foreign("wrap"), no_key),
        (foreign("private"), no_key),
        (header(json!({"kid": "weak"})), no_key),
        (header(json!({"kid": "secret"})), no_key),
        (header(json!({"kid": "future"})), no_key),
        (header(json!({"kid": "p256"})), no_key),
        (es256().header(json!({"kid": "rsa"})).text(), no_key),
        (es256().header(json!({"kid": "p384"})).text(), no_key),
        (old(SigningAlgorithm::Rs512).header(json!({"kid": "rs256"})).text(), no_key),
        (header(json!({"kid": ""})), no_key),
        (header(json!({"kid": "RSA"})), no_key),
        (header(json!({"kid": "rsa "})), no_key),
        (header(json!({"kid": "../../keys"})), no_key),
        (header(json!({"kid": "' OR 1=1 --"})), no_key),
        (header(json!({"kid": "https://evil.example/keys"})), no_key),
        (header(json!({"kid": "/dev/null"})), no_key),
        (header(json!({"kid": "x".repeat(8_000)})), no_key),
        // Two RSA keys are possible, so that the token has to name one.
        (token().without("kid").text(), no_key),
        // Only one is possible, and it has not signed.
        (es256().signed_by(SigningKey::generate().unwrap()).without("kid").text(), no_key),
    ]
}

#[tokio::test(start_paused = true)]
async fn hostile_tokens_are_refused_and_fetch_nothing() {
    let early: Vec<Row> = [malformed(), headers(), claims()].into_iter().flatten().collect();
    let late = signatures();
    assert!(early.len() + late.len() >= 150, "{} and {}", early.len(), late.len());

    // Without any keys: what is wrong with these tokens shows without them.
    let documents = documents();
    let verifier = builder(&documents).build().unwrap();
    for (token, reason) in &early {
        let refused = refuse(&verifier, token).await;
        assert!(refused.contains(reason), "{refused:?} instead of {reason:?}: {token}");
        assert_eq!(documents.fetches(), 0, "{token}");
    }

    // With keys that were fetched for a valid token.
    verify(&verifier, &token().text()).await.unwrap();
    for (token, reason) in early.iter().chain(&late) {
        let refused = refuse(&verifier, token).await;
        assert!(refused.contains(reason), "{refused:?} instead of {reason:?}: {token}");
    }
    assert_eq!(documents.fetches(), 1);
    verify(&verifier, &token().text()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn reasons_show_no_token() {
    let verifier = builder(&documents()).build().unwrap();
    verify(&verifier, &token().text()).await.unwrap();
    for (token, _) in [malformed(), headers(), claims(), signatures()].into_iter().flatten() {
        let reason = refuse(&verifier, &token).await;
        let signature = token.rsplit('.').next().unwrap();
        assert!(signature.len() < 20 || !reason.contains(signature), "{reason}");
        assert!(reason.len() < 500 && !reason.chars().any(char::is_control), "{reason:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_algorithm_that_the_settings_do_not_allow_is_refused() {
    let documents = documents();
    let verifier = builder(&documents).algorithms([SigningAlgorithm::Rs256]).build().unwrap();
    for algorithm in SigningAlgorithm::ALL {
        let verified = verify(&verifier, &Token::new(algorithm).text()).await;
        assert_eq!(verified.is_ok(), algorithm == SigningAlgorithm::Rs256, "{algorithm}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_for_another_server_is_refused_here() {
    let verifier = builder(&documents()).build().unwrap();
    let token = token().text();
    assert!(verifier.verify(&token, RESOURCE).await.is_ok());
    let elsewhere = verifier.verify(&token, "https://other.example/mcp").await;
    assert!(matches!(elsewhere, Err(VerifyError::Invalid(_))), "{elsewhere:?}");
}
