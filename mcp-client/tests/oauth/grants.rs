//! Grants without a log-in, and a client that has a key.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use mcp_client::http::{Authorizer as _, BoxError, Endpoint};
use mcp_client::oauth::{
    AssertionRequest, ErrorKind, IdentityProvider, MemoryStore, OAuth, RegisteredClient, Secret,
    SigningKey,
};
use serde_json::{Value, json};

use crate::proof::open;
use crate::world::{Answer, ISSUER, PRM, REDIRECT, SERVER, Sent, World, bound};

const TOKEN: &str = "https://as.example.com/token";
const EVIL: &str = "https://evil.example.net";
const IDP: &str = "https://idp.company.example";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";

fn bind(oauth: OAuth) -> OAuth {
    oauth.bind(&Endpoint::parse(SERVER).unwrap()).unwrap();
    oauth
}

fn client() -> RegisteredClient {
    RegisteredClient::new("robot").secret(Secret::new("s3 cret:"))
}

/// A world whose tokens have no refresh token, as is usual where there is no user.
fn world() -> World {
    let world = World::new();
    world.route(TOKEN, |world, sent| world.issue(sent, json!({"refresh_token": null})));
    world
}

/// The names of a form's fields, sorted.
fn names(sent: &Sent) -> Vec<String> {
    let mut names: Vec<String> =
        form_urlencoded::parse(sent.body.as_bytes()).map(|(name, _)| name.into_owned()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_secret_goes_into_the_header_field() {
    let world = world();
    let oauth = bind(
        OAuth::client_credentials(client()).http_stack(world.clone()).scopes(["a", "b"]).build(),
    );
    assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);
    let [sent] = &world.sent_to(TOKEN)[..] else { panic!("one token request") };
    // Both halves are encoded as in a form: RFC 6749 §2.3.1.
    assert_eq!(sent.headers["authorization"], "Basic cm9ib3Q6czMrY3JldCUzQQ==");
    assert_eq!(names(sent), ["grant_type", "resource", "scope"]);
    assert_eq!(sent.field("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(sent.field("resource").as_deref(), Some(SERVER));
    assert_eq!(sent.field("scope").as_deref(), Some("a b"));
    // Nobody was asked to log in, and no client registered.
    assert_eq!(world.urls().len(), 3);
    assert!(world.logins().is_empty());

    // The next one is got in the same way.
    world.expire_all();
    assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);
    assert_eq!(world.grants("client_credentials").len(), 2);
    assert!(world.grants("refresh_token").is_empty());
}

#[tokio::test]
async fn a_secret_goes_into_the_form_where_the_server_wants_it_there() {
    let world = World::new();
    world.authorization_server(
        ISSUER,
        json!({"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"]}),
    );
    let oauth = bind(OAuth::client_credentials(client()).http_stack(world.clone()).build());
    assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);
    let [sent] = &world.sent_to(TOKEN)[..] else { panic!("one token request") };
    assert!(!sent.headers.contains_key("authorization"));
    assert_eq!(names(sent), ["client_id", "client_secret", "grant_type", "resource"]);
    assert_eq!(sent.field("client_secret").as_deref(), Some("s3 cret:"));
}

/// The claims of a client's statement, which must be right.
fn statement(sent: &Sent, key: &SigningKey) -> Value {
    assert_eq!(sent.field("client_assertion_type").as_deref(), Some(ASSERTION_TYPE));
    assert_eq!(sent.field("client_id"), None);
    assert!(!sent.headers.contains_key("authorization"));
    let (header, claims) = open(&sent.field("client_assertion").unwrap(), key);
    assert_eq!(header, json!({"alg": "ES256", "typ": "JWT", "kid": "2026"}));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let number = |name: &str| claims[name].as_u64().unwrap();
    assert!(now.abs_diff(number("iat")) <= 5);
    assert!((number("iat") + 1..=number("iat") + 300).contains(&number("exp")));
    claims
}

