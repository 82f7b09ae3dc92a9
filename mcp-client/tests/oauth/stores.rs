//! Stores: found again by the next process, shared by several, failing, bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use mcp_client::http::{Authorizer as _, BoxError, async_trait};
use mcp_client::oauth::{
    CredentialKey, CredentialStore, ErrorKind, MemoryStore, OAuth, OAuthLimits, RegisteredClient,
    Secret, StoreLock,
};
use serde_json::json;

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
    let store = Locked::default();
    let (one, two) =
        (bound(world.oauth().store(store.clone())), bound(world.oauth().store(store.clone())));
    assert_eq!(world.call(&one, "a").await.unwrap(), 200);
    assert_eq!(world.call(&two, "a").await.unwrap(), 200);
    world.expire_all();
    let before = store.locks.load(Ordering::SeqCst);
    // Both have read the store, and one refresh is under way, before there is a new token.
    let permits = world.token_gate.acquire_many(1_000).await.unwrap();
    let both = async { tokio::join!(world.call(&one, "a"), world.call(&two, "a")) };
    let release = async {
        // A refresh without the lock would be sent within these turns, and counted below.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        let locks = store.locks.load(Ordering::SeqCst) - before;
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

/// A store with a lock, such as one that processes share.
#[derive(Clone, Default)]
struct Locked {
    store: MemoryStore,
    lock: Arc<tokio::sync::Mutex<()>>,
    /// How often the lock was asked for.
    locks: Arc<AtomicUsize>,
}

#[async_trait]
impl CredentialStore for Locked {
    async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError> {
        self.store.load(key).await
    }

    async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError> {
        self.store.save(key, value).await
    }

    async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError> {
        self.store.remove(key).await
    }

    async fn lock(&self, _: &CredentialKey) -> Result<StoreLock, BoxError> {
        self.locks.fetch_add(1, Ordering::SeqCst);
        Ok(StoreLock::new(Arc::clone(&self.lock).lock_owned().await))
    }
}

/// A store whose disk is full, or cannot be read.
#[derive(Clone)]
struct Broken {
    store: MemoryStore,
    loads: bool,
    saves: bool,
    tries: Arc<AtomicUsize>,
}

#[async_trait]
impl CredentialStore for Broken {
    async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError> {
        if self.loads { self.store.load(key).await } else { Err("unreadable".into()) }
    }

    async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        if self.saves { self.store.save(key, value).await } else { Err("disk full".into()) }
    }

    async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError> {
        self.store.remove(key).await
    }
}

#[tokio::test]
async fn a_failing_store_needs_no_log_in() {
    let broken =
        |loads, saves| Broken { store: MemoryStore::new(), loads, saves, tries: Arc::default() };
    let world = World::new();
    let error =
        world.call(&bound(world.oauth().store(broken(false, true))), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(world.logins().is_empty(), "no log-in because a disk was busy");

    // Tokens that cannot be saved are used all the same, and no older one replaces them.
    let store = broken(true, false);
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
    assert!(store.tries.load(Ordering::SeqCst) >= 4);
}

/// A store that does not answer, such as a keychain whose dialog stays open.
#[derive(Clone)]
struct Silent;

#[async_trait]
impl CredentialStore for Silent {
    async fn load(&self, _: &CredentialKey) -> Result<Option<Secret>, BoxError> {
        std::future::pending().await
    }

    async fn save(&self, _: &CredentialKey, _: &Secret) -> Result<(), BoxError> {
        std::future::pending().await
    }

    async fn remove(&self, _: &CredentialKey) -> Result<(), BoxError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_waited_for_only_so_long() {
    let world = World::new();
    let begun = tokio::time::Instant::now();
    let error = world.call(&bound(world.oauth().store(Silent)), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(format!("{error:?}").contains("OAuthLimits::store_timeout"), "{error:?}");
    assert_eq!(begun.elapsed(), OAuthLimits::new().store_timeout);
    assert!(world.logins().is_empty(), "no log-in because a store was busy");
}

#[tokio::test]
async fn a_client_stays_with_its_authorization_server_though_the_store_fails() {
    let world = World::new();
    let store =
        Broken { store: MemoryStore::new(), loads: true, saves: false, tries: Arc::default() };
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

/// A store without a lock, whose tokens must not be removed.
#[derive(Clone)]
struct Unlocked(MemoryStore);

#[async_trait]
impl CredentialStore for Unlocked {
    async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError> {
        self.0.load(key).await
    }

    async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError> {
        self.0.save(key, value).await
    }

    async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError> {
        panic!("{} was removed, though it is newer", key.as_str())
    }
}

#[tokio::test]
async fn after_invalid_grant_the_token_of_a_quicker_process_is_used() {
    let world = World::new();
    let store = Unlocked(MemoryStore::new());
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
