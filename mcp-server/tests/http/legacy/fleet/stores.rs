//! The stores of sessions: their limits, their failures, and what reaches them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use mcp_server::store::{
    MemoryBus, MemoryEventStore, MemorySessionStore, NewSession, SessionKey, SessionQuota,
    SessionRecord, SessionStore, StoreError, Stores,
};
use mcp_server::{Limits, Principal, Server};
use mcp_test_support::message::{result_of, text_of};
use serde_json::json;

use super::{Shared, arrive, level, request, subscribe};
use crate::legacy::harness::{Client, initialize};

#[tokio::test(start_paused = true)]
async fn an_instance_without_room_drops_idle_sessions_and_restores_them() {
    let mut shared = Shared::new();
    shared.limits.http.max_sessions = 50;
    let a = shared.host();
    let mut small = shared.clone();
    small.limits.http.max_sessions = 4;
    let b = small.host();
    let mut clients = Vec::new();
    for _ in 0..40 {
        clients.push(a.session("2025-11-25").await);
    }
    for client in clients.iter().chain(&clients) {
        let answer = client.at(&b).call(1, "echo", json!({"text": "x"})).await;
        assert_eq!(answer.tool_text().await, "x");
        arrive().await; // The use of a session is noted without waiting for it.
    }
    let busy: Vec<_> = futures::future::join_all(
        clients.iter().take(4).map(|client| async { client.at(&b).get().await }),
    )
    .await;
    let answer = clients[9].at(&b).call(1, "echo", json!({"text": "x"})).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "all of them are busy");
    drop(busy);
    for _ in 40..50 {
        clients.push(a.session("2025-11-25").await);
    }
    let refused = b.client().post(initialize("2025-11-25")).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "there are 50 in all");
}

#[tokio::test(start_paused = true)]
async fn the_sessions_of_a_principal_are_counted_over_all_instances() {
    let mut shared = Shared::new();
    shared.limits.http.max_sessions_per_principal = 3;
    let hosts = [(); 2].map(|()| shared.host());
    for number in 0..4 {
        let mut client = hosts[number % 2].client();
        client.principal = Some(Principal::new("ann"));
        let answer = client.post(initialize("2025-11-25")).await;
        let expected = if number < 3 { 200 } else { 429 };
        assert_eq!(answer.status, expected, "{number}");
    }
}

/// Begins a session at one server, and uses it at the next one, which has the same stores.
async fn restart(open: impl AsyncFn() -> Stores, close: impl AsyncFn(Stores)) {
    let host = |stores: &Stores| Shared { stores: stores.clone(), limits: Limits::new() }.host();
    let stores = open().await;
    let first = host(&stores);
    let client = first.session("2025-11-25").await;
    level(&client, "error").await;
    subscribe(&client, "a://x").await;
    let answer = client.call(1, "count", json!({"to": 1})).await;
    assert!(!answer.is_stream(), "warnings are below the level");
    drop(answer);
    level(&client, "warning").await;
    let mut answer = client.call(1, "count", json!({"to": 1})).await;
    let (id, _) = answer.message().await.unwrap();
    drop(answer);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let session = client.session.clone();
    drop((client, first));
    close(stores).await;

    let stores = open().await;
    let second = host(&stores);
    let mut client = second.client();
    client.session = session;
    let mut messages = client.resume(&id).await.messages().await;
    assert_eq!(text_of(result_of(&messages.pop().unwrap())), "counted to 1");
    let mut stream = client.get().await;
    let mut methods = Vec::new();
    for _ in 0..3 {
        methods.push(stream.message().await.unwrap().1["method"].as_str().unwrap().to_owned());
    }
    assert!(methods.iter().any(|method| method == "notifications/resources/updated"));
    second.handle.resource_updated("a://x");
    assert_eq!(stream.message().await.unwrap().1["params"]["uri"], "a://x");
}

#[tokio::test(start_paused = true)]
async fn without_a_bus_sessions_outlive_a_restart() {
    let stores =
        Stores::new().sessions(MemorySessionStore::new()).events(MemoryEventStore::default());
    restart(async || stores.clone(), async |_| {}).await;
}

