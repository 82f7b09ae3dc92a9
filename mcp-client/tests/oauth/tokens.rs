//! Tokens that expire: refreshed once, kept through failures, never used where they do not belong.

use std::sync::Arc;

use futures::future::join_all;
use mcp_client::oauth::{ErrorKind, MemoryStore};
use serde_json::json;

use mcp_test_support::settle;

use crate::world::{Answer, ISSUER, PRM, SERVER, World, bound};

const TOKEN: &str = "https://as.example.com/token";

#[tokio::test]
async fn a_hundred_calls_make_one_log_in_and_one_refresh() {
    let world = World::new();
    let oauth = bound(world.oauth());
    let results = join_all((0..100).map(|_| world.call(&oauth, "a"))).await;
    assert!(results.into_iter().all(|result| result.unwrap() == 200));
    assert_eq!(world.logins().len(), 1);
    assert_eq!(world.sent_to(PRM).len(), 1);

    world.expire_all();
    let results = join_all((0..100).map(|_| world.call(&oauth, "a"))).await;
    assert!(results.into_iter().all(|result| result.unwrap() == 200));
    let refreshes = world.grants("refresh_token");
    assert_eq!(refreshes.len(), 1);
    assert_eq!(refreshes[0].field("refresh_token").as_deref(), Some("refresh-1"));
    assert_eq!(refreshes[0].field("resource").as_deref(), Some(SERVER));
    assert_eq!(refreshes[0].field("client_id").as_deref(), Some("dynamic@as.example.com"));

    // The next refresh uses the refresh token of the last response.
    world.expire_all();
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(
        world.grants("refresh_token")[1].field("refresh_token").as_deref(),
        Some("refresh-2")
    );
    assert_eq!(world.logins().len(), 1);
}

#[tokio::test]
async fn all_waiting_calls_get_the_same_error() {
    let world = World::new();
    let oauth = bound(world.oauth());
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.expire_all();
    world.answer(TOKEN, Answer::status(503));
    let results = join_all((0..100).map(|_| world.call(&oauth, "a"))).await;
    assert!(results.into_iter().all(|result| result.unwrap_err().kind() == ErrorKind::Unreachable));
    assert_eq!(world.grants("refresh_token").len(), 1);
}

#[tokio::test]
async fn only_invalid_grant_ends_a_refresh_token() {
    for (answer, kind) in [
        (Answer::status(500), ErrorKind::Unreachable),
        (Answer::status(503), ErrorKind::Unreachable),
        (Answer::status(429), ErrorKind::Unreachable),
        (Answer::status(0), ErrorKind::Unreachable),
        (Answer::status(404), ErrorKind::Refused),
        (Answer::error("invalid_request"), ErrorKind::Refused),
        (Answer::error("temporarily_unavailable"), ErrorKind::Refused),
        (Answer::json(json!({})), ErrorKind::InvalidMetadata),
    ] {
        let world = World::new();
        let oauth = bound(world.oauth());
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        world.expire_all();
        world.answer(TOKEN, answer);
        assert_eq!(world.call(&oauth, "a").await.unwrap_err().kind(), kind);
        // It was kept: when the server works again, no log-in is needed.
        world.endpoints(ISSUER);
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        assert_eq!(world.logins().len(), 1);
        assert_eq!(
            world.grants("refresh_token")[1].field("refresh_token").as_deref(),
            Some("refresh-1")
        );
    }

    let world = World::new();
    let oauth = bound(world.oauth());
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.expire_all();
    world.route(TOKEN, |world, sent| match sent.field("refresh_token") {
        Some(_) => Answer::error("invalid_grant"),
        None => world.issue(sent, json!({})),
    });
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!((world.logins().len(), world.grants("refresh_token").len()), (2, 1));
    // It is kept when a document cannot be fetched too.
    let world = World::new();
    let oauth = bound(world.oauth());
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.expire_all();
    world.answer(PRM, Answer::status(503));
    assert_eq!(world.call(&oauth, "a").await.unwrap_err().kind(), ErrorKind::Unreachable);
    world.document(PRM, json!({"resource": SERVER, "authorization_servers": [ISSUER]}));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(world.logins().len(), 1);
}

