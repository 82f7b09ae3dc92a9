//! Tokens that end: refreshed once, kept through failures, never taken where they do not belong.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use mcp_client::http::{Authorizer as _, BoxError, Endpoint};
use mcp_client::oauth::{
    CredentialKey, CredentialStore, ErrorKind, MemoryStore, OAuth, RegisteredClient, Secret,
    StoreLock,
};
use mcp_client::service::BoxFuture;
use serde_json::json;

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

    // The next one uses the refresh token that came with the last.
    world.expire_all();
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(
        world.grants("refresh_token")[1].field("refresh_token").as_deref(),
        Some("refresh-2")
    );
    assert_eq!(world.logins().len(), 1);
}

#[tokio::test]
async fn all_who_wait_get_the_same_error() {
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
        // It was kept: when the server is well again, nobody has to log in.
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
    // The documents that fail keep it too.
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
async fn what_a_refresh_does_not_say_stays() {
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
    // The scope of a later step-up has that of the first log-in.
    world.resource(|_, token, _| match token {
        Some("access-4") => (200, None),
        _ => (403, Some(r#"Bearer error="insufficient_scope", scope="c""#.to_owned())),
    });
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(world.logins()[1].field("scope").as_deref(), Some("a b c"));
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    let world = World::new();
    // No time at all: every request finds that it is time.
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

    // A renewal that fails is no failure while the server takes the token; and it is not tried at every request.
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

    // Without a refresh token the server is asked what it thinks.
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
async fn a_call_that_is_given_up_does_not_lose_the_refresh() {
    let world = World::new();
    let oauth = Arc::new(bound(world.oauth()));
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
    drop(permits);
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
    // Whoever finds the refresh that was lost is told so; it is not waited for again and again.
    assert_eq!(
        second.block_on(world.call(&oauth, "a")).unwrap_err().kind(),
        ErrorKind::Unreachable
    );
    assert_eq!(second.block_on(world.call(&oauth, "a")).unwrap(), 200);
}

#[tokio::test]
async fn a_server_that_refuses_what_was_just_issued() {
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
async fn the_authorization_server_changes() {
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
            assert_eq!(sent.url, PRM, "nobody else is asked");
        }
    }

    // And back: what was kept is still there.
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
async fn the_url_of_a_metadata_document_goes_along() {
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

#[tokio::test]
async fn the_next_process_finds_the_token() {
    let world = World::new();
    let store = MemoryStore::new();
    assert_eq!(world.call(&bound(world.oauth().store(store.clone())), "a").await.unwrap(), 200);
    assert_eq!(world.call(&bound(world.oauth().store(store.clone())), "a").await.unwrap(), 200);
    assert_eq!((world.logins().len(), world.grants("refresh_token").len()), (1, 0));
    // When it has ended, it is refreshed.
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
    // Both have looked into the store, and one is on its way, before there is a new token.
    let permits = world.token_gate.acquire_many(1_000).await.unwrap();
    let both = async { tokio::join!(world.call(&one, "a"), world.call(&two, "a")) };
    let release = async {
        while store.locks.load(Ordering::SeqCst) < 2 || world.grants("refresh_token").is_empty() {
            tokio::task::yield_now().await;
        }
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
        while world.grants("refresh_token").is_empty() {
            tokio::task::yield_now().await;
        }
        // Whoever does not wait for the first one is on its way by then.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        drop(permits);
    };
    let (results, ()) =
        tokio::join!(join_all(connections.iter().map(|oauth| world.call(oauth, "a"))), release);
    assert!(results.into_iter().all(|result| result.unwrap() == 200));
    assert_eq!((world.grants("refresh_token").len(), world.logins().len()), (1, 1));
}

/// A store with a lock, as one has that processes share.
#[derive(Clone, Default)]
struct Locked {
    store: MemoryStore,
    lock: Arc<tokio::sync::Mutex<()>>,
    /// How often the lock was asked for.
    locks: Arc<AtomicUsize>,
}

impl CredentialStore for Locked {
    fn load<'a>(
        &'a self,
        key: &'a CredentialKey,
    ) -> BoxFuture<'a, Result<Option<Secret>, BoxError>> {
        self.store.load(key)
    }

    fn save<'a>(
        &'a self,
        key: &'a CredentialKey,
        value: &'a Secret,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        self.store.save(key, value)
    }

    fn remove<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<(), BoxError>> {
        self.store.remove(key)
    }

    fn lock<'a>(&'a self, _: &'a CredentialKey) -> BoxFuture<'a, Result<StoreLock, BoxError>> {
        self.locks.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(StoreLock::new(Arc::clone(&self.lock).lock_owned().await)) })
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

impl CredentialStore for Broken {
    fn load<'a>(
        &'a self,
        key: &'a CredentialKey,
    ) -> BoxFuture<'a, Result<Option<Secret>, BoxError>> {
        if self.loads { self.store.load(key) } else { Box::pin(async { Err("unreadable".into()) }) }
    }

    fn save<'a>(
        &'a self,
        key: &'a CredentialKey,
        value: &'a Secret,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        if self.saves {
            self.store.save(key, value)
        } else {
            Box::pin(async { Err("disk full".into()) })
        }
    }

    fn remove<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<(), BoxError>> {
        self.store.remove(key)
    }
}

#[tokio::test]
async fn a_store_that_fails() {
    let broken =
        |loads, saves| Broken { store: MemoryStore::new(), loads, saves, tries: Arc::default() };
    let world = World::new();
    let error =
        world.call(&bound(world.oauth().store(broken(false, true))), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(world.logins().is_empty(), "nobody logs in because a disk was busy");

    // What cannot be kept is used all the same, and nothing older is taken for it.
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

#[tokio::test]
async fn a_client_stays_with_its_authorization_server_though_the_store_fails() {
    let world = World::new();
    let store =
        Broken { store: MemoryStore::new(), loads: true, saves: false, tries: Arc::default() };
    let client = RegisteredClient::new("robot").secret("CANARY");
    let oauth = OAuth::client_credentials(client).http_stack(world.clone()).store(store).build();
    oauth.bind(&Endpoint::parse(SERVER).unwrap()).unwrap();
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
async fn a_store_in_memory_has_a_bound() {
    // Keys are made by authorizers alone, so that the bound is filled through them: one entry a resource.
    let world = World::new();
    let store = MemoryStore::new();
    for index in 0..400 {
        let issuer = format!("https://as{index}.example.com");
        world.authorization_server(&issuer, json!({}));
        world.document(PRM, json!({"resource": SERVER, "authorization_servers": [issuer]}));
        world.expire_all();
        assert_eq!(world.call(&bound(world.oauth().store(store.clone())), "a").await.unwrap(), 200);
    }
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 1024 }");
}
