//! Events of streams, and their limits.

use std::time::{Duration, Instant};

use mcp_server::store::{
    EventStore as _, EventStoreLimits, MemoryEventStore, RedisStore, ReplayError, StoredEvent,
};

use crate::server::RedisServer;
use crate::session::{append, basic_keys, key, keys, stream};

/// Numbers that look random, and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % end
    }
}

async fn connect(server: &RedisServer, prefix: &str, limits: EventStoreLimits) -> RedisStore {
    let builder = RedisStore::builder(&server.url()).prefix(prefix).event_limits(limits);
    builder.connect().await.expect("a store")
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn limits_have_the_same_effect_as_in_memory() {
    let server = RedisServer::start();
    let default = EventStoreLimits::default;
    let mut all = [default(), default(), default(), default(), default()];
    all[0].max_stream_events = 3;
    all[1].max_stream_bytes = 512 + 2_000;
    all[2].max_session_streams = 2;
    all[3].max_session_bytes = 3 * 512 + 2_000;
    all[4].max_stream_events = 4;
    all[4].max_stream_bytes = 512 + 1_000;
    all[4].max_session_streams = 3;
    all[4].max_session_bytes = 3 * 512 + 1_500;
    for (number, limits) in all.into_iter().enumerate() {
        let memory = MemoryEventStore::new(limits.clone());
        let redis = connect(&server, &format!("limits {number}"), limits).await;
        let mut random = Numbers(number as u64);
        let mut sequences = [[0; 5]; 2];
        let mut gaps = 0;
        for step in 0..300 {
            let (session, log) = (random.below(2), random.below(5));
            let last = &mut sequences[usize::try_from(session).unwrap()][log as usize];
            *last += 1 + u64::from(*last > 0) * random.below(2);
            let length = [0, 1, 100, 900][random.below(4) as usize];
            let event = StoredEvent::new(*last, vec![b'a'; length].into());
            let key = stream(u8::try_from(session).unwrap(), log);
            memory.append(key, event.clone()).await.unwrap();
            redis.append(key, event).await.unwrap();
            let after = random.below(*last + 2);
            for key in (0..5).map(|log| stream(key.session.as_bytes()[0], log)) {
                for after in [0, after, last.saturating_sub(1)] {
                    let expected = memory.after(key, after).await;
                    gaps += usize::from(expected == Err(ReplayError::Gap));
                    let events = redis.after(key, after).await;
                    assert_eq!(events, expected, "limits {number}, step {step}, after {after}");
                }
            }
        }
        assert!(gaps > 50, "{gaps} gaps: the limits {number} are not reached");
    }
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_stream_is_kept_for_its_time_after_its_last_event() {
    let server = RedisServer::start();
    let mut limits = EventStoreLimits::default();
    limits.max_age = Duration::from_millis(200);
    let store = connect(&server, "mcp", limits.clone()).await;
    let gone = async |log| {
        let begin = Instant::now();
        while store.after(stream(1, log), 0).await != Err(ReplayError::Unknown) {
            assert!(begin.elapsed() < Duration::from_secs(10), "the stream {log} stays");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Another stream of its session is used.
    append(&store, stream(1, 1), 1, 10).await;
    let begin = Instant::now();
    append(&store, stream(1, 2), 1, 10).await;
    gone(2).await;
    assert!(begin.elapsed() >= limits.max_age, "{:?}", begin.elapsed());
    append(&store, stream(1, 1), 2, 10).await;
    // It continues after it has expired, which is a gap.
    append(&store, stream(1, 2), 2, 10).await;
    assert_eq!(store.after(stream(1, 2), 0).await, Err(ReplayError::Gap));
    assert_eq!(store.after(stream(1, 2), 1).await.expect("the last event").len(), 1);
    gone(1).await;
    gone(2).await;
    assert_eq!(keys(&server), basic_keys());
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn dropped_and_forgotten_streams_leave_no_key() {
    let server = RedisServer::start();
    let mut limits = EventStoreLimits::default();
    limits.max_session_streams = 4;
    let store = connect(&server, "mcp", limits).await;
    for log in 0..50 {
        append(&store, stream(1, log), 1, 10).await;
        append(&store, stream(2, log), 1, 10).await;
    }
    let streams = |session| {
        let base = format!("{{mcp}}:stream:{}:", key(session));
        keys(&server).iter().filter(|key| key.starts_with(&base)).count()
    };
    assert_eq!((streams(1), streams(2)), (4, 4));
    let bytes = server.command(&format!("HGET {{mcp}}:streams:{} bytes", key(1)));
    assert_eq!(bytes, "$4\r\n2600\r\n");
    store.forget(key(1)).await;
    assert_eq!((streams(1), streams(2)), (0, 4));
    store.forget(key(2)).await;
    assert_eq!(keys(&server), basic_keys());
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn an_event_that_does_not_follow_is_refused_and_named() {
    let server = RedisServer::start();
    let store = connect(&server, "mcp", EventStoreLimits::default()).await;
    for (sequence, last) in [(0, "0-0"), (3, ""), (2, "3-0"), (3, "3-0")] {
        let event = StoredEvent::new(sequence, sequence.to_string().into());
        let appended = store.append(stream(1, 1), event).await;
        if sequence == 3 && last.is_empty() {
            appended.expect("the event is kept");
        } else if sequence == 3 {
            // The same event again is the same operation; another one with its number is not.
            appended.expect("the event is kept");
            let other = store.append(stream(1, 1), StoredEvent::new(3, "other".into())).await;
            let error = other.expect_err("another event").to_string();
            assert!(error.contains("event 3 does not follow") && error.contains(last), "{error}");
        } else {
            let error = appended.expect_err("an event that is late").to_string();
            let text = format!("event {sequence} does not follow");
            assert!(error.contains(&text) && error.contains(last), "{error}");
        }
    }
    assert_eq!(store.after(stream(1, 1), 2).await.expect("the events").len(), 1);
}
