//! When the server may take the client for another user than before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_client::http::Authorizer as _;
use mcp_client::oauth::{AuthorizationCode, MemoryStore, OAuth, OAuthBuilder, RegisteredClient};
use serde_json::json;

use crate::world::{Answer, ISSUER, PRM, SERVER, World, binding, bound};

const TOKEN: &str = "https://as.example.com/token";

/// An authorizer that counts how often the identity changed.
fn counted(builder: OAuthBuilder<AuthorizationCode>) -> (OAuth, Arc<AtomicUsize>) {
    let changes = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&changes);
    let oauth = builder.build();
    let changed = move || {
        counter.fetch_add(1, Ordering::SeqCst);
    };
    oauth.bind(&binding(SERVER).on_identity_change(changed)).unwrap();
    (oauth, changes)
}

#[tokio::test]
async fn another_log_in_changes_the_identity_and_a_refresh_does_not() {
    let world = World::new();
    let store = MemoryStore::new();
    let (oauth, changes) = counted(world.oauth().store(store.clone()));
    let changes = || changes.load(Ordering::SeqCst);
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(changes(), 1, "the user may be another than that of earlier processes");
    for _ in 0..2 {
        world.expire_all();
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    }
    assert_eq!((world.grants("refresh_token").len(), changes()), (2, 1));

    // The refresh token ends, and somebody else logs in.
    world.expire_all();
    world.route(TOKEN, |world, sent| match sent.field("refresh_token") {
        Some(_) => Answer::error("invalid_grant"),
        None => world.issue(sent, json!({})),
    });
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!((world.logins().len(), changes()), (2, 2));

    // A log-in of another process, found in the store.
    world.expire_all();
    let (other, other_changes) = counted(world.oauth().store(store.clone()));
    assert_eq!(world.call(&other, "a").await.unwrap(), 200);
    assert_eq!((world.logins().len(), other_changes.load(Ordering::SeqCst)), (3, 1));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!((world.logins().len(), changes()), (3, 3));

    // A process that begins with the stored token has no results of another user.
    let (next, changes) = counted(world.oauth().store(store));
    assert_eq!(world.call(&next, "a").await.unwrap(), 200);
    assert_eq!((world.logins().len(), changes.load(Ordering::SeqCst)), (3, 0));
}

#[tokio::test]
async fn a_token_after_answers_without_one_changes_the_identity() {
    let world = World::new();
    let store = MemoryStore::new();
    assert_eq!(world.call(&bound(world.oauth().store(store.clone())), "a").await.unwrap(), 200);
    world.resource(|world, token, operation| match token {
        None if operation == "public" => (200, None),
        Some(token) if world.is_valid(token) => (200, None),
        _ => (401, Some(format!(r#"Bearer resource_metadata="{PRM}""#))),
    });
    let (oauth, changes) = counted(world.oauth().store(store));
    assert_eq!(world.call(&oauth, "public").await.unwrap(), 200);
    assert_eq!(world.call(&oauth, "private").await.unwrap(), 200);
    assert_eq!((world.logins().len(), changes.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_program_keeps_its_identity_whatever_token_it_uses() {
    let world = World::without_refresh_tokens();
    let client = RegisteredClient::new("robot").secret("s").issuer(ISSUER);
    let oauth = OAuth::client_credentials(client).http_stack(world.clone()).build();
    let changes = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&changes);
    let changed = move || {
        counter.fetch_add(1, Ordering::SeqCst);
    };
    oauth.bind(&binding(SERVER).on_identity_change(changed)).unwrap();
    for _ in 0..3 {
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        world.expire_all();
    }
    assert_eq!(world.grants("client_credentials").len(), 3);
    assert_eq!(changes.load(Ordering::SeqCst), 1);
}
