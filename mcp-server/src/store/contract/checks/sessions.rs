//! Sessions: creation, contents, versions and removal.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::support::{LONG, RACERS, handle, open_two, poll, race};
use crate::store::contract::fixture::StoreFixture;
use crate::store::error::StoreError;
use crate::store::session::{NewSession, SessionKey, SessionQuota, SessionRecord, SessionStore};

/// A quota that is not reached.
pub(super) const QUOTA: SessionQuota =
    SessionQuota { max_sessions: 100_000, max_sessions_per_owner: 100_000 };

pub(super) fn key(number: u64) -> SessionKey {
    let mut bytes = [0xa5; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    SessionKey::new(bytes)
}

pub(super) fn session(owner: Option<&str>, ttl: Duration) -> NewSession {
    NewSession { owner: owner.map(Into::into), data: Bytes::from_static(b"data"), ttl }
}

/// Creates a session of an owner.
pub(super) async fn create(store: &impl SessionStore, number: u64, ttl: Duration) {
    let created = store.create(key(number), session(Some("owner"), ttl), QUOTA).await;
    created.expect("the session is created");
}

pub(super) async fn load(store: &impl SessionStore, number: u64) -> Option<SessionRecord> {
    store.load(key(number)).await.expect("the session is read")
}

async fn read(store: &impl SessionStore, number: u64) -> SessionRecord {
    load(store, number).await.expect("the session exists")
}

async fn update(store: &impl SessionStore, version: u64, data: Bytes) -> bool {
    store.update(key(1), version, data).await.expect("the update is answered")
}

/// A session that was created is seen by another handle.
pub async fn a_created_session_is_seen_at_once<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    assert_eq!(load(&*second, 0).await, None);
    for number in 0..100 {
        create(&*store, number, LONG).await;
        let record = read(&*second, number).await;
        assert_eq!((record.version, &record.data[..]), (1, &b"data"[..]));
    }
    assert_eq!(load(&*second, 100).await, None);
}

/// A key is used once, also when the store is full.
pub async fn a_second_session_with_the_same_key_is_refused<F: StoreFixture<Store: SessionStore>>(
    fixture: &F,
) {
    let [store, second] = open_two(fixture).await;
    create(&*store, 1, LONG).await;
    let full = SessionQuota { max_sessions: 1, max_sessions_per_owner: 1 };
    for quota in [QUOTA, full] {
        let mut other = session(None, LONG);
        other.data = Bytes::from_static(b"other");
        let refused = second.create(key(1), other, quota).await;
        assert!(matches!(refused, Err(StoreError::Exists)), "{refused:?}");
    }
    assert_eq!(read(&*store, 1).await.data, "data");
}

/// Racing creators of one key: one succeeds.
pub async fn of_64_creators_of_one_key_one_succeeds<F: StoreFixture<Store: SessionStore>>(
    fixture: &F,
) {
    let handles = open_two(fixture).await;
    let results = race(|number| {
        let store = handle(&handles, number);
        async move {
            let mut new = session(None, LONG);
            new.data = number.to_string().into();
            store.create(key(1), new, QUOTA).await.map(|()| number)
        }
    });
    let (created, refused): (Vec<_>, Vec<_>) = results.await.into_iter().partition(Result::is_ok);
    let [Ok(winner)] = created[..] else { panic!("not one was created: {created:?}") };
    assert!(refused.iter().all(|result| matches!(result, Err(StoreError::Exists))), "{refused:?}");
    assert_eq!(read(&*handles[0], 1).await.data, winner.to_string());
}

/// Contents may be empty, a mebibyte, or any bytes.
pub async fn contents_of_any_kind_survive<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let all: Bytes = (0..=255).collect();
    let contents = [Bytes::new(), all, Bytes::from(vec![7; 1 << 20])];
    for (number, data) in (0..).zip(&contents) {
        let new = NewSession { data: data.clone(), ..session(None, LONG) };
        store.create(key(number), new, QUOTA).await.expect("the session is created");
    }
    for (number, data) in (0..).zip(&contents) {
        assert!(read(&*second, number).await.data == *data, "the contents of {number} differ");
    }
    create(&*store, 9, LONG).await;
    for (version, data) in (1..).zip(&contents) {
        assert!(store.update(key(9), version, data.clone()).await.expect("an answer"));
        assert!(read(&*second, 9).await.data == *data, "version {version} differs");
    }
}

/// Sessions outlive the process, if the store does.
pub async fn sessions_survive_a_restart<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let store = fixture.open().await;
    create(&store, 1, LONG).await;
    assert!(update(&store, 1, Bytes::from_static(b"changed")).await);
    create(&store, 2, LONG).await;
    assert!(store.remove(key(2)).await.expect("the removal is answered"));
    let Some(store) = fixture.reopen(store).await else { return };
    let record = read(&store, 1).await;
    assert_eq!((record.version, &record.data[..]), (2, &b"changed"[..]));
    assert_eq!(load(&store, 2).await, None);
}

