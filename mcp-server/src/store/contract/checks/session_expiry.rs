//! Sessions that expire.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::sessions::{create, key, load, session};
use super::support::{LONG, SHORT, assert_full, open_two, poll};
use crate::store::contract::fixture::StoreFixture;
use crate::store::session::{SessionQuota, SessionStore};

async fn expires(store: &impl SessionStore, number: u64) {
    let is_gone = || async { load(store, number).await.is_none().then_some(()) };
    poll("the session expires", is_gone).await;
}

async fn touch(store: &impl SessionStore, number: u64, ttl: Duration) -> bool {
    store.touch(key(number), ttl, false).await.expect("the use is answered")
}

/// A session expires after its time and not before. Then it does not exist for any operation, does
/// not count, and its key is free.
pub async fn an_expired_session_does_not_exist<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let mut begin = Instant::now();
    for number in 0..4 {
        begin = Instant::now();
        create(&*store, number, SHORT).await;
    }
    // The session that was created last expires last.
    expires(&*second, 3).await;
    assert!(begin.elapsed() >= SHORT, "expired after {:?}", begin.elapsed());
    assert!(!store.update(key(0), 1, Bytes::new()).await.expect("the update is answered"));
    assert!(!touch(&*store, 1, LONG).await);
    assert!(!store.remove(key(2)).await.expect("the removal is answered"));
    for number in 0..4 {
        assert_eq!(load(&*second, number).await, None);
    }
    let quota = SessionQuota { max_sessions: 4, max_sessions_per_owner: 4 };
    for number in 0..4 {
        let created = second.create(key(number), session(Some("owner"), LONG), quota).await;
        created.expect("expired sessions do not count");
    }
    let refused = store.create(key(4), session(Some("owner"), LONG), quota).await;
    assert_full(refused, "max_sessions", 4);
}

/// Reading or updating a session does not make it last longer.
pub async fn only_a_use_changes_the_expiry<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let [store, _second] = open_two(fixture).await;
    let begin = Instant::now();
    create(&*store, 1, SHORT).await;
    let mut version = 0;
    poll("an updated session expires", || {
        version += 1;
        let update = store.update(key(1), version, Bytes::from_static(b"changed"));
        async { (!update.await.expect("the update is answered")).then_some(()) }
    })
    .await;
    assert!(begin.elapsed() >= SHORT, "expired after {:?}", begin.elapsed());
    assert_eq!(load(&*store, 1).await, None);
}

/// A session that was used expires the given time after its use.
pub async fn a_used_session_lasts_longer<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let ttl = Duration::from_millis(500);
    for attempt in 0..20 {
        let (used, unused) = (2 * attempt, 2 * attempt + 1);
        let begin = Instant::now();
        create(&*store, used, ttl).await;
        create(&*store, unused, ttl).await;
        let was_used = touch(&*second, used, LONG).await;
        if begin.elapsed() >= ttl {
            // The machine was busy, so it may have expired before its use.
            continue;
        }
        assert!(was_used, "the session expired early");
        expires(&*second, unused).await;
        assert!(load(&*store, used).await.is_some(), "the use was not noticed");
        // It counts until its new time.
        let quota = SessionQuota { max_sessions: 100, max_sessions_per_owner: 1 };
        let refused = store.create(key(100), session(Some("owner"), LONG), quota).await;
        assert_full(refused, "max_sessions_per_owner", 1);
        return;
    }
    panic!("two creations and a use take longer than {ttl:?}");
}

/// The time of a use may be shorter than what is left.
pub async fn a_use_may_shorten_the_time<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    create(&*store, 1, LONG).await;
    create(&*store, 2, LONG).await;
    let begin = Instant::now();
    assert!(touch(&*store, 1, SHORT).await);
    expires(&*second, 1).await;
    assert!(begin.elapsed() >= SHORT, "expired after {:?}", begin.elapsed());
    assert!(load(&*second, 2).await.is_some());
    let quota = SessionQuota { max_sessions: 2, max_sessions_per_owner: 2 };
    let created = second.create(key(3), session(Some("owner"), LONG), quota).await;
    created.expect("an expired session does not count");
}

/// A session that has no time, or is used for none, does not exist.
pub async fn a_session_without_time_is_gone_at_once<F: StoreFixture<Store: SessionStore>>(
    fixture: &F,
) {
    let [store, second] = open_two(fixture).await;
    create(&*store, 1, Duration::ZERO).await;
    assert_eq!(load(&*second, 1).await, None);
    create(&*store, 1, LONG).await;
    assert!(touch(&*store, 1, Duration::ZERO).await);
    assert_eq!(load(&*second, 1).await, None);
    assert!(!touch(&*store, 1, LONG).await);
    let quota = SessionQuota { max_sessions: 1, max_sessions_per_owner: 1 };
    let created = second.create(key(2), session(Some("owner"), LONG), quota).await;
    created.expect("an expired session does not count");
}

/// A time may be longer than the clock of the store can represent.
pub async fn a_time_of_any_length_is_accepted<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    create(&*store, 1, Duration::MAX).await;
    create(&*store, 2, LONG).await;
    assert!(touch(&*store, 2, Duration::MAX).await);
    // Part of a millisecond.
    create(&*store, 3, LONG + Duration::from_nanos(1)).await;
    for number in 1..=3 {
        assert!(load(&*second, number).await.is_some(), "{number}");
    }
}

/// A sweep deletes at most as many sessions as it may, and only expired ones.
pub async fn a_sweep_deletes_expired_sessions_only<F: StoreFixture<Store: SessionStore>>(
    fixture: &F,
) {
    let [store, second] = open_two(fixture).await;
    for number in 0..10 {
        create(&*store, number, if number < 5 { SHORT } else { LONG }).await;
    }
    expires(&*store, 4).await;
    assert_eq!(store.sweep(0).await.expect("the sweep is answered"), 0);
    let mut deleted = 0;
    for _ in 0..10 {
        let count = second.sweep(2).await.expect("the sweep is answered");
        assert!(count <= 2, "{count} were deleted");
        deleted += count;
    }
    // A store may delete them by itself.
    assert!(deleted <= 5, "{deleted} were deleted");
    for number in 0..10 {
        assert_eq!(load(&*store, number).await.is_some(), number >= 5, "{number}");
    }
}
