//! Stores: found again by the next process, shared by several, failing, bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use mcp_client::http::Authorizer as _;
use mcp_client::oauth::{ErrorKind, MemoryStore, OAuth, OAuthLimits, RegisteredClient};
use serde_json::json;

use crate::hooked_store::{HookedStore, Operation};
use crate::world::{Answer, ISSUER, PRM, SERVER, World, bind, binding, bound};

const TOKEN: &str = "https://as.example.com/token";

#[tokio::test]
async fn the_next_process_finds_the_token() {
    let world = World::new();
    let store = MemoryStore::new();
    assert_eq!(world.call(&bound(world.oauth().store(store.clone())), "a").await.unwrap(), 200);
    assert_eq!(world.call(&bound(world.oauth().store(store.clone())), "a").await.unwrap(), 200);
    assert_eq!((world.logins().len(), world.grants("refresh_token").len()), (1, 0));
    // When it has expired, it is refreshed.
    world.expire_all();
    assert_eq!(world.call(&bound(world.oauth().store(store)), "a").await.unwrap(), 200);
    assert_eq!((world.logins().len(), world.grants("refresh_token").len()), (1, 1));
}

#[tokio::test]
async fn two_processes_with_one_store_make_one_refresh() {
    let world = World::new();
    let locks = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&locks);
    let store = HookedStore::new(&MemoryStore::new(), move |operation, _| {
        if operation == Operation::Lock {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        std::future::ready(Ok(()))
    });
    let (one, two) =
        (bound(world.oauth().store(store.clone())), bound(world.oauth().store(store.clone())));
    assert_eq!(world.call(&one, "a").await.unwrap(), 200);
    assert_eq!(world.call(&two, "a").await.unwrap(), 200);
    world.expire_all();
    let before = locks.load(Ordering::SeqCst);
    // Both have read the store, and one refresh is under way, before there is a new token.
    let permits = world.token_gate.acquire_many(1_000).await.unwrap();
    let both = async { tokio::join!(world.call(&one, "a"), world.call(&two, "a")) };
    let release = async {
        // A refresh without the lock would be sent within these turns, and counted below.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        let locks = locks.load(Ordering::SeqCst) - before;
        assert_eq!(locks, 2, "a refresh did not take the lock");
        drop(permits);
    };
    let ((first, second), ()) = tokio::join!(both, release);
    assert_eq!((first.unwrap(), second.unwrap()), (200, 200));
    assert_eq!(world.grants("refresh_token").len(), 1);
    assert_eq!(world.logins().len(), 1);
}

#[tokio::test]
async fn connections_that_share_a_store_in_memory_make_one_refresh() {
    let world = World::new();
    let store = MemoryStore::new();
    let connections: Vec<_> = (0..8).map(|_| bound(world.oauth().store(store.clone()))).collect();
    for oauth in &connections {
        assert_eq!(world.call(oauth, "a").await.unwrap(), 200);
    }
    world.expire_all();
    let permits = world.token_gate.acquire_many(1_000).await.unwrap();
    let release = async {
        // A connection that did not wait would send its refresh within these turns.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(world.grants("refresh_token").len(), 1, "a refresh did not take the lock");
        drop(permits);
    };
    let (results, ()) =
        tokio::join!(join_all(connections.iter().map(|oauth| world.call(oauth, "a"))), release);
    assert!(results.into_iter().all(|result| result.unwrap() == 200));
    assert_eq!((world.grants("refresh_token").len(), world.logins().len()), (1, 1));
}

