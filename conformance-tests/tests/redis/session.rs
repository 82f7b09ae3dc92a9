//! Sessions, events and messages to store.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use mcp_server::store::{
    BusEvent, EventStore as _, MessageBus as _, NewSession, NonceQuota, NonceStore as _,
    RedisStore, SessionKey, SessionQuota, SessionStore as _, StoredEvent, StreamKey,
};

use crate::server::RedisServer;

pub(crate) const TTL: Duration = Duration::from_secs(600);

pub(crate) const QUOTA: SessionQuota =
    SessionQuota { max_sessions: 1_000, max_sessions_per_owner: 1_000 };

pub(crate) const NONCES: NonceQuota = NonceQuota { max_nonces: 1_000, max_nonces_per_owner: 1_000 };

pub(crate) const fn key(session: u8) -> SessionKey {
    SessionKey::new([session; 32])
}

pub(crate) const fn stream(session: u8, stream: u64) -> StreamKey {
    StreamKey::new(key(session), stream)
}

/// A session of `ada`.
pub(crate) fn new_session() -> NewSession {
    NewSession { owner: Some("ada".into()), data: "data".into(), ttl: TTL }
}

pub(crate) async fn create(store: &RedisStore, session: u8) {
    store.create(key(session), new_session(), QUOTA).await.expect("a new session");
}

pub(crate) async fn append(store: &RedisStore, stream: StreamKey, sequence: u64, bytes: usize) {
    let event = StoredEvent::new(sequence, vec![b'x'; bytes].into());
    store.append(stream, event).await.expect("the event is kept");
}

pub(crate) async fn publish(store: &RedisStore, message: &str) {
    store.publish(Bytes::copy_from_slice(message.as_bytes())).await.expect("a message");
}

pub(crate) async fn next(messages: &mut BoxStream<'static, BusEvent>) -> BusEvent {
    let next = tokio::time::timeout(Duration::from_secs(20), messages.next());
    next.await.expect("a message in time").expect("the stream never ends")
}

pub(crate) fn message(text: &str) -> BusEvent {
    BusEvent::Message(Bytes::copy_from_slice(text.as_bytes()))
}

/// Returns the names of all keys.
pub(crate) fn keys(server: &RedisServer) -> BTreeSet<String> {
    let keys = server.command("KEYS *");
    keys.lines().filter(|line| line.starts_with('{')).map(ToOwned::to_owned).collect()
}

/// The keys that every store has.
pub(crate) fn basic_keys() -> BTreeSet<String> {
    ["{mcp}:bus", "{mcp}:feed", "{mcp}:meta"].map(ToOwned::to_owned).into()
}

/// Uses every operation for sessions, events, single-use values and messages at least once.
pub(crate) async fn use_sessions(store: &RedisStore) {
    let mut messages = store.messages();
    create(store, 1).await;
    create(store, 2).await;
    assert!(store.update(key(1), 1, "changed".into()).await.expect("an answer"));
    assert!(store.touch(key(1), TTL, true).await.expect("an answer"));
    assert!(store.remove(key(2)).await.expect("an answer"));
    let record = store.load(key(1)).await.expect("an answer").expect("a session");
    assert_eq!((record.version, record.data), (2, "changed".into()));
    for number in 1..=70 {
        append(store, stream(1, number), 1, 10).await;
    }
    for sequence in 2..=1_005 {
        append(store, stream(1, 70), sequence, 10).await;
    }
    let events = store.after(stream(1, 70), 1_000).await.expect("the events");
    assert_eq!(events.len(), 5);
    append(store, stream(3, 1), 1, 10).await;
    store.forget(key(3)).await;
    for owner in [None, Some("ada")] {
        for is_first in [true, false] {
            let nonce = format!("{{{}", owner.unwrap_or("anonymous"));
            let redeemed = store.redeem(nonce.as_bytes(), owner, TTL, NONCES).await;
            assert_eq!(redeemed.expect("an answer"), is_first);
        }
    }
    // One that has expired is removed from the sets by the next one.
    let short = store.redeem(b"short", Some("ada"), Duration::from_micros(1), NONCES).await;
    assert!(short.expect("an answer"));
    let after = store.redeem(b"after", Some("ada"), TTL, NONCES).await;
    assert!(after.expect("an answer"));
    publish(store, "message").await;
    assert_eq!(next(&mut messages).await, message("message"));
    store.put("key", "value".into(), TTL).await.expect("a value");
    assert_eq!(store.take("key").await.expect("an answer"), Some("value".into()));
    store.put("key", "value".into(), TTL).await.expect("a value");
    store.put("another", "value".into(), Duration::ZERO).await.expect("a value");
    store.announce("one", TTL).await.expect("an announcement");
    assert!(store.is_alive("one").await.expect("an answer"));
}
