//! Sessions and single-use values.

use std::time::{Duration, Instant};

use mcp_server::store::{
    EventStore as _, EventStoreLimits, MessageBus as _, NonceQuota, NonceStore as _, RedisStore,
    SessionQuota, SessionStore as _, StoreError, Stores,
};

use crate::proxy::{Mode, Proxy};
use crate::server::{Connect as _, RedisServer};
use crate::session::{
    NONCES, QUOTA, TTL, append, basic_keys, create, key, keys, new_session, publish, stream,
    use_sessions,
};

fn number(answer: &str) -> u64 {
    answer.trim_matches([':', '\r', '\n']).parse().expect("a number")
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn one_store_serves_all_parts_of_a_server() {
    let server = RedisServer::start();
    let stores = Stores::from(server.store().await);
    let all = r#"Stores { sessions: true, events: true, nonces: true, bus: true }"#;
    assert_eq!(format!("{stores:?}"), all);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn every_key_expires_or_is_bounded() {
    let server = RedisServer::start();
    use_sessions(&server.store().await).await;
    let all = keys(&server);
    assert!(all.len() > 12, "{all:?}");
    // It has expired, or does soon.
    let all = all.into_iter().filter(|key| !key.ends_with("nonce:short"));
    for key in all.filter(|key| !basic_keys().contains(key)) {
        let left = server.command(&format!("PTTL {key}"));
        let ttl = if key.contains(":stream") { 300_000 } else { 600_000 };
        assert!((ttl - 60_000..=ttl + 1).contains(&number(&left)), "{key} has {left}");
    }
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn what_has_expired_leaves_no_key() {
    let server = RedisServer::start();
    let mut limits = EventStoreLimits::default();
    limits.max_age = Duration::from_millis(100);
    let builder = RedisStore::builder(&server.url()).event_limits(limits);
    let store = builder.connect().await.expect("a store");
    let ttl = Duration::from_millis(100);
    for number in 0..5 {
        let mut session = new_session();
        session.ttl = ttl;
        session.owner = session.owner.filter(|_| number % 2 == 0);
        let owner = session.owner.clone();
        store.create(key(number), session, QUOTA).await.expect("a new session");
        append(&store, stream(number, 1), 1, 10).await;
        let used = store.redeem(&[number], owner.as_deref(), ttl, NONCES).await;
        assert!(used.expect("an answer"));
        store.put(&number.to_string(), "value".into(), ttl).await.expect("a value");
        store.announce(&number.to_string(), ttl).await.expect("an announcement");
    }
    assert!(keys(&server).len() > 10);
    let begin = Instant::now();
    while keys(&server) != basic_keys() {
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", keys(&server));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn expired_entries_are_not_counted_and_are_removed_in_small_steps() {
    let server = RedisServer::start();
    let store = server.store().await;
    let short = Duration::from_micros(1);
    // The set itself does not expire.
    assert!(store.redeem(b"long", Some("ada"), TTL, NONCES).await.expect("an answer"));
    let mut members = String::new();
    for number in 0..1_000 {
        members.push_str(&format!(" 1 {number}"));
    }
    for set in ["{mcp}:nonces", "{mcp}:nonces:ada", "{mcp}:sessions", "{mcp}:sessions:ada"] {
        assert_eq!(server.command(&format!("ZADD {set}{members}")), ":1000\r\n");
    }
    let two = NonceQuota { max_nonces: 2, max_nonces_per_owner: 2 };
    assert!(store.redeem(b"first", Some("ada"), TTL, two).await.expect("an answer"));
    let full = store.redeem(b"second", Some("ada"), TTL, two).await;
    assert!(matches!(full, Err(StoreError::Full { limit: "max_nonces", max: 2 })), "{full:?}");
    let one = SessionQuota { max_sessions: 1, max_sessions_per_owner: 1 };
    store.create(key(1), new_session(), one).await.expect("expired ones do not count");
    let full = store.create(key(2), new_session(), one).await;
    assert!(matches!(full, Err(StoreError::Full { limit: "max_sessions", max: 1 })), "{full:?}");
    for set in ["{mcp}:nonces", "{mcp}:sessions"] {
        let left = number(&server.command(&format!("ZCARD {set}")));
        assert!((800..900).contains(&left), "{left} of {set}");
    }
    // Each use removes more than it adds.
    for value in 0_u32..20 {
        store.redeem(&value.to_be_bytes(), Some("ada"), short, NONCES).await.expect("an answer");
    }
    for set in ["{mcp}:nonces", "{mcp}:nonces:ada"] {
        let left = number(&server.command(&format!("ZCARD {set}")));
        assert!(left < 20, "{left} of {set}");
    }
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_operation_whose_answer_is_lost_has_its_effect_once_or_fails() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.address()).await;
    let store = RedisStore::connect(&proxy.url()).await.expect("a store");
    // All scripts are loaded.
    use_sessions(&store).await;

    proxy.set(Mode::LoseAnswer);
    create(&store, 7).await;
    proxy.passes().await;
    proxy.set(Mode::LoseAnswer);
    assert!(store.update(key(7), 1, "changed".into()).await.expect("an answer"));
    proxy.passes().await;
    let record = store.load(key(7)).await.expect("an answer").expect("a session");
    assert_eq!((record.version, record.data), (2, "changed".into()));
    proxy.set(Mode::LoseAnswer);
    assert!(store.touch(key(7), TTL, true).await.expect("an answer"));
    proxy.passes().await;

    proxy.set(Mode::LoseAnswer);
    assert!(store.redeem(b"nonce", Some("ada"), TTL, NONCES).await.expect("an answer"));
    proxy.passes().await;
    assert!(!store.redeem(b"nonce", Some("ada"), TTL, NONCES).await.expect("an answer"));

    proxy.set(Mode::LoseAnswer);
    append(&store, stream(7, 1), 1, 10).await;
    proxy.passes().await;
    append(&store, stream(7, 1), 2, 10).await;
    assert_eq!(store.after(stream(7, 1), 0).await.expect("the events").len(), 2);
    assert_eq!(server.command(&format!("HGET {{mcp}}:streams:{} bytes", key(7))), "$3\r\n788\r\n");

    proxy.set(Mode::LoseAnswer);
    publish(&store, "twice").await;
    proxy.passes().await;

    // What they did the first time, they cannot tell the second time.
    let is_unknown = |error: StoreError| {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert!(error.to_string().contains("whether the operation had its effect is unknown"));
    };
    proxy.set(Mode::LoseAnswer);
    is_unknown(store.update(key(7), 1, "stale".into()).await.expect_err("an unknown effect"));
    proxy.passes().await;
    proxy.set(Mode::LoseAnswer);
    is_unknown(store.create(key(7), new_session(), QUOTA).await.expect_err("an unknown effect"));
    proxy.passes().await;
    proxy.set(Mode::LoseAnswer);
    is_unknown(store.remove(key(7)).await.expect_err("an unknown effect"));
    proxy.passes().await;
    assert_eq!(store.load(key(7)).await.expect("an answer"), None);
    store.put("lost", "value".into(), TTL).await.expect("a value");
    proxy.set(Mode::LoseAnswer);
    is_unknown(store.take("lost").await.expect_err("an unknown effect"));
    proxy.passes().await;
    assert_eq!(store.take("lost").await.expect("an answer"), None);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_full_memory_refuses_growth_and_sessions_are_still_used_and_removed() {
    let server =
        RedisServer::with_settings(&[("maxmemory", "8mb"), ("maxmemory-policy", "noeviction")]);
    let store = server.store().await;
    create(&store, 0).await;
    append(&store, stream(0, 1), 1, 10).await;
    let mut created = 0;
    let error = loop {
        let mut session = new_session();
        session.data = vec![b'x'; 1 << 18].into();
        match store.create(key(created + 1), session, QUOTA).await {
            Ok(()) => created += 1,
            Err(error) => break error.to_string(),
        }
        assert!(created < 100, "the memory is full earlier");
    };
    assert!(error.contains("OOM") && error.contains("raise `maxmemory`"), "{error}");
    assert!(created > 8, "{created}");
    // Nothing of the refused session was written.
    assert_eq!(server.command("ZCARD {mcp}:sessions"), format!(":{}\r\n", created + 1));
    // The refused request took memory itself.
    let mut filled = 0;
    while store.put(&filled.to_string(), vec![b'x'; 1 << 12].into(), TTL).await.is_ok() {
        filled += 1;
        assert!(filled < 1_000, "the memory is full earlier");
    }
    store.redeem(b"nonce", None, TTL, NONCES).await.expect_err("the memory is full");
    store.publish("message".into()).await.expect_err("the memory is full");
    store.put("key", "value".into(), TTL).await.expect_err("the memory is full");
    assert_eq!(store.after(stream(0, 1), 0).await.expect("the events").len(), 1);
    assert!(store.touch(key(0), TTL, true).await.expect("an answer"));
    store.forget(key(0)).await;
    for number in 0..=created {
        assert!(store.load(key(number)).await.expect("an answer").is_some());
        assert!(store.remove(key(number)).await.expect("an answer"));
    }
    create(&store, 1).await;
    assert!(store.redeem(b"nonce", None, TTL, NONCES).await.expect("it was not used"));
}