#[tokio::test]
async fn a_key_signs_a_statement_for_each_request() {
    let world = world();
    let key = SigningKey::generate().unwrap().with_id("2026");
    let client = RegisteredClient::new("robot").private_key(key.clone());
    let oauth = bind(OAuth::client_credentials(client).http_stack(world.clone()).build());
    let mut ids = HashSet::new();
    for _ in 0..3 {
        assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);
        let sent = world.sent_to(TOKEN).pop().unwrap();
        assert_eq!(
            names(&sent),
            ["client_assertion", "client_assertion_type", "grant_type", "resource"]
        );
        let claims = statement(&sent, &key);
        for (name, expected) in [("iss", "robot"), ("sub", "robot"), ("aud", ISSUER)] {
            assert_eq!(claims[name], expected);
        }
        assert!(ids.insert(claims["jti"].as_str().unwrap().to_owned()));
        world.expire_all();
    }
}

#[tokio::test]
async fn a_key_does_for_a_log_in_too() {
    let world = World::new();
    let key = SigningKey::generate().unwrap().with_id("2026");
    let client = RegisteredClient::new("desktop").private_key(key.clone());
    let oauth = bound(world.oauth().client(client));
    assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);
    let sent = world.grants("authorization_code").pop().unwrap();
    assert_eq!(statement(&sent, &key)["iss"], "desktop");
    assert_eq!(world.logins()[0].field("client_id").as_deref(), Some("desktop"));
    world.expire_all();
    assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);
    let sent = world.grants("refresh_token").pop().unwrap();
    assert_eq!(statement(&sent, &key)["aud"], ISSUER);
}

#[tokio::test]
async fn a_key_belongs_to_a_metadata_document_too() {
    let world = World::new();
    world.authorization_server(ISSUER, json!({"client_id_metadata_document_supported": true}));
    let key = SigningKey::generate().unwrap().with_id("2026");
    let document = "https://notes.example.com/client.json";
    let oauth = bound(world.oauth().client_metadata_url(document).client_metadata_key(key.clone()));
    assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);
    let sent = world.grants("authorization_code").pop().unwrap();
    assert_eq!(statement(&sent, &key)["sub"], document);
}

#[tokio::test]
async fn the_next_token_is_there_before_it_is_needed() {
    let world = World::new();
    world.route(TOKEN, |world, sent| {
        world.issue(sent, json!({"refresh_token": null, "expires_in": 0}))
    });
    let oauth = bind(OAuth::client_credentials(client()).http_stack(world.clone()).build());
    let refusals = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&refusals);
    world.resource(move |_, token, _| match token {
        Some(_) => (200, None),
        None => {
            *counted.lock().unwrap() += 1;
            (401, Some(format!(r#"Bearer resource_metadata="{PRM}""#)))
        }
    });
    for _ in 0..2 {
        assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);
    }
    assert_eq!(*refusals.lock().unwrap(), 1);
    assert!(world.grants("client_credentials").len() >= 2);
}

#[tokio::test]
async fn credentials_go_to_their_own_server_alone() {
    let move_away = |world: &World, issuers: Value| {
        world.authorization_server(EVIL, json!({}));
        world.document(PRM, json!({"resource": SERVER, "authorization_servers": issuers}));
    };

    // The host has said where the client belongs.
    let world1 = world();
    move_away(&world1, json!([EVIL]));
    let oauth =
        OAuth::client_credentials(client().issuer(ISSUER)).http_stack(world1.clone()).build();
    let error = world1.call(&bind(oauth), "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("the client \"robot\""), "{error}");

    // It has not: the first one is remembered, in the store.
    let world2 = world();
    let store = MemoryStore::new();
    let oauth = || {
        bind(
            OAuth::client_credentials(client())
                .http_stack(world2.clone())
                .store(store.clone())
                .build(),
        )
    };
    assert_eq!(world2.call(&oauth(), "x").await.unwrap(), 200);
    move_away(&world2, json!([EVIL]));
    world2.expire_all();
    assert_eq!(world2.call(&oauth(), "x").await.unwrap_err().kind(), ErrorKind::Configuration);

    for world in [&world1, &world2] {
        assert!(
            world.urls().iter().all(|url| !url.starts_with(EVIL) || url.contains("/.well-known/"))
        );
    }

    // Where a server names several, the client's own is taken.
    let world = world();
    move_away(&world, json!([EVIL, ISSUER]));
    let oauth =
        OAuth::client_credentials(client().issuer(ISSUER)).http_stack(world.clone()).build();
    assert_eq!(world.call(&bind(oauth), "x").await.unwrap(), 200);
    assert!(world.urls().iter().all(|url| !url.starts_with(EVIL)));
}

