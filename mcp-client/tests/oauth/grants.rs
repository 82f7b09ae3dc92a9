//! Grants without a log-in, and clients that have a key.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use mcp_client::http::BoxError;
use mcp_client::oauth::{
    AssertionRequest, ErrorKind, IdentityProvider, MemoryStore, OAuth, RegisteredClient, Secret,
    SigningKey,
};
use serde_json::{Value, json};

use crate::proof::open;
use crate::world::{Answer, ISSUER, PRM, REDIRECT, SERVER, Sent, World, bind, bound, names};

const TOKEN: &str = "https://as.example.com/token";
const EVIL: &str = "https://evil.example.net";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

fn client() -> RegisteredClient {
    RegisteredClient::new("robot").secret(Secret::new("s3 cret:")).issuer(ISSUER)
}

fn world() -> World {
    World::without_refresh_tokens()
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
    // No user had to log in, and no client was registered.
    assert_eq!(world.urls().len(), 3);
    assert!(world.logins().is_empty());

    // The next token is obtained in the same way.
    world.expire_all();
    assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);
    assert_eq!(world.grants("client_credentials").len(), 2);
    assert!(world.grants("refresh_token").is_empty());
}

#[tokio::test]
async fn a_secret_goes_into_the_form_for_a_server_that_supports_nothing_else() {
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
async fn a_key_signs_for_a_log_in_too() {
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
async fn a_client_with_a_metadata_document_may_have_a_key() {
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
async fn a_token_is_renewed_before_it_is_refused() {
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
async fn a_secret_needs_the_issuer_that_it_is_for() {
    let secret = || RegisteredClient::new("robot").secret("CANARY");
    let public = || RegisteredClient::new("robot");
    let key = SigningKey::generate().unwrap();
    let keyed = || RegisteredClient::new("robot").private_key(key.clone());
    let platform = || Secret::new("CANARY");
    type Build = Box<dyn FnOnce(World) -> OAuth>;
    let sources: [(&str, Build, bool); 6] = [
        ("secret", OAuth::client_credentials(secret()).build_in(), false),
        (
            "secret for any server",
            OAuth::client_credentials(secret().issuer_from_server()).build_in(),
            true,
        ),
        // A statement of the client is valid at that one server.
        ("key", OAuth::client_credentials(keyed()).build_in(), true),
        ("platform", OAuth::workload_identity(public(), platform()).build_in(), false),
        (
            "platform for any server",
            OAuth::workload_identity(public().issuer_from_server(), platform()).build_in(),
            true,
        ),
        (
            "platform for one server",
            OAuth::workload_identity(public().issuer(ISSUER), platform()).build_in(),
            true,
        ),
    ];
    for (name, oauth, is_allowed) in sources {
        let world = world();
        match world.call(&bind(oauth(world.clone())), "x").await {
            Ok(status) => assert!(is_allowed && status == 200, "{name}"),
            Err(error) => {
                assert!(!is_allowed, "{name}: {error}");
                assert_eq!(error.kind(), ErrorKind::Configuration);
                assert!(error.to_string().contains("RegisteredClient::issuer"), "{error}");
                assert!(!format!("{:?}", world.sent()).contains("CANARY"), "{name}");
                assert!(world.sent_to(TOKEN).is_empty(), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn credentials_go_to_their_own_server_alone() {
    let trusting = || RegisteredClient::new("robot").secret("s").issuer_from_server();
    let move_away = |world: &World, issuers: Value| {
        world.authorization_server(EVIL, json!({}));
        world.document(PRM, json!({"resource": SERVER, "authorization_servers": issuers}));
    };

    // The application has set where the client belongs.
    let world1 = world();
    move_away(&world1, json!([EVIL]));
    let oauth = OAuth::client_credentials(client()).http_stack(world1.clone()).build();
    let error = world1.call(&bind(oauth), "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("the client \"robot\""), "{error}");

    // It has allowed the first one that the server names, which the store remembers.
    let world2 = world();
    let store = MemoryStore::new();
    let oauth = || {
        bind(
            OAuth::client_credentials(trusting())
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

    // Of several servers the client uses its own.
    let world = world();
    move_away(&world, json!([EVIL, ISSUER]));
    let oauth = OAuth::client_credentials(client()).http_stack(world.clone()).build();
    assert_eq!(world.call(&bind(oauth), "x").await.unwrap(), 200);
    assert!(world.urls().iter().all(|url| !url.starts_with(EVIL)));
}

#[tokio::test]
async fn failures_without_a_user_are_not_counted() {
    // A program continues as soon as the authorization server does.
    let world = world();
    let oauth = bind(OAuth::client_credentials(client()).http_stack(world.clone()).build());
    world.answer(TOKEN, Answer::status(503));
    for _ in 0..5 {
        assert_eq!(world.call(&oauth, "x").await.unwrap_err().kind(), ErrorKind::Unreachable);
    }
    world.route(TOKEN, |world, sent| world.issue(sent, json!({})));
    assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);

    // A missing option is reported each time, and no user is asked.
    let world = World::new();
    world.authorization_server(ISSUER, json!({"registration_endpoint": null}));
    let oauth = bound(world.oauth());
    for _ in 0..5 {
        assert_eq!(world.call(&oauth, "x").await.unwrap_err().kind(), ErrorKind::Configuration);
    }
    assert!(world.logins().is_empty());

    // A user who declines is asked a few times, and then not any more.
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
async fn a_refusal_of_the_authorization_server_is_final() {
    let key = SigningKey::generate().unwrap();
    for code in [
        "invalid_grant",
        "invalid_client",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    ] {
        for (name, oauth) in [
            ("client credentials", OAuth::client_credentials(client()).build_in()),
            (
                "a key",
                OAuth::client_credentials(RegisteredClient::new("robot").private_key(key.clone()))
                    .build_in(),
            ),
            (
                "workload",
                OAuth::workload_identity(
                    RegisteredClient::new("robot").issuer(ISSUER),
                    Secret::new("jwt"),
                )
                .build_in(),
            ),
        ] {
            let world = World::new();
            world.answer(TOKEN, Answer::error(code));
            let oauth = bind(oauth(world.clone()));
            let error = world.call(&oauth, "x").await.unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some(code)), "{name}");
            // One request, and no other attempt.
            assert_eq!(world.sent_to(TOKEN).len(), 1, "{name}: {code}");
            assert!(
                world.logins().is_empty()
                    && world.sent_to("https://as.example.com/register").is_empty()
            );
        }
    }
}

/// Builders of several types, as functions that finish them.
trait BuildIn {
    fn build_in(self) -> Box<dyn FnOnce(World) -> OAuth>;
}

macro_rules! build_in {
    ($($grant:ty),*) => {$(
        impl BuildIn for mcp_client::oauth::OAuthBuilder<$grant> {
            fn build_in(self) -> Box<dyn FnOnce(World) -> OAuth> {
                Box::new(move |world| self.http_stack(world).build())
            }
        }
    )*};
}

build_in!(mcp_client::oauth::ClientCredentials, mcp_client::oauth::WorkloadIdentity);

#[tokio::test]
async fn a_platform_provides_the_statement_for_a_program() {
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
    let client = RegisteredClient::new("robot").issuer(ISSUER);
    let oauth = bind(
        OAuth::workload_identity(client, platform).http_stack(world.clone()).scopes(["a"]).build(),
    );
    for number in 1..=2 {
        assert_eq!(world.call(&oauth, "x").await.unwrap(), 200);
        let sent = world.sent_to(TOKEN).pop().unwrap();
        assert_eq!(names(&sent), ["assertion", "client_id", "grant_type", "resource", "scope"]);
        assert_eq!(sent.field("grant_type").as_deref(), Some(JWT_BEARER));
        // A new one each time, since they expire soon.
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
    let client = || RegisteredClient::new("robot").issuer(ISSUER);
    let world = World::new();
    let refuses =
        |_: AssertionRequest| async { Err::<Secret, BoxError>("no token for you".into()) };
    let panics = |_: AssertionRequest| async { panic!("the platform is broken") };
    let hangs = |_: AssertionRequest| std::future::pending::<Result<Secret, BoxError>>();
    for (oauth, kind, message) in [
        (
            OAuth::workload_identity(client(), refuses).http_stack(world.clone()).build(),
            ErrorKind::Denied,
            "the source of the platform's token failed",
        ),
        (
            OAuth::workload_identity(client(), panics).http_stack(world.clone()).build(),
            ErrorKind::Configuration,
            "the source of the platform's token panicked",
        ),
        (
            OAuth::workload_identity(client(), hangs).http_stack(world.clone()).build(),
            ErrorKind::TimedOut,
            "the source of the platform's token took longer than 60s \
             (`OAuthLimits::assertion_timeout`)",
        ),
    ] {
        let error = world.call(&bind(oauth), "x").await.unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (kind, message));
    }
    assert!(world.sent_to(TOKEN).is_empty());
}

#[test]
fn debug_output_has_no_secret() {
    let key = SigningKey::generate().unwrap();
    let canary = || Secret::new("canary");
    let client = || RegisteredClient::new("robot").secret(canary()).private_key(key.clone());
    let issuer = "https://idp.company.example";
    let provider = IdentityProvider::new(issuer, client(), canary());
    for shown in [
        format!("{:?}", OAuth::client_credentials(client())),
        format!("{:?}", OAuth::workload_identity(client(), canary())),
        format!("{:?}", OAuth::enterprise_managed(client(), provider)),
        format!("{:?}", OAuth::client_credentials(client()).dpop(key.clone()).build()),
    ] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}
