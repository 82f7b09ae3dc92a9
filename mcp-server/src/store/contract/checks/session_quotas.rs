//! Limits on the number of sessions.

use super::sessions::{QUOTA, key, session};
use super::support::{LONG, RACERS, assert_full, handle, open_two, race};
use crate::store::contract::fixture::StoreFixture;
use crate::store::error::StoreError;
use crate::store::session::{SessionQuota, SessionStore};

const fn quota(max_sessions: u64, max_sessions_per_owner: u64) -> SessionQuota {
    SessionQuota { max_sessions, max_sessions_per_owner }
}

async fn create(
    store: &impl SessionStore,
    number: u64,
    owner: Option<&str>,
    quota: SessionQuota,
) -> Result<(), StoreError> {
    store.create(key(number), session(owner, LONG), quota).await
}

/// As many sessions are accepted as the quota allows, and again as many when some were removed.
pub async fn the_quota_of_all_sessions_is_exact<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let five = quota(5, 100);
    for number in 0..5 {
        let owner = ["one", "two"].get(usize::from(number % 3 == 1)).copied();
        create(&*store, number, owner.filter(|_| number % 3 < 2), five).await.expect("a session");
    }
    assert_full(create(&*second, 5, Some("three"), five).await, "max_sessions", 5);
    assert_full(create(&*second, 5, None, five).await, "max_sessions", 5);
    assert_eq!(store.load(key(5)).await.expect("the session is read"), None);
    for number in [1, 2] {
        assert!(second.remove(key(number)).await.expect("the removal is answered"));
    }
    for number in 6..8 {
        create(&*store, number, Some("three"), five).await.expect("a session");
    }
    assert_full(create(&*store, 8, None, five).await, "max_sessions", 5);
    create(&*store, 8, None, quota(6, 100)).await.expect("a larger quota");
    assert_full(create(&*store, 9, Some("x"), quota(0, 0)).await, "max_sessions", 0);
}

/// The same for the sessions of one owner. The sessions of others do not count.
pub async fn the_quota_of_an_owner_is_exact<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let three = quota(100, 3);
    for number in 0..3 {
        create(&*store, number, Some("one"), three).await.expect("a session");
    }
    assert_full(create(&*second, 3, Some("one"), three).await, "max_sessions_per_owner", 3);
    create(&*second, 4, Some("two"), three).await.expect("a session of another owner");
    create(&*second, 5, None, three).await.expect("an anonymous session");
    // A use does not count again.
    assert!(store.touch(key(0), LONG, true).await.expect("the use is answered"));
    assert!(second.remove(key(1)).await.expect("the removal is answered"));
    create(&*store, 3, Some("one"), three).await.expect("a session in place of a removed one");
    assert_full(create(&*store, 6, Some("one"), three).await, "max_sessions_per_owner", 3);
    assert_full(create(&*store, 6, Some("new"), quota(9, 0)).await, "max_sessions_per_owner", 0);
}

/// The quota of an owner does not apply to anonymous clients; that of all sessions does.
pub async fn anonymous_sessions_count_only_among_all<F: StoreFixture<Store: SessionStore>>(
    fixture: &F,
) {
    let [store, _second] = open_two(fixture).await;
    for number in 0..10 {
        create(&*store, number, None, quota(10, 0)).await.expect("an anonymous session");
    }
    assert_full(create(&*store, 10, None, quota(10, 0)).await, "max_sessions", 10);
    // An owner without a name is an owner.
    create(&*store, 11, Some(""), quota(20, 1)).await.expect("a session");
    assert_full(create(&*store, 12, Some(""), quota(20, 1)).await, "max_sessions_per_owner", 1);
}

/// Owners are any text, and each has a quota of its own.
pub async fn owners_may_be_any_text<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let long = "o".repeat(1_000);
    let owners = [" ", "a:b", "{a}", "}{", "*", "é\u{0}\n", "a", "A", &long];
    for (number, owner) in (0..).zip(owners) {
        create(&*store, number, Some(owner), quota(100, 1)).await.expect("a session");
        let refused = create(&*second, 50, Some(owner), quota(100, 1)).await;
        assert_full(refused, "max_sessions_per_owner", 1);
    }
}

/// Racing creators do not exceed a quota, and are not refused below it.
pub async fn quotas_are_exact_under_64_creators<F: StoreFixture<Store: SessionStore>>(fixture: &F) {
    for (quota, expected) in [(quota(20, 100), 20), (quota(100, 11), 22), (QUOTA, 64)] {
        let handles = open_two(fixture).await;
        let results = race(|number| {
            let store = handle(&handles, number);
            // Both owners use both handles.
            let owner = if number % 4 < 2 { "one" } else { "two" };
            async move { create(&*store, number, Some(owner), quota).await }
        });
        let (created, refused): (Vec<_>, Vec<_>) =
            results.await.into_iter().partition(Result::is_ok);
        assert_eq!(created.len(), expected, "with {quota:?}");
        let is_full = |result: &Result<(), _>| matches!(result, Err(StoreError::Full { .. }));
        assert!(refused.iter().all(is_full), "refused otherwise than by the quota: {refused:?}");
        let mut stored = 0;
        for number in 0..RACERS {
            let loaded = handles[0].load(key(number)).await.expect("the session is read");
            stored += usize::from(loaded.is_some());
        }
        assert_eq!(stored, expected);
    }
}
