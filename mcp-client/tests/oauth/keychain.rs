//! Credentials in a keychain; the mock store of keyring-core is one.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, mpsc};

use futures::future::join_all;
use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, mock};
use mcp_client::oauth::{ErrorKind, KeychainStore, LoginStatus};
use mcp_test_support::settle;

use crate::host::{hosted, log_in};
use crate::world::{SERVER, World, bound};

fn keychain(backend: &Arc<mock::Store>) -> KeychainStore {
    KeychainStore::with_backend("com.example.notes", Arc::clone(backend) as _)
}

#[tokio::test]
async fn the_next_process_finds_the_log_in_in_the_keychain_and_a_log_out_removes_it() {
    let world = World::new();
    let backend = mock::Store::new().unwrap();
    let oauth = || hosted(&world).store(keychain(&backend)).build_for(SERVER).unwrap();
    log_in(&world, &oauth()).await;
    assert!(matches!(oauth().status().await.unwrap(), LoginStatus::LoggedIn(_)));
    assert_eq!(world.call(&oauth(), "a").await.unwrap(), 200);
    assert_eq!(world.logins().len(), 1);

    oauth().logout().await.unwrap();
    assert_eq!(oauth().status().await.unwrap(), LoginStatus::LoggedOut);
    oauth().logout().await.unwrap();
}

#[tokio::test]
async fn a_keychain_that_fails_needs_no_log_in_and_shows_no_secret() {
    let world = World::new();
    let backend = mock::Store::new().unwrap();
    let oauth = hosted(&world).store(keychain(&backend)).build_for(SERVER).unwrap();
    log_in(&world, &oauth).await;
    for cred in backend.inner.lock().unwrap().borrow().iter() {
        cred.set_error(keyring_core::Error::BadEncoding(b"CANARY".to_vec()));
    }
    let oauth = hosted(&world).store(keychain(&backend)).build_for(SERVER).unwrap();
    let error = oauth.status().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    // As text and as numbers.
    let shown = format!("{error:?} {error}");
    assert!(!shown.contains("CANARY") && !shown.contains("67, 65, 78"), "{shown}");
}

#[tokio::test]
async fn authorizers_that_share_a_keychain_make_one_refresh() {
    let folder = tempfile::tempdir().unwrap();
    for locked in [false, true] {
        let world = World::new();
        let backend = mock::Store::new().unwrap();
        let store = || {
            let store = keychain(&backend);
            let path = folder.path().join("own").join("tokens");
            if locked { store.with_lock_files(path).unwrap() } else { store }
        };
        let shared = store();
        // Those of two processes share the lock file alone.
        let connections: Vec<_> = (0..4)
            .map(|_| bound(world.oauth().store(if locked { store() } else { shared.clone() })))
            .collect();
        for oauth in &connections {
            assert_eq!(world.call(oauth, "a").await.unwrap(), 200);
        }
        world.expire_all();
        let results = join_all(connections.iter().map(|oauth| world.call(oauth, "a"))).await;
        assert!(results.into_iter().all(|result| result.unwrap() == 200));
        assert_eq!((world.grants("refresh_token").len(), world.logins().len()), (1, 1));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_lock_file_that_others_could_replace_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let store = keychain(&mock::Store::new().unwrap());
    let error = store.with_lock_files(folder.path().join("lock")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
}

/// A keychain that says whether a task of a runtime dropped it, where some of them panic.
struct Fragile {
    keychain: Arc<mock::Store>,
    dropped: mpsc::Sender<bool>,
}

impl CredentialStoreApi for Fragile {
    fn vendor(&self) -> String {
        self.keychain.vendor()
    }

    fn id(&self) -> String {
        self.keychain.id()
    }

    fn build(
        &self,
        service: &str,
        user: &str,
        modifiers: Option<&HashMap<&str, &str>>,
    ) -> keyring_core::Result<Entry> {
        self.keychain.build(service, user, modifiers)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        self.dropped.send(tokio::runtime::Handle::try_current().is_ok()).unwrap();
    }
}

#[tokio::test]
async fn no_task_of_the_runtime_drops_a_keychain() {
    let world = World::new();
    let (dropped, drops) = mpsc::channel();
    let keychain = Fragile { keychain: mock::Store::new().unwrap(), dropped };
    let store = KeychainStore::with_backend("com.example.notes", Arc::new(keychain));
    let oauth = hosted(&world).store(store).build_for(SERVER).unwrap();
    log_in(&world, &oauth).await;
    drop(oauth);
    assert!(!drops.recv_timeout(std::time::Duration::from_secs(20)).unwrap());
}

/// A keychain that waits for its user, and counts the operations that have begun.
struct Locked {
    keychain: Arc<mock::Store>,
    begun: mpsc::Sender<()>,
    user: Mutex<mpsc::Receiver<()>>,
}

impl CredentialStoreApi for Locked {
    fn vendor(&self) -> String {
        self.keychain.vendor()
    }

    fn id(&self) -> String {
        self.keychain.id()
    }

    fn build(
        &self,
        service: &str,
        user: &str,
        modifiers: Option<&HashMap<&str, &str>>,
    ) -> keyring_core::Result<Entry> {
        self.begun.send(()).unwrap();
        // An error means that the user has unlocked it.
        let _ = self.user.lock().unwrap().recv();
        self.keychain.build(service, user, modifiers)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[tokio::test]
async fn operations_wait_for_the_one_that_waits_for_the_user() {
    let world = World::new();
    let (begun, begins) = mpsc::channel();
    let (unlock, user) = mpsc::channel();
    let keychain = Locked { keychain: mock::Store::new().unwrap(), begun, user: Mutex::new(user) };
    let store = KeychainStore::with_backend("com.example.notes", Arc::new(keychain));
    let oauth = hosted(&world).store(store).build_for(SERVER).unwrap();
    for _ in 0..4 {
        tokio::select! {
            status = oauth.status() => panic!("{status:?}"),
            () = settle() => {}
        }
    }
    drop(unlock);
    assert_eq!(oauth.status().await.unwrap(), LoginStatus::LoggedOut);
    // The first one, and the last one. What was given up in between has not begun.
    assert_eq!(begins.try_iter().count(), 2);
}
