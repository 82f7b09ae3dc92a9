//! Several instances of a server that share their sessions, behind a load balancer that leads each
//! request to any of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use http::StatusCode;
use mcp_server::http::HttpOptions;
use mcp_server::store::{
    BusEvent, EventStore, MemoryBus, MemoryEventStore, MemoryNonceStore, MemorySessionStore,
    MessageBus, NewSession, ReplayError, SessionKey, SessionQuota, SessionRecord, SessionStore,
    StoreError, StoredEvent, Stores, StreamKey,
};
use mcp_server::{Limits, Principal, Server};
use mcp_test_support::message::{result_of, text_of};
use serde_json::{Value, json};

use super::harness::{Client, Host};

/// What instances share.
#[derive(Clone)]
struct Shared {
    stores: Stores,
    limits: Limits,
}

impl Shared {
    fn new() -> Self {
        let stores = Stores::new()
            .sessions(MemorySessionStore::new())
            .events(MemoryEventStore::default())
            .nonces(MemoryNonceStore::new())
            .bus(MemoryBus::new());
        Self { stores, limits: Limits::new() }
    }

    fn host(&self) -> Host {
        Host::sharing(self.stores.clone(), HttpOptions::new(), self.limits.clone())
    }
}

fn request(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 5, "method": method, "params": params})
}

/// Lets what was sent between instances arrive.
async fn arrive() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

async fn level(client: &Client, level: &str) {
    let answer = client.post(request("logging/setLevel", &json!({"level": level}))).await;
    assert_eq!(answer.json().await["result"], json!({}));
}