#[tokio::test]
async fn failures_in_which_no_user_took_part_are_not_counted() {
    // A program goes on as soon as the authorization server is well again.
    let world = world();
    let oauth = bind(OAuth::client_credentials(client()).http_stack(world.clone()).build());
    world.answer(TOKEN, Answer::status(503));
    for _ in 0..5 {
        assert_eq!(world.call(&oauth, "x").await.unwrap_err().kind(), ErrorKind::Unreachable);
    }
    world.route(TOKEN, |world, sent| world.issue(sent, json!({})));
    assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);

    // What the host has not said is told each time, and no user sees anything of it.
    let world = World::new();
    world.authorization_server(ISSUER, json!({"registration_endpoint": null}));
    let oauth = bound(world.oauth());
    for _ in 0..5 {
        assert_eq!(world.call(&oauth, "x").await.unwrap_err().kind(), ErrorKind::Configuration);
    }
    assert!(world.logins().is_empty());

    // A user who says no is asked a few times, and then left in peace.
    let world = World::new();
    world.user(|asked| {
        format!("{REDIRECT}?error=access_denied&state={}", asked.field("state").unwrap())
    });
    let oauth = bound(world.oauth());
    for _ in 0..3 {
        assert_eq!(world.call(&oauth, "x").await.unwrap_err().kind(), ErrorKind::Denied);
    }
    assert_eq!(world.call(&oauth, "x").await.unwrap_err().kind(), ErrorKind::InsufficientScope);
    assert_eq!(world.logins().len(), 3);
}

#[tokio::test]
async fn what_the_server_says_is_the_end() {
    let key = SigningKey::generate().unwrap();
    for code in [
        "invalid_grant",
        "invalid_client",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    ] {
        for (name, oauth) in [
            ("client credentials", OAuth::client_credentials(client()).build_for()),
            (
                "a key",
                OAuth::client_credentials(RegisteredClient::new("robot").private_key(key.clone()))
                    .build_for(),
            ),
            (
                "workload",
                OAuth::workload_identity(RegisteredClient::new("robot"), Secret::new("jwt"))
                    .build_for(),
            ),
        ] {
            let world = World::new();
            world.answer(TOKEN, Answer::error(code));
            let oauth = bind(oauth(world.clone()));
            let error = world.call(&oauth, "x").await.unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some(code)), "{name}");
            // Once, and in no other way.
            assert_eq!(world.sent_to(TOKEN).len(), 1, "{name}: {code}");
            assert!(
                world.logins().is_empty()
                    && world.sent_to("https://as.example.com/register").is_empty()
            );
        }
    }
}

/// Builders of several types, as functions that finish them.
trait BuildFor {
    fn build_for(self) -> Box<dyn FnOnce(World) -> OAuth>;
}

macro_rules! build_for {
    ($($grant:ty),*) => {$(
        impl BuildFor for mcp_client::oauth::OAuthBuilder<$grant> {
            fn build_for(self) -> Box<dyn FnOnce(World) -> OAuth> {
                Box::new(move |world| self.http_stack(world).build())
            }
        }
    )*};
}

build_for!(mcp_client::oauth::ClientCredentials, mcp_client::oauth::WorkloadIdentity);

