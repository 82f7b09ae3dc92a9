//! A log-out ends what has begun before it, and nothing that begins after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mcp_client::http::{BoxError, async_trait};
use mcp_client::oauth::{
    CredentialKey, CredentialStore, ErrorKind, LoginStatus, MemoryStore, Secret, StoreLock,
};
use mcp_test_support::Gate;

use crate::host::{REVOKE, hosted, log_in, revokes};
use crate::world::{SERVER, World};

/// A store whose lock waits at a gate once.
#[derive(Clone)]
struct SlowLock {
    store: MemoryStore,
    gate: Gate,
    is_slow: Arc<AtomicBool>,
}

impl SlowLock {
    fn new(store: &MemoryStore) -> Self {
        Self { store: store.clone(), gate: Gate::new(), is_slow: Arc::default() }
    }
}

#[async_trait]
impl CredentialStore for SlowLock {
    async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError> {
        self.store.load(key).await
    }

    async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError> {
        self.store.save(key, value).await
    }

    async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError> {
        self.store.remove(key).await
    }

    async fn lock(&self, key: &CredentialKey) -> Result<StoreLock, BoxError> {
        if self.is_slow.swap(false, Ordering::SeqCst) {
            self.gate.wait().await;
        }
        self.store.lock(key).await
    }
}

/// The tokens that were revoked.
fn revoked(world: &World) -> Vec<String> {
    world.sent_to(REVOKE).iter().map(|sent| sent.field("token").unwrap()).collect()
}

#[tokio::test]
async fn an_old_log_in_leaves_the_tokens_of_the_next_one_alone() {
    let world = World::new();
    revokes(&world);
    let store = MemoryStore::new();
    let oauth = || hosted(&world).store(store.clone()).build_for(SERVER).unwrap();
    let first = oauth();
    let old = first.begin_login().await.unwrap();
    first.logout().await.unwrap();
    log_in(&world, &first).await;
    let error = old.finish(&world.log_in(old.url())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    // Its token was issued, and is of no use to anyone.
    assert_eq!(revoked(&world), ["refresh-2", "access-2"]);
    assert_eq!(world.call(&first, "a").await.unwrap(), 200);
    // Another process finds the tokens of the new log-in.
    assert_eq!(world.call(&oauth(), "a").await.unwrap(), 200);
    assert_eq!(world.grants("refresh_token").len(), 0);
}

#[tokio::test]
async fn a_log_in_that_waits_for_the_lock_during_a_log_out_saves_nothing() {
    let world = World::new();
    revokes(&world);
    let store = SlowLock::new(&MemoryStore::new());
    let oauth = hosted(&world).store(store.clone()).build_for(SERVER).unwrap();
    let login = oauth.begin_login().await.unwrap();
    let answer = world.log_in(login.url());
    store.is_slow.store(true, Ordering::SeqCst);
    let (finished, ()) = tokio::join!(login.finish(&answer), async {
        store.gate.arrived(1).await;
        oauth.logout().await.unwrap();
        store.gate.open(1);
    });
    assert_eq!(finished.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(revoked(&world), ["refresh-1", "access-1"]);
    let next = hosted(&world).store(store.store).build_for(SERVER).unwrap();
    assert_eq!(next.status().await.unwrap(), LoginStatus::LoggedOut);
}

#[tokio::test]
async fn a_refresh_that_waits_for_the_lock_during_a_log_out_sends_nothing() {
    // The log-out is that of the same authorizer, or of another process.
    for is_same in [true, false] {
        let world = World::new();
        let store = SlowLock::new(&MemoryStore::new());
        let oauth = hosted(&world).store(store.clone()).build_for(SERVER).unwrap();
        let other = hosted(&world).store(store.store.clone()).build_for(SERVER).unwrap();
        log_in(&world, &oauth).await;
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        world.expire_all();
        store.is_slow.store(true, Ordering::SeqCst);
        let (called, ()) = tokio::join!(world.call(&oauth, "a"), async {
            store.gate.arrived(1).await;
            let logs_out = if is_same { &oauth } else { &other };
            logs_out.logout().await.unwrap();
            store.gate.open(1);
        });
        let expected = if is_same { ErrorKind::Denied } else { ErrorKind::LoginRequired };
        assert_eq!(called.unwrap_err().kind(), expected);
        assert!(world.grants("refresh_token").is_empty());
        assert_eq!(other.status().await.unwrap(), LoginStatus::LoggedOut);
    }
}

#[tokio::test]
async fn a_user_who_has_logged_out_is_not_asked_by_what_began_before() {
    let world = World::new();
    let store = SlowLock::new(&MemoryStore::new());
    let oauth = world.oauth().store(store.clone()).build_for(SERVER).unwrap();
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.expire_all();
    store.is_slow.store(true, Ordering::SeqCst);
    let (called, ()) = tokio::join!(world.call(&oauth, "a"), async {
        store.gate.arrived(1).await;
        oauth.logout().await.unwrap();
        store.gate.open(1);
    });
    assert_eq!(called.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(world.logins().len(), 1);
}

/// A store without locks, where saving waits at a gate once: before or after the text is saved.
#[derive(Clone)]
struct SlowSave {
    slow: SlowLock,
    waits_before: bool,
}

#[async_trait]
impl CredentialStore for SlowSave {
    async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError> {
        self.slow.load(key).await
    }

    async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError> {
        let waits = self.slow.is_slow.swap(false, Ordering::SeqCst);
        if waits && self.waits_before {
            self.slow.gate.wait().await;
        }
        self.slow.save(key, value).await?;
        if waits && !self.waits_before {
            self.slow.gate.wait().await;
        }
        Ok(())
    }

    async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError> {
        self.slow.remove(key).await
    }
}

#[tokio::test]
async fn a_refresh_without_a_lock_removes_its_own_token_alone_after_a_log_out() {
    for waits_before in [true, false] {
        let world = World::new();
        revokes(&world);
        let slow = SlowLock::new(&MemoryStore::new());
        let store = SlowSave { slow: slow.clone(), waits_before };
        let oauth = hosted(&world).store(store).build_for(SERVER).unwrap();
        let other = hosted(&world).store(slow.store.clone()).build_for(SERVER).unwrap();
        log_in(&world, &oauth).await;
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        world.expire_all();
        slow.is_slow.store(true, Ordering::SeqCst);
        let (called, ()) = tokio::join!(world.call(&oauth, "a"), async {
            slow.gate.arrived(1).await;
            oauth.logout().await.unwrap();
            if !waits_before {
                log_in(&world, &other).await;
            }
            slow.gate.open(1);
        });
        assert_eq!(called.unwrap_err().kind(), ErrorKind::Denied);
        let is_logged_in = other.status().await.unwrap() != LoginStatus::LoggedOut;
        assert_eq!(is_logged_in, !waits_before);
        let expected: &[&str] = match waits_before {
            true => &["refresh-1", "access-1", "refresh-2", "access-2"],
            false => &["refresh-2", "access-2"],
        };
        assert_eq!(revoked(&world), expected);
    }
}