#[tokio::test]
async fn a_refresh_keeps_what_its_response_omits() {
    let world = World::new();
    let oauth = bound(world.oauth().scopes(["a b"]));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.route(TOKEN, |world, sent| {
        world.issue(sent, json!({"refresh_token": null, "scope": null}))
    });
    for _ in 0..2 {
        world.expire_all();
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    }
    let used: Vec<_> =
        world.grants("refresh_token").iter().map(|sent| sent.field("refresh_token")).collect();
    assert_eq!(used, [Some("refresh-1".to_owned()), Some("refresh-1".to_owned())]);
    // The scope of a later step-up includes that of the first log-in.
    world.resource(|_, token, _| match token {
        Some("access-4") => (200, None),
        _ => (403, Some(r#"Bearer error="insufficient_scope", scope="c""#.to_owned())),
    });
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(world.logins()[1].field("scope").as_deref(), Some("a b c"));
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let world = World::new();
    // No lifetime at all: the token is due at once.
    world.route(TOKEN, |world, sent| {
        let lifetime = if sent.field("refresh_token").is_some() { 3_600 } else { 0 };
        world.issue(sent, json!({"expires_in": lifetime}))
    });
    let oauth = bound(world.oauth());
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(world.grants("refresh_token").len(), 1, "before the token was used");
    let results = join_all((0..100).map(|_| world.call(&oauth, "a"))).await;
    assert!(results.into_iter().all(|result| result.unwrap() == 200));
    assert_eq!(world.grants("refresh_token").len(), 1);

    // A failed renewal does not matter while the server accepts the token, and it is not tried with
    // every request.
    let world = World::new();
    world.route(TOKEN, |world, sent| match sent.field("refresh_token") {
        Some(_) => Answer::status(503),
        None => world.issue(sent, json!({"expires_in": 0})),
    });
    let oauth = bound(world.oauth());
    for _ in 0..10 {
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    }
    assert_eq!(world.grants("refresh_token").len(), 1);
    assert_eq!(world.logins().len(), 1);

    // Without a refresh token the server decides.
    let world = World::new();
    world.route(TOKEN, |world, sent| {
        world.issue(sent, json!({"expires_in": 0, "refresh_token": null}))
    });
    let oauth = bound(world.oauth());
    for _ in 0..10 {
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    }
    assert_eq!(world.logins().len(), 1);
}

#[tokio::test]
async fn a_dropped_call_does_not_lose_the_refresh() {
    // The authorizer stays, or is dropped too.
    for stays in [true, false] {
        a_call_is_dropped_during_its_refresh(stays).await;
    }
}

async fn a_call_is_dropped_during_its_refresh(stays: bool) {
    let world = World::new();
    let store = MemoryStore::new();
    let mut oauth = Arc::new(bound(world.oauth().store(store.clone())));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.expire_all();
    let permits = world.token_gate.acquire_many(1_000).await.unwrap();
    let call = tokio::spawn({
        let (world, oauth) = (world.clone(), Arc::clone(&oauth));
        async move { world.call(&oauth, "a").await }
    });
    // The request is on its way, and waits at the gate.
    while world.grants("refresh_token").is_empty() {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    if !stays {
        oauth = Arc::new(bound(world.oauth().store(store)));
    }
    drop(permits);
    // It is on its way from the server to the store.
    settle().await;
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(world.grants("refresh_token").len(), 1);
}

#[test]
fn an_authorizer_outlives_its_runtime() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = World::new();
    let oauth = bound(world.oauth());
    let first = runtime();
    assert_eq!(first.block_on(world.call(&oauth, "a")).unwrap(), 200);
    world.expire_all();
    let gate = Arc::clone(&world.token_gate);
    let permits = gate.try_acquire_many(1_000).unwrap();
    first.block_on(async {
        let on_its_way = async {
            while world.grants("refresh_token").is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = world.call(&oauth, "a") => panic!("the gate is closed"),
            () = on_its_way => {}
        }
    });
    drop(first); // With the refresh.
    drop(permits);
    let second = runtime();
    // The first call after the lost refresh reports it; later ones start another.
    assert_eq!(
        second.block_on(world.call(&oauth, "a")).unwrap_err().kind(),
        ErrorKind::Unreachable
    );
    assert_eq!(second.block_on(world.call(&oauth, "a")).unwrap(), 200);
}

#[tokio::test]
async fn a_server_that_refuses_a_new_token_ends_the_call() {
    let world = World::new();
    world.resource(|_, _, _| {
        (401, Some(format!(r#"Bearer resource_metadata="{PRM}", error="invalid_token""#)))
    });
    let oauth = bound(world.oauth());
    let error = world.call(&oauth, "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("invalid_token"), "{error}");
    assert_eq!((world.logins().len(), world.grants("refresh_token").len()), (1, 0));
}

#[tokio::test]
async fn another_authorization_server_gets_nothing_of_the_first_one() {
    let world = World::new();
    let store = MemoryStore::new();
    let oauth = bound(world.oauth().store(store.clone()));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.forget_sent();

    let other = "https://as2.example.com";
    world.authorization_server(other, json!({}));
    world.document(PRM, json!({"resource": SERVER, "authorization_servers": [other]}));
    world.expire_all();
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(world.logins()[0].field("client_id").as_deref(), Some("dynamic@as2.example.com"));
    assert_eq!(world.sent_to("https://as2.example.com/register").len(), 1);
    for sent in world.sent().iter().chain(&world.logins()) {
        if sent.url.starts_with(other) {
            let all = format!("{sent:?}");
            for secret in ["dynamic@as.example.com", "access-1", "refresh-1"] {
                assert!(!all.contains(secret), "{secret} went to the other server: {all}");
            }
        } else {
            assert_eq!(sent.url, PRM, "no other server gets a request");
        }
    }

    // Back again: the stored credentials are still there.
    world.forget_sent();
    world.expire_all();
    world.document(PRM, json!({"resource": SERVER, "authorization_servers": [ISSUER]}));
    assert_eq!(world.call(&bound(world.oauth().store(store)), "a").await.unwrap(), 200);
    assert!(world.logins().is_empty());
    assert_eq!(
        world.grants("refresh_token")[0].field("refresh_token").as_deref(),
        Some("refresh-1")
    );
}

#[tokio::test]
async fn the_id_of_a_metadata_document_is_valid_at_every_authorization_server() {
    let world = World::new();
    let document = "https://host.example.com/client.json";
    let supported = json!({"client_id_metadata_document_supported": true});
    world.authorization_server(ISSUER, supported.clone());
    let oauth = bound(world.oauth().client_metadata_url(document));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.authorization_server("https://as2.example.com", supported);
    world.document(
        PRM,
        json!({"resource": SERVER, "authorization_servers": ["https://as2.example.com"]}),
    );
    world.expire_all();
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert!(
        world.logins().iter().all(|login| login.field("client_id").as_deref() == Some(document))
    );
    assert!(!format!("{:?}", world.sent_to("https://as2.example.com/token")).contains("refresh-1"));
}