/// An update applies to the version that it was made from, and to no other.
pub async fn an_update_of_another_version_is_refused<F: StoreFixture<Store: SessionStore>>(
    fixture: &F,
) {
    let [store, second] = open_two(fixture).await;
    create(&*store, 1, LONG).await;
    for version in [0, 2, u64::MAX] {
        assert!(!update(&*store, version, Bytes::from_static(b"stale")).await, "{version}");
    }
    assert!(update(&*store, 1, Bytes::from_static(b"second")).await);
    assert!(!update(&*second, 1, Bytes::from_static(b"stale")).await);
    assert!(update(&*second, 2, Bytes::from_static(b"third")).await);
    let record = read(&*store, 1).await;
    assert_eq!((record.version, &record.data[..]), (3, &b"third"[..]));
    let unknown = store.update(key(2), 1, Bytes::new()).await;
    assert!(!unknown.expect("the update is answered"));
    assert_eq!(load(&*store, 2).await, None);
}

/// Racing updates of one version: one applies.
pub async fn of_64_updates_of_one_version_one_applies<F: StoreFixture<Store: SessionStore>>(
    fixture: &F,
) {
    let handles = open_two(fixture).await;
    create(&*handles[0], 1, LONG).await;
    for version in 1..=5 {
        let applied = race(|number| {
            let store = handle(&handles, number);
            async move { update(&*store, version, number.to_string().into()).await }
        });
        let applied = applied.await;
        let winners: Vec<_> = (0..RACERS).zip(applied).filter(|(_, applied)| *applied).collect();
        let [(winner, _)] = winners[..] else { panic!("not one applied: {winners:?}") };
        let record = read(&*handles[1], 1).await;
        assert_eq!(record.version, version + 1);
        assert_eq!(record.data, winner.to_string());
    }
}

/// Racing writers that read the session again when they are refused: each of them is kept.
pub async fn no_update_is_lost_under_racing_writers<F: StoreFixture<Store: SessionStore>>(
    fixture: &F,
) {
    let handles = open_two(fixture).await;
    handles[0].create(key(1), session(None, LONG), QUOTA).await.expect("the session is created");
    race(|number| {
        let store = handle(&handles, number);
        async move {
            loop {
                let SessionRecord { version, data, .. } = read(&*store, 1).await;
                let data = [&data[..], format!(" {number}").as_bytes()].concat();
                if update(&*store, version, data.into()).await {
                    break;
                }
            }
        }
    })
    .await;
    let record = read(&*handles[0], 1).await;
    assert_eq!(record.version, 1 + RACERS);
    let text = String::from_utf8(record.data.to_vec()).expect("text");
    let mut numbers: Vec<u64> = text.split(' ').filter_map(|number| number.parse().ok()).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(0..RACERS), "{numbers:?}");
}

/// A removed session does not exist, and another one with its key has nothing of it.
pub async fn a_removed_session_leaves_nothing_behind<F: StoreFixture<Store: SessionStore>>(
    fixture: &F,
) {
    let [store, second] = open_two(fixture).await;
    assert!(!store.remove(key(1)).await.expect("the removal is answered"));
    create(&*store, 1, LONG).await;
    create(&*store, 2, LONG).await;
    assert!(update(&*store, 1, Bytes::from_static(b"changed")).await);
    assert!(second.remove(key(1)).await.expect("the removal is answered"));
    assert_eq!(load(&*store, 1).await, None);
    assert!(!update(&*store, 2, Bytes::new()).await);
    assert!(!store.touch(key(1), LONG, true).await.expect("the use is answered"));
    assert!(!store.remove(key(1)).await.expect("the removal is answered"));
    assert_eq!(load(&*store, 1).await, None);
    assert_eq!(read(&*store, 2).await.version, 1);
    // The owner of the old session has one session.
    let quota = SessionQuota { max_sessions: 2, max_sessions_per_owner: 2 };
    let again = store.create(key(1), session(Some("another"), LONG), quota).await;
    again.expect("the session is created");
    let record = read(&*second, 1).await;
    assert_eq!((record.version, &record.data[..]), (1, &b"data"[..]));
}

/// Racing removals of one session: one of them learns that it removed it.
pub async fn of_64_removals_one_removes<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let handles = open_two(fixture).await;
    create(&*handles[0], 1, LONG).await;
    let removed = race(|number| {
        let store: Arc<_> = handle(&handles, number);
        async move { store.remove(key(1)).await.expect("the removal is answered") }
    });
    assert_eq!(removed.await.into_iter().filter(|removed| *removed).count(), 1);
}

/// The time without a client that reads rises from the creation, and begins again when a client
/// reads. Other uses and updates do not change it.
pub async fn a_reading_client_is_noticed<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let begin = Instant::now();
    create(&*store, 1, LONG).await;
    assert!(read(&*second, 1).await.unread <= begin.elapsed() + TOLERANCE);
    let rises = async |least: Duration| {
        let unread = async || read(&*second, 1).await.unread;
        poll("the time rises", || async { Some(unread().await).filter(|time| *time >= least) })
            .await
    };
    let before = rises(Duration::from_millis(50)).await;
    assert!(store.touch(key(1), LONG, false).await.expect("the use is answered"));
    assert!(update(&*store, 1, Bytes::from_static(b"changed")).await);
    assert!(read(&*second, 1).await.unread >= before, "only a client that reads counts");

    let begin = Instant::now();
    assert!(store.touch(key(1), LONG, true).await.expect("the use is answered"));
    let unread = read(&*second, 1).await.unread;
    assert!(unread <= begin.elapsed() + TOLERANCE, "{unread:?}");
    rises(Duration::from_millis(10)).await;
}

/// Stores may count in whole milliseconds.
const TOLERANCE: Duration = Duration::from_millis(2);