#[tokio::test]
async fn a_platform_speaks_for_a_program() {
    let world = world();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let platform = move |request: AssertionRequest| {
        let number = {
            let mut noted = noted.lock().unwrap();
            noted.push(request);
            noted.len()
        };
        async move { Ok::<_, BoxError>(Secret::from(format!("jwt-{number}"))) }
    };
    let client = RegisteredClient::new("robot");
    let oauth = bind(
        OAuth::workload_identity(client, platform).http_stack(world.clone()).scopes(["a"]).build(),
    );
    for number in 1..=2 {
        assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);
        let sent = world.sent_to(TOKEN).pop().unwrap();
        assert_eq!(names(&sent), ["assertion", "client_id", "grant_type", "resource", "scope"]);
        assert_eq!(sent.field("grant_type").as_deref(), Some(JWT_BEARER));
        // A new one each time: they do not live long.
        assert_eq!(sent.field("assertion"), Some(format!("jwt-{number}")));
        assert_eq!(sent.field("client_id").as_deref(), Some("robot"));
        world.expire_all();
    }
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    assert_eq!(
        (&*asked[0].issuer, &*asked[0].token_endpoint, &*asked[0].resource),
        (ISSUER, TOKEN, SERVER)
    );
}

#[tokio::test(start_paused = true)]
async fn a_platform_may_fail() {
    let client = || RegisteredClient::new("robot");
    let world = World::new();
    let refuses =
        |_: AssertionRequest| async { Err::<Secret, BoxError>("no token for you".into()) };
    let panics = |_: AssertionRequest| async { panic!("the platform is broken") };
    let hangs = |_: AssertionRequest| std::future::pending::<Result<Secret, BoxError>>();
    for (oauth, kind, message) in [
        (
            OAuth::workload_identity(client(), refuses).http_stack(world.clone()).build(),
            ErrorKind::Denied,
            "the source of the platform's token gave none",
        ),
        (
            OAuth::workload_identity(client(), panics).http_stack(world.clone()).build(),
            ErrorKind::Configuration,
            "the source of the platform's token panicked",
        ),
        (
            OAuth::workload_identity(client(), hangs).http_stack(world.clone()).build(),
            ErrorKind::TimedOut,
            "the source of the platform's token gave none within 60 s",
        ),
    ] {
        let error = world.call(&bind(oauth), "x").await.unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (kind, message));
    }
    assert!(world.sent_to(TOKEN).is_empty());
}

/// A world with an identity provider, whose exchange gives this.
fn company(exchanged: Value) -> World {
    let world = world();
    world.authorization_server(IDP, json!({}));
    world.route(&format!("{IDP}/token"), move |_, _| Answer::json(exchanged.clone()));
    world
}

fn id_jag() -> Value {
    json!({"access_token": "id-jag", "issued_token_type": ID_JAG, "token_type": "N_A", "expires_in": 300})
}

fn provider() -> IdentityProvider {
    let client = RegisteredClient::new("desktop").secret(Secret::new("idp-secret"));
    IdentityProvider::new(IDP, client, Secret::new("id-token"))
}