async fn subscribe(client: &Client, uri: &str) {
    let answer = client.post(request("resources/subscribe", &json!({"uri": uri}))).await;
    assert_eq!(answer.json().await["result"], json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_session_begun_at_one_instance_works_at_the_others() {
    let shared = Shared::new();
    let [a, b, late] = [(); 3].map(|()| shared.host());
    let client = a.session("2025-11-25").await;
    for host in [&b, &late, &a, &b] {
        let answer = client.at(host).call(1, "echo", json!({"text": "here"})).await;
        assert_eq!(answer.tool_text().await, "here");
    }
    drop((a, b));
    let answer = client.at(&late).call(1, "echo", json!({"text": "still"})).await;
    assert_eq!(answer.tool_text().await, "still");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_its_principals_at_every_instance() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let mut ann = a.client();
    ann.principal = Some(Principal::new("ann"));
    ann.initialize("2025-11-25").await;
    let at_b = ann.at(&b);
    for (principal, status) in
        [(Some("bob"), 404), (None, 404), (Some("ann"), 200), (Some("bob"), 404), (None, 404)]
    {
        let mut client = at_b.clone();
        client.principal = principal.map(Principal::new);
        let answer = client.call(1, "whoami", json!({})).await;
        assert_eq!(answer.status, status, "{principal:?}");
        if status == 200 {
            assert_eq!(answer.tool_text().await, "ann");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_reaches_the_handler_that_asked_at_another_instance() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut call = client.call(1, "ask", json!({"question": "Who?"})).await;
    let (_, question) = call.message().await.unwrap();
    let answer = json!({
        "jsonrpc": "2.0", "id": question["id"],
        "result": {"action": "accept", "content": {"name": "Ann"}}
    });
    // An id that another session received is not accepted.
    let stranger = a.session("2025-11-25").await;
    let refused = stranger.at(&b).post(answer.clone()).await;
    assert_eq!(refused.status, StatusCode::ACCEPTED);
    assert_eq!(client.at(&b).post(answer.clone()).await.status, StatusCode::ACCEPTED);
    assert_eq!(call.tool_text().await, r#"name "Ann""#);
    // The second one is late.
    assert_eq!(client.at(&b).post(answer).await.status, StatusCode::ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_reaches_the_call_at_another_instance() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.call(7, "slow", json!({"ms": 60_000})).await }
    });
    arrive().await;
    let cancel = json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}
    });
    assert_eq!(client.at(&b).post(cancel).await.status, StatusCode::ACCEPTED);
    drop(call.await.unwrap());
    assert_eq!((a.log.dropped(), a.log.finished()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_ended_at_one_instance_is_ended_at_all() {
    let shared = Shared::new();
    let (a, b, c) = (shared.host(), shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut stream = client.get().await;
    client.at(&b).call(1, "echo", json!({"text": "x"})).await.tool_text().await;
    assert_eq!(client.at(&b).delete().await.status, StatusCode::NO_CONTENT);
    assert!(stream.event().await.unwrap().data.is_empty());
    assert!(stream.message().await.is_none(), "its stream has ended");
    for host in [&a, &b, &c] {
        let answer = client.at(host).call(2, "echo", json!({"text": "x"})).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_client_sets_holds_at_every_instance() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    client.at(&b).call(1, "echo", json!({"text": "x"})).await.tool_text().await;
    level(&client, "error").await;
    arrive().await;
    let c = shared.host(); // It restores the session with the level.
    for host in [&a, &b, &c] {
        let answer = client.at(host).call(2, "burst", json!({"to": 3})).await;
        assert!(!answer.is_stream(), "warnings are below the level");
    }
    level(&client.at(&c), "warning").await;
    arrive().await;
    for host in [&a, &b, &c] {
        let answer = client.at(host).call(2, "burst", json!({"to": 3})).await;
        assert_eq!(answer.messages().await.len(), 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_at_one_instance_reaches_listeners_at_all() {
    let shared = Shared::new();
    let (a, b, c) = (shared.host(), shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut stream = client.at(&b).get().await;
    subscribe(&client.at(&a), "a://x").await;
    // At once: the subscription precedes the change on the bus.
    c.handle.resource_updated("a://x");
    let (_, message) = stream.message().await.unwrap();
    assert_eq!(message["params"]["uri"], "a://x");
    c.handle.tools_changed();
    let (_, message) = stream.message().await.unwrap();
    assert_eq!(message["method"], "notifications/tools/list_changed");
    b.handle.tools_changed();
    let (_, message) = stream.message().await.unwrap();
    assert_eq!(message["method"], "notifications/tools/list_changed", "its own changes too");
    client.at(&c).post(request("resources/unsubscribe", &json!({"uri": "a://x"}))).await;
    a.handle.resource_updated("a://x");
    assert!(tokio::time::timeout(Duration::from_secs(1), stream.message()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_latest_reader_is_the_only_one_at_all_instances() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let first = client.get().await;
    let mut second = client.at(&b).get().await;
    assert!(first.messages().await.is_empty(), "it has ended");
    let third = client.get().await;
    assert!(second.event().await.unwrap().data.is_empty());
    assert!(second.message().await.is_none(), "it has ended");
    b.handle.tools_changed();
    let mut third = third;
    assert_eq!(third.message().await.unwrap().1["method"], "notifications/tools/list_changed");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_moves_to_another_instance_loses_nothing() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    subscribe(&client, "a://x").await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let mut stream = client.get().await;
    b.handle.resource_updated("a://x");
    let (last, message) = stream.message().await.unwrap();
    assert_eq!(message["params"]["uri"], "a://x");
    let seen = last;
    b.handle.tools_changed();
    arrive().await;
    drop(stream); // It has not read the second change.
    drop(a);
    tokio::time::sleep(Duration::from_secs(20)).await;
    b.handle.prompts_changed();
    b.handle.resources_changed();
    let mut stream = client.at(&b).resume(&seen).await;
    assert_eq!(stream.status, StatusCode::OK);
    let mut missing =
        vec!["notifications/tools/list_changed", "notifications/resources/list_changed"];
    while !missing.is_empty() {
        let (_, message) = stream.message().await.unwrap();
        missing.retain(|method| message["method"] != **method);
    }
    // An instance that did not exist then says that anything may have changed.
    drop(stream);
    b.handle.tools_changed();
    arrive().await;
    let late = shared.host();
    let mut stream = client.at(&late).get().await;
    let mut methods = Vec::new();
    for _ in 0..3 {
        methods.push(stream.message().await.unwrap().1["method"].as_str().unwrap().to_owned());
    }
    methods.sort_unstable();
    assert_eq!(
        methods,
        [
            "notifications/resources/list_changed",
            "notifications/resources/updated",
            "notifications/tools/list_changed"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_quiet_reader_that_moves_receives_no_changes_again() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut stream = client.get().await;
    b.handle.tools_changed();
    assert!(stream.message().await.is_some());
    // While it is read, this is noted every 30 s at the latest.
    assert!(tokio::time::timeout(Duration::from_secs(200), stream.message()).await.is_err());
    drop(stream);
    let mut stream = client.at(&b).get().await;
    assert!(tokio::time::timeout(Duration::from_secs(60), stream.message()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_stream_of_a_running_call_is_resumed_at_another_instance() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    for revision in ["2025-03-26", "2025-11-25"] {
        let client = a.session(revision).await;
        for cut_after in 0..=4 {
            let mut answer = client.call(3, "count", json!({"to": 4})).await;
            let (mut last, mut numbers) = (String::new(), Vec::new());
            if revision == "2025-11-25" {
                last = answer.event().await.unwrap().id.unwrap();
            } else if cut_after == 0 {
                continue; // There is no id yet.
            }
            for _ in 0..cut_after {
                let (id, message) = answer.message().await.unwrap();
                numbers.push(message["params"]["data"].clone());
                last = id;
            }
            drop(answer);
            let rest = client.at(&b).resume(&last).await;
            assert_eq!(rest.status, StatusCode::OK, "{revision} {cut_after}");
            let mut rest = rest.messages().await;
            assert_eq!(text_of(result_of(&rest.pop().unwrap())), "counted to 4");
            numbers.extend(rest.into_iter().map(|message| message["params"]["data"].clone()));
            assert_eq!(numbers, [1, 2, 3, 4], "{revision} {cut_after}");
        }
    }
}

/// What an instance is connected to until it is killed. From then on it neither reaches anything,
/// nor says so.
#[derive(Clone)]
struct Mortal {
    bus: MemoryBus,
    events: Arc<MemoryEventStore>,
    killed: Arc<AtomicBool>,
}

impl Mortal {
    fn check(&self) -> Result<(), StoreError> {
        match self.killed.load(Ordering::SeqCst) {
            true => Err(StoreError::unavailable("killed")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl MessageBus for Mortal {
    async fn publish(&self, message: Bytes) -> Result<(), StoreError> {
        self.check()?;
        self.bus.publish(message).await
    }

    fn messages(&self) -> BoxStream<'static, BusEvent> {
        self.bus.messages()
    }

    async fn put(&self, key: &str, value: Bytes, ttl: Duration) -> Result<(), StoreError> {
        self.check()?;
        self.bus.put(key, value, ttl).await
    }

    async fn take(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.check()?;
        self.bus.take(key).await
    }

    async fn announce(&self, instance: &str, ttl: Duration) -> Result<(), StoreError> {
        self.check()?;
        self.bus.announce(instance, ttl).await
    }

    async fn is_alive(&self, instance: &str) -> Result<bool, StoreError> {
        self.check()?;
        self.bus.is_alive(instance).await
    }

    fn leaves_process(&self) -> bool {
        false
    }
}

#[async_trait]
impl EventStore for Mortal {
    async fn append(&self, stream: StreamKey, event: StoredEvent) -> Result<(), ReplayError> {
        self.check().map_err(|error| ReplayError::Store(error.to_string()))?;
        self.events.append(stream, event).await
    }

    async fn after(&self, stream: StreamKey, after: u64) -> Result<Vec<StoredEvent>, ReplayError> {
        self.events.after(stream, after).await
    }

    async fn forget(&self, session: SessionKey) {
        self.events.forget(session).await;
    }

    fn leaves_process(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_of_an_instance_that_has_died_fails_at_another_one() {
    let (bus, events) = (MemoryBus::new(), Arc::new(MemoryEventStore::default()));
    let killed = Arc::new(AtomicBool::new(false));
    let mortal = Mortal { bus, events, killed: Arc::clone(&killed) };
    let immortal = Mortal { killed: Arc::default(), ..mortal.clone() };
    let sessions = MemorySessionStore::new();
    let [a, b] = [mortal, immortal].map(|part| {
        let stores = Stores::new().sessions(sessions.clone()).events(part.clone()).bus(part);
        let mut limits = Limits::new();
        limits.http.instance_timeout = Duration::from_secs(9);
        Shared { stores, limits }.host()
    });
    let client = a.session("2025-11-25").await;
    let mut answer = client.call("c", "count", json!({"to": 1_000_000})).await;
    let (first, _) = answer.message().await.unwrap();
    drop(answer);
    let mut rest = client.at(&b).resume(&first).await;
    assert_eq!(rest.message().await.unwrap().1["params"]["data"], 2, "it is alive");
    killed.store(true, Ordering::SeqCst);
    let began = tokio::time::Instant::now();
    let mut messages = rest.messages().await;
    let failure = messages.pop().unwrap();
    assert_eq!(failure["id"], "c");
    assert_eq!(failure["error"]["code"], -32603);
    assert!(failure["error"]["message"].as_str().unwrap().contains("instance"), "{failure}");
    assert!(began.elapsed() <= Duration::from_secs(13), "{:?}", began.elapsed());
    // Later readers learn of it at once.
    let began = tokio::time::Instant::now();
    let mut messages = client.at(&b).resume(&first).await.messages().await;
    assert_eq!(messages.pop().unwrap()["error"]["code"], -32603);
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_stops_says_so() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut answer = client.call(1, "count", json!({"to": 1_000_000})).await;
    let (first, _) = answer.message().await.unwrap();
    drop(answer);
    a.service.shutdown().await;
    let began = tokio::time::Instant::now();
    let mut messages = client.at(&b).resume(&first).await.messages().await;
    assert_eq!(messages.pop().unwrap()["error"]["code"], -32603);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let answer = client.at(&b).call(2, "echo", json!({"text": "on"})).await;
    assert_eq!(answer.tool_text().await, "on");
}

#[tokio::test(start_paused = true)]
async fn a_session_lasts_as_long_as_any_instance_is_used() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(100)).await;
        client.at(&b).call(1, "echo", json!({"text": "x"})).await.tool_text().await;
    }
    // Here it is idle for longer than a session lasts.
    client.call(1, "echo", json!({"text": "x"})).await.tool_text().await;
    tokio::time::sleep(Duration::from_secs(451)).await;
    for host in [&a, &b] {
        let answer = client.at(host).call(1, "echo", json!({"text": "x"})).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    let unused = a.client().post(super::harness::initialize("2025-11-25")).await;
    let mut abandoned = a.client();
    abandoned.session = unused.header("mcp-session-id");
    tokio::time::sleep(Duration::from_secs(11)).await;
    let answer = abandoned.at(&b).call(1, "echo", json!({"text": "x"})).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "its client did not come back");
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_stream_is_read_does_not_expire() {
    let shared = Shared::new();
    let (a, b) = (shared.host(), shared.host());
    let client = a.session("2025-11-25").await;
    let mut stream = client.get().await;
    assert!(tokio::time::timeout(Duration::from_secs(3_000), stream.message()).await.is_err());
    let answer = client.at(&b).call(1, "echo", json!({"text": "x"})).await;
    assert_eq!(answer.tool_text().await, "x");
}

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
    let refused = b.client().post(super::harness::initialize("2025-11-25")).await;
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
        let answer = client.post(super::harness::initialize("2025-11-25")).await;
        let expected = if number < 3 { 200 } else { 429 };
        assert_eq!(answer.status, expected, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_bus_sessions_outlive_a_restart() {
    let stores =
        Stores::new().sessions(MemorySessionStore::new()).events(MemoryEventStore::default());
    let shared = Shared { stores, limits: Limits::new() };
    let first = shared.host();
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
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(first);
    let second = shared.host();
    let client = client.at(&second);
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

/// A store of sessions that can fail.
#[derive(Clone, Default)]
struct Failing {
    inner: MemorySessionStore,
    fails: Arc<AtomicBool>,
}

impl Failing {
    fn check(&self) -> Result<(), StoreError> {
        match self.fails.load(Ordering::SeqCst) {
            true => Err(StoreError::unavailable("out of order")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl SessionStore for Failing {
    async fn create(
        &self,
        key: SessionKey,
        session: NewSession,
        quota: SessionQuota,
    ) -> Result<(), StoreError> {
        self.check()?;
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
        false
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_not_a_session_that_has_ended() {
    let store = Failing::default();
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
    let begun = b.client().post(super::harness::initialize("2025-11-25")).await;
    assert_eq!(begun.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(begun.header("mcp-session-id"), None);
    let refused = client.post(request("resources/subscribe", &json!({"uri": "a://x"}))).await;
    assert_eq!(refused.json().await["error"]["data"]["retryable"], true);
    assert_eq!(client.delete().await.status, StatusCode::SERVICE_UNAVAILABLE);
    store.fails.store(false, Ordering::SeqCst);
    let answer = client.at(&b).call(3, "echo", json!({"text": "x"})).await;
    assert_eq!(answer.tool_text().await, "x");
}

/// A store whose contents leave the process, as it says.
#[derive(Clone, Default)]
struct Outside(MemorySessionStore);

#[async_trait]
impl SessionStore for Outside {
    async fn create(
        &self,
        key: SessionKey,
        session: NewSession,
        quota: SessionQuota,
    ) -> Result<(), StoreError> {
        let text = String::from_utf8_lossy(&session.data).into_owned();
        assert!(!text.contains("clientInfo") && !text.contains("elicitation"), "it is sealed");
        self.0.create(key, session, quota).await
    }

    async fn load(&self, key: SessionKey) -> Result<Option<SessionRecord>, StoreError> {
        self.0.load(key).await
    }

    async fn update(&self, key: SessionKey, version: u64, data: Bytes) -> Result<bool, StoreError> {
        self.0.update(key, version, data).await
    }

    async fn touch(
        &self,
        key: SessionKey,
        ttl: Duration,
        is_read: bool,
    ) -> Result<bool, StoreError> {
        self.0.touch(key, ttl, is_read).await
    }

    async fn remove(&self, key: SessionKey) -> Result<bool, StoreError> {
        self.0.remove(key).await
    }
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_process_is_sealed() {
    use mcp_server::input::KeyRing;

    let outside = Outside::default();
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
