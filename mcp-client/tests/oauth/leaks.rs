//! No secret in a log, an error or a debug output, at any level.

use std::sync::Arc;

use mcp_client::oauth::{
    IdentityProvider, MemoryStore, OAuth, RegisteredClient, Secret, SigningKey,
};
use mcp_test_support::Log;
use serde_json::json;

use crate::world::{Answer, ISSUER, PRM, World, answer_of, bind, bound};

#[tokio::test]
async fn a_log_in_leaks_no_secret() {
    let (log, _guard) = Log::capture();

    let mut shown = String::new();
    // One run that succeeds with a step-up and a refresh, and some in which a secret is where it
    // does not belong.
    let canary = |name: &str| format!("CANARY-{name}");
    let answers = [
        json!({}),
        json!({"access_token": "CANARY-access\n"}),
        json!({"token_type": "CANARY", "access_token": "CANARY-access"}),
        json!({"expires_in": "CANARY-text"}),
        json!({"refresh_token": ["CANARY-refresh"]}),
    ];
    for change in answers {
        let world = World::new();
        world.user(|asked| answer_of(asked, &[]));
        world.route("https://as.example.com/token", move |world, sent| {
            let mut token = json!({
                "access_token": "CANARY-access",
                "refresh_token": "CANARY-refresh",
                "id_token": "CANARY-id",
            });
            for (name, value) in change.as_object().unwrap() {
                token[name] = value.clone();
            }
            let _ = world.issue(sent, json!({}));
            if sent.field("refresh_token").is_some() && change != json!({}) {
                return Answer {
                    status: 400,
                    ..Answer::json(json!({"error": "CANARY", "x": "CANARY-x"}))
                };
            }
            let mut answer = world.issue(&without_code(sent), token);
            answer.status = 200;
            answer
        });
        let calls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        world.resource(move |_, token, _| {
            match (calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst), token) {
                (_, None) => (401, Some(format!(r#"Bearer resource_metadata="{PRM}", scope="a""#))),
                (3, _) => (401, Some("Bearer".to_owned())),
                (5, _) => (403, Some(r#"Bearer error="insufficient_scope", scope="b""#.to_owned())),
                _ => (200, None),
            }
        });
        let client = RegisteredClient::new("mine").secret(canary("client")).issuer(ISSUER);
        let store = MemoryStore::new();
        let builder = world.oauth().client(client).store(store.clone());
        shown += &format!("{builder:?}");
        let oauth = bound(builder);
        for _ in 0..6 {
            match world.call(&oauth, "a").await {
                Ok(_) => {}
                Err(error) => {
                    shown += &format!("{error} {error:?} {error:#?}");
                    let mut source = std::error::Error::source(&error);
                    while let Some(error) = source {
                        shown += &format!("{error} {error:?}");
                        source = error.source();
                    }
                }
            }
        }
        shown += &format!("{oauth:?} {store:?} {:?}", Secret::new(canary("secret")));
        for login in world.logins() {
            shown += &format!("{:?}", login.field("state").map(|_| "state"));
            let log = log.text();
            for secret in ["state", "code_challenge"] {
                assert!(!log.contains(&login.field(secret).unwrap()), "{secret} is in the log");
            }
        }
    }
    let log = log.text();
    assert!(log.contains("the user is asked to log in"), "there is a log: {log}");
    // The type and the code are not secrets; everything else that begins so is.
    for place in [&log, &shown] {
        assert!(!place.contains("CANARY-"), "{place}");
    }
}

/// The request without its code, which was redeemed.
fn without_code(sent: &crate::world::Sent) -> crate::world::Sent {
    crate::world::Sent { body: String::new(), ..sent.clone() }
}

#[tokio::test]
async fn grants_without_a_log_in_leak_no_secret() {
    let (log, _guard) = Log::capture();

    let key = SigningKey::generate().unwrap();
    let secret = || Secret::new("CANARY-secret");
    let client = || RegisteredClient::new("mine").secret(secret()).issuer(ISSUER);
    let idp = "https://idp.example.com/token";
    let mut shown = String::new();
    for code in [None, Some("invalid_grant")] {
        let at_company = client().issuer("https://idp.example.com");
        let provider =
            IdentityProvider::new("https://idp.example.com", at_company, Secret::new("CANARY-id"));
        let world = World::new();
        if let Some(code) = code {
            world.answer("https://as.example.com/token", Answer::error(code));
        }
        world.answer(
            idp,
            Answer::json(json!({
                "access_token": "CANARY-id-jag",
                "token_type": "N_A",
                "issued_token_type": "urn:ietf:params:oauth:token-type:id-jag",
            })),
        );
        let stack = || world.clone();
        for oauth in [
            OAuth::client_credentials(client()).http_stack(stack()).build(),
            OAuth::client_credentials(client().private_key(key.clone()))
                .http_stack(stack())
                .build(),
            OAuth::workload_identity(client(), Secret::new("CANARY-jwt"))
                .http_stack(stack())
                .build(),
            OAuth::enterprise_managed(client(), provider.token_endpoint(idp))
                .http_stack(stack())
                .build(),
        ] {
            let oauth = bind(oauth);
            let result = world.call(&oauth, "a").await;
            assert_eq!(result.is_ok(), code.is_none());
            shown += &format!("{oauth:?} {:?}", result.err());
        }
    }
    let log = log.text();
    for place in [&log, &shown] {
        assert!(!place.contains("CANARY"), "{place}");
        assert!(!place.contains("eyJ"), "a signed statement is shown: {place}");
    }
}