#[tokio::test]
async fn a_company_decides() {
    for (provider, is_known) in
        [(provider(), false), (provider().token_endpoint(format!("{IDP}/token")), true)]
    {
        let world = company(id_jag());
        let oauth = OAuth::enterprise_managed(client(), provider)
            .http_stack(world.clone())
            .scopes(["a"])
            .build();
        assert_eq!(world.call(&bind(oauth), "x").await.unwrap(), 200);

        let [exchange] = &world.sent_to(&format!("{IDP}/token"))[..] else {
            panic!("one exchange")
        };
        assert_eq!(
            names(exchange),
            [
                "audience",
                "grant_type",
                "requested_token_type",
                "resource",
                "scope",
                "subject_token",
                "subject_token_type"
            ]
        );
        assert_eq!(exchange.headers["authorization"], "Basic ZGVza3RvcDppZHAtc2VjcmV0");
        for (name, expected) in [
            ("grant_type", TOKEN_EXCHANGE),
            ("requested_token_type", ID_JAG),
            ("audience", ISSUER),
            ("resource", SERVER),
            ("scope", "a"),
            ("subject_token", "id-token"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ] {
            assert_eq!(exchange.field(name).as_deref(), Some(expected), "{name}");
        }

        let [redeem] = &world.sent_to(TOKEN)[..] else { panic!("one token request") };
        assert_eq!(names(redeem), ["assertion", "grant_type", "resource", "scope"]);
        assert_eq!(redeem.field("grant_type").as_deref(), Some(JWT_BEARER));
        assert_eq!(redeem.field("assertion").as_deref(), Some("id-jag"));
        assert_eq!(redeem.headers["authorization"], "Basic cm9ib3Q6czMrY3JldCUzQQ==");

        let documents =
            world.sent_to(&format!("{IDP}/.well-known/oauth-authorization-server")).len();
        assert_eq!(documents, usize::from(!is_known));
        assert!(world.logins().is_empty());
    }
}

#[tokio::test]
async fn only_an_id_jag_leaves_the_company() {
    let with = |name: &str, value: Value| {
        let mut answer = id_jag();
        answer[name] = value;
        answer
    };
    for exchanged in [
        with("issued_token_type", json!("urn:ietf:params:oauth:token-type:access_token")),
        with("issued_token_type", json!("urn:ietf:params:oauth:token-type:refresh_token")),
        with("issued_token_type", json!(null)),
        json!({"access_token": "canary", "token_type": "Bearer"}),
        json!({"error": "canary"}),
    ] {
        let world = company(exchanged);
        let oauth =
            OAuth::enterprise_managed(client(), provider()).http_stack(world.clone()).build();
        let error = world.call(&bind(oauth), "x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMetadata, "{error}");
        assert!(!format!("{error:?}").contains("canary"));
        assert!(world.sent_to(TOKEN).is_empty());
    }

    let world = company(id_jag());
    world.answer(&format!("{IDP}/token"), Answer::error("access_denied"));
    let oauth = OAuth::enterprise_managed(client(), provider()).http_stack(world.clone()).build();
    let error = world.call(&bind(oauth), "x").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some("access_denied")));
    assert!(world.sent_to(TOKEN).is_empty());
}

#[tokio::test]
async fn a_client_of_another_server_is_not_shown_to_the_company() {
    let world = company(id_jag());
    let stranger = RegisteredClient::new("desktop").secret("CANARY").issuer(ISSUER);
    let provider = IdentityProvider::new(IDP, stranger, Secret::new("id-token"));
    let oauth = OAuth::enterprise_managed(client(), provider).http_stack(world.clone()).build();
    let error = world.call(&bind(oauth), "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(
        error.to_string().contains("\"desktop\"") && !error.to_string().contains("CANARY"),
        "{error}"
    );
    assert!(!world.urls().iter().any(|url| url.starts_with(IDP)));
}

#[tokio::test]
async fn a_server_may_say_that_it_does_not_know_companies() {
    let other = json!(["urn:example:other"]);
    let ours = json!(["urn:example:other", "urn:ietf:params:oauth:grant-profile:id-jag"]);
    for (profiles, is_known) in [(other, false), (ours, true)] {
        let world = company(id_jag());
        world.authorization_server(
            ISSUER,
            json!({"authorization_grant_profiles_supported": profiles}),
        );
        let oauth =
            OAuth::enterprise_managed(client(), provider()).http_stack(world.clone()).build();
        match world.call(&bind(oauth), "x").await {
            Ok(status) => assert!(is_known && status == 200),
            Err(error) => {
                assert!(!is_known && error.kind() == ErrorKind::Configuration, "{error:?}")
            }
        }
        assert_eq!(world.sent_to(&format!("{IDP}/token")).len(), usize::from(is_known));
    }
}

#[test]
fn nothing_shows_a_secret() {
    let key = SigningKey::generate().unwrap();
    let canary = || Secret::new("canary");
    let client = || RegisteredClient::new("robot").secret(canary()).private_key(key.clone());
    let provider = IdentityProvider::new(IDP, client(), canary());
    for shown in [
        format!("{:?}", OAuth::client_credentials(client())),
        format!("{:?}", OAuth::workload_identity(client(), canary())),
        format!("{:?}", OAuth::enterprise_managed(client(), provider)),
        format!("{:?}", OAuth::client_credentials(client()).dpop(key.clone()).build()),
    ] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}