#[cfg(feature = "redb")]
#[tokio::test]
async fn sessions_in_a_file_outlive_a_restart() {
    use mcp_server::store::RedbStore;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.redb");
    // The file is free when the last server has gone, whose tasks end by themselves.
    let open = async || loop {
        match RedbStore::open(&path) {
            Ok(store) => return Stores::from(store),
            Err(StoreError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{error}"),
        }
    };
    mcp_test_support::soon(restart(open, async |stores| drop(stores))).await;
}

/// A store of sessions that can fail, and that can say that its contents leave the process.
#[derive(Clone, Default)]
struct TestStore {
    inner: MemorySessionStore,
    fails: Arc<AtomicBool>,
    leaves_process: bool,
}

impl TestStore {
    fn check(&self) -> Result<(), StoreError> {
        match self.fails.load(Ordering::SeqCst) {
            true => Err(StoreError::unavailable("out of order")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl SessionStore for TestStore {
    async fn create(
        &self,
        key: SessionKey,
        session: NewSession,
        quota: SessionQuota,
    ) -> Result<(), StoreError> {
        self.check()?;
        let text = String::from_utf8_lossy(&session.data).into_owned();
        let is_plain = text.contains("client_info") && text.contains("elicitation");
        assert_ne!(is_plain, self.leaves_process, "what leaves the process is sealed");
        self.inner.create(key, session, quota).await
    }

    async fn load(&self, key: SessionKey) -> Result<Option<SessionRecord>, StoreError> {
        self.check()?;
        self.inner.load(key).await
    }

    async fn update(&self, key: SessionKey, version: u64, data: Bytes) -> Result<bool, StoreError> {
        self.check()?;
        self.inner.update(key, version, data).await
    }

    async fn touch(
        &self,
        key: SessionKey,
        ttl: Duration,
        is_read: bool,
    ) -> Result<bool, StoreError> {
        self.check()?;
        self.inner.touch(key, ttl, is_read).await
    }

    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError> {
        self.check()?;
        self.inner.remove(key).await
    }

    fn leaves_process(&self) -> bool {
        self.leaves_process
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_not_a_session_that_has_ended() {
    let store = TestStore::default();
    let stores = Stores::new().sessions(store.clone()).bus(MemoryBus::new());
    let shared = Shared { stores, limits: Limits::new() };
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    store.fails.store(true, Ordering::SeqCst);
    let answer = client.call(1, "echo", json!({"text": "known here"})).await;
    assert_eq!(answer.tool_text().await, "known here");
    let unavailable = client.at(&b).call(2, "echo", json!({"text": "x"})).await;
    assert_eq!(unavailable.status, StatusCode::SERVICE_UNAVAILABLE);
    let error = unavailable.json().await;
    assert_eq!((&error["id"], &error["error"]["data"]["retryable"]), (&json!(2), &json!(true)));
    let begun = b.client().post(initialize("2025-11-25")).await;
    assert_eq!(begun.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(begun.header("mcp-session-id"), None);
    let refused = client.post(request("resources/subscribe", &json!({"uri": "a://x"}))).await;
    assert_eq!(refused.json().await["error"]["data"]["retryable"], true);
    assert_eq!(client.delete().await.status, StatusCode::SERVICE_UNAVAILABLE);
    store.fails.store(false, Ordering::SeqCst);
    let answer = client.at(&b).call(3, "echo", json!({"text": "x"})).await;
    assert_eq!(answer.tool_text().await, "x");
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_process_is_sealed() {
    use mcp_server::input::KeyRing;

    let outside = TestStore { leaves_process: true, ..TestStore::default() };
    let build = |keys: Option<KeyRing>| {
        let stores = Stores::new().sessions(outside.clone()).bus(MemoryBus::new());
        let server = Server::builder("sealed", "1").tools([]).stores(stores);
        match keys {
            Some(keys) => server.state_keys(keys).build(),
            None => server.build(),
        }
    };
    for keys in [None, Some(KeyRing::ephemeral())] {
        let error = build(keys).unwrap_err().to_string();
        assert!(error.contains("state_keys"), "{error}");
    }
    let keys = |secret: &str| Some(KeyRing::new(secret).unwrap());
    let secret = "0123456789abcdef0123456789abcdef";
    let a = build(keys(secret)).unwrap().into_service();
    let mut client = Client::of(&a);
    client.initialize("2025-11-25").await;
    let list = request("tools/list", &json!({}));
    let b = build(keys(secret)).unwrap().into_service();
    let mut at_b = Client::of(&b);
    at_b.session.clone_from(&client.session);
    assert_eq!(at_b.post(list.clone()).await.json().await["result"]["tools"], json!([]));
    let other = build(keys("another secret of at least 32 bytes")).unwrap().into_service();
    let mut at_other = Client::of(&other);
    at_other.session.clone_from(&client.session);
    assert_eq!(at_other.post(list).await.status, StatusCode::SERVICE_UNAVAILABLE);
}