#[tokio::test]
async fn a_failing_store_needs_no_log_in() {
    let world = World::new();
    let unreadable = HookedStore::failing(&MemoryStore::new(), Operation::Load, "unreadable");
    let error = world.call(&bound(world.oauth().store(unreadable)), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(world.logins().is_empty(), "no log-in because a disk was busy");

    // Tokens that cannot be saved are used all the same, and no older one replaces them.
    let store = HookedStore::failing(&MemoryStore::new(), Operation::Save, "disk full");
    let oauth = bound(world.oauth().store(store.clone()));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    for used in ["refresh-1", "refresh-2"] {
        world.expire_all();
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        assert_eq!(
            world.grants("refresh_token").last().unwrap().field("refresh_token").as_deref(),
            Some(used)
        );
    }
    assert_eq!(world.logins().len(), 1);
    assert_eq!(format!("{:?}", store.memory), "MemoryStore { entries: 0, .. }");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_waited_for_only_so_long() {
    let world = World::new();
    let begun = tokio::time::Instant::now();
    // Such as a keychain whose dialog stays open.
    let silent = HookedStore::new(&MemoryStore::new(), |_, _| std::future::pending());
    let error = world.call(&bound(world.oauth().store(silent)), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(format!("{error:?}").contains("OAuthLimits::store_timeout"), "{error:?}");
    assert_eq!(begun.elapsed(), OAuthLimits::new().store_timeout);
    assert!(world.logins().is_empty(), "no log-in because a store was busy");
}

#[tokio::test]
async fn a_client_stays_with_its_authorization_server_though_the_store_fails() {
    let world = World::new();
    let store = HookedStore::failing(&MemoryStore::new(), Operation::Save, "disk full");
    let client = RegisteredClient::new("robot").secret("CANARY").issuer_from_server();
    let oauth = OAuth::client_credentials(client).http_stack(world.clone()).store(store).build();
    let oauth = bind(oauth);
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.expire_all();
    let evil = "https://evil.example.com";
    world.authorization_server(
        evil,
        json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}),
    );
    world.document(PRM, json!({"resource": SERVER, "authorization_servers": [evil]}));
    assert_eq!(world.call(&oauth, "a").await.unwrap_err().kind(), ErrorKind::Configuration);
    assert!(!world.urls().iter().any(|url| url.starts_with(evil) && url.ends_with("/token")));
}

#[tokio::test]
async fn a_store_in_memory_is_bounded() {
    // Only authorizers make keys, so they fill the store: three entries for each server.
    let world = World::new();
    let store = MemoryStore::new();
    for index in 0..400 {
        let issuer = format!("https://as{index}.example.com");
        world.authorization_server(&issuer, json!({}));
        world.document(PRM, json!({"resource": SERVER, "authorization_servers": [issuer]}));
        world.expire_all();
        assert_eq!(world.call(&bound(world.oauth().store(store.clone())), "a").await.unwrap(), 200);
    }
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 1024, .. }");
}

#[tokio::test]
async fn after_invalid_grant_the_token_of_a_quicker_process_is_used() {
    let world = World::new();
    let store = HookedStore::new(&MemoryStore::new(), |operation, key| {
        assert_ne!(operation, Operation::Remove, "{} is newer", key.as_str());
        std::future::ready(Ok(()))
    });
    let store = store.without_locks();
    let client = || RegisteredClient::new("desktop");
    let slow = bound(world.oauth().client(client()).store(store.clone()));
    assert_eq!(world.call(&slow, "a").await.unwrap(), 200);
    world.expire_all();

    // The quicker process refreshes while the slower one's request is at the token endpoint.
    let permits = world.token_gate.acquire_many(1_000).await.unwrap();
    let used = Arc::new(std::sync::Mutex::new(std::collections::HashSet::new()));
    world.route(TOKEN, move |world, sent| {
        match used.lock().unwrap().insert(sent.field("refresh_token").unwrap()) {
            true => world.issue(sent, json!({})),
            false => Answer::error("invalid_grant"),
        }
    });
    let quick = bound(world.oauth().client(client()).store(store.clone()));
    let both = async { tokio::join!(world.call(&quick, "a"), world.call(&slow, "a")) };
    let release = async {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(world.grants("refresh_token").len(), 2, "both use the same refresh token");
        drop(permits);
    };
    let ((quick, slow), ()) = tokio::join!(both, release);
    assert_eq!((quick.unwrap(), slow.unwrap()), (200, 200));
    assert_eq!(world.grants("refresh_token").len(), 2);
    assert_eq!(world.logins().len(), 1, "the user need not log in");
}

#[tokio::test]
async fn a_token_is_for_one_url_even_if_the_resource_is_the_origin() {
    let other = "https://mcp.example.com/other";
    let world = World::new();
    world.remove(PRM);
    world.document(
        "https://mcp.example.com/.well-known/oauth-protected-resource",
        json!({"resource": "https://mcp.example.com", "authorization_servers": [ISSUER]}),
    );
    world.resource(|world, token, _| match token {
        Some(token) if world.is_valid(token) => (200, None),
        _ => (401, None),
    });
    let store = MemoryStore::new();
    let client = || RegisteredClient::new("desktop");
    let first = bound(world.oauth().client(client()).store(store.clone()));
    assert_eq!(world.call(&first, "a").await.unwrap(), 200);
    let second = world.oauth().client(client()).store(store).build();
    second.bind(&binding(other)).unwrap();
    assert_eq!(world.call(&second, "a").await.unwrap(), 200);
    assert_eq!(world.logins().len(), 2, "the second path must not get the token of the first");
}

#[tokio::test]
async fn principals_share_a_store_and_no_token() {
    let world = World::new();
    let store = MemoryStore::new();
    let program = |principal: &str| bound(world.oauth().store(store.clone()).principal(principal));
    for principal in ["alice", "bob", "alice", "bob"] {
        assert_eq!(world.call(&program(principal), "a").await.unwrap(), 200);
    }
    assert_eq!(world.logins().len(), 2, "one for each principal");
    // The application itself is registered once.
    assert_eq!(world.sent_to("https://as.example.com/register").len(), 1);
}
