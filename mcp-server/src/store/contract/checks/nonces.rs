//! Single-use values.

use std::time::{Duration, Instant};

use super::support::{LONG, RACERS, SHORT, assert_full, handle, open_two, poll, race};
use crate::store::contract::fixture::StoreFixture;
use crate::store::error::StoreError;
use crate::store::nonce::{NonceQuota, NonceStore};

/// A quota that is not reached.
const QUOTA: NonceQuota = quota(100_000, 100_000);

const fn quota(max_nonces: u64, max_nonces_per_owner: u64) -> NonceQuota {
    NonceQuota { max_nonces, max_nonces_per_owner }
}

async fn redeem(store: &impl NonceStore, nonce: &[u8], ttl: Duration) -> bool {
    let redeemed = store.redeem(nonce, Some("owner"), ttl, QUOTA).await;
    redeemed.expect("the use is answered")
}

/// Uses a value that is a number, for an owner.
async fn redeem_for(
    store: &impl NonceStore,
    number: u64,
    owner: Option<&str>,
    quota: NonceQuota,
) -> Result<bool, StoreError> {
    store.redeem(&number.to_be_bytes(), owner, LONG, quota).await
}

/// The second use of a value is noticed by each handle and for each owner.
pub async fn a_value_is_used_once<F: StoreFixture<Store: NonceStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    for number in 0..20 {
        assert!(redeem_for(&*store, number, Some("owner"), QUOTA).await.expect("an answer"));
        for owner in [Some("owner"), Some("another"), None] {
            for store in [&second, &store] {
                let again = redeem_for(&**store, number, owner, QUOTA).await;
                assert!(!again.expect("an answer"), "{number} was used twice, by {owner:?}");
            }
        }
    }
}

/// Racing uses of a value: one of them is the first.
pub async fn of_64_uses_of_one_value_one_is_the_first<F: StoreFixture<Store: NonceStore>>(
    fixture: &F,
) {
    let handles = open_two(fixture).await;
    for round in 0..5 {
        let first = race(|number| {
            let store = handle(&handles, number);
            // Some of the users are anonymous.
            let owner = (number % 3 > 0).then_some("owner");
            async move { redeem_for(&*store, round, owner, QUOTA).await.expect("an answer") }
        });
        assert_eq!(first.await.into_iter().filter(|first| *first).count(), 1, "round {round}");
    }
}

/// Values are any bytes, and those that differ have nothing in common.
pub async fn values_may_be_any_bytes<F: StoreFixture<Store: NonceStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let all: Vec<u8> = (0..=255).collect();
    let long = vec![7; 4_096];
    let values: [&[u8]; 9] = [b"", b"a", b"A", b"a\0", b"a:b", b"{a}", b"\xff\xfe", &all, &long];
    for value in values {
        assert!(redeem(&*store, value, LONG).await, "{value:?}");
    }
    for value in values {
        assert!(!redeem(&*second, value, LONG).await, "{value:?}");
    }
}

/// A value is remembered for its time. Afterwards the store may forget it.
pub async fn a_value_is_remembered_for_its_time<F: StoreFixture<Store: NonceStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let begin = Instant::now();
    assert!(redeem(&*store, b"value", SHORT).await);
    while begin.elapsed() < SHORT * 2 {
        let is_forgotten = redeem(&*second, b"value", LONG).await;
        if is_forgotten {
            assert!(begin.elapsed() >= SHORT, "forgotten after {:?}", begin.elapsed());
            assert!(!redeem(&*store, b"value", LONG).await, "it was used again");
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// A time may be longer than the clock of the store can represent, or none.
pub async fn a_time_of_any_length_is_accepted<F: StoreFixture<Store: NonceStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    assert!(redeem(&*store, b"long", Duration::MAX).await);
    assert!(!redeem(&*second, b"long", Duration::MAX).await);
    assert!(redeem(&*store, b"none", Duration::ZERO).await);
    assert!(redeem(&*store, b"part", LONG + Duration::from_nanos(1)).await);
    assert!(!redeem(&*second, b"part", LONG).await);
}

/// As many values are accepted as the quota allows. One that was refused is not used, and one that
/// was used is not the first because the store is full.
pub async fn the_quota_of_all_values_is_exact<F: StoreFixture<Store: NonceStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let five = quota(5, 100);
    for number in 0..5 {
        let owner = [Some("one"), Some("two"), None][usize::from(number % 3 == 1)];
        assert!(redeem_for(&*store, number, owner, five).await.expect("an answer"));
    }
    assert_full(redeem_for(&*second, 5, Some("three"), five).await, "max_nonces", 5);
    assert_full(redeem_for(&*second, 5, None, five).await, "max_nonces", 5);
    assert!(!redeem_for(&*second, 4, Some("one"), five).await.expect("it was used"));
    assert!(redeem_for(&*second, 5, None, quota(6, 0)).await.expect("it was not used"));
    assert_full(redeem_for(&*store, 6, Some("x"), quota(0, 0)).await, "max_nonces", 0);
}

/// The same for the values of one owner. Those of others do not count, and anonymous clients have
/// no such quota.
pub async fn the_quota_of_an_owner_is_exact<F: StoreFixture<Store: NonceStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let three = quota(100, 3);
    for number in 0..3 {
        assert!(redeem_for(&*store, number, Some("one"), three).await.expect("an answer"));
        assert!(!redeem_for(&*store, number, Some("one"), three).await.expect("an answer"));
    }
    assert_full(redeem_for(&*second, 3, Some("one"), three).await, "max_nonces_per_owner", 3);
    assert!(redeem_for(&*second, 3, Some("two"), three).await.expect("it was not used"));
    for number in 10..20 {
        assert!(redeem_for(&*store, number, None, three).await.expect("an answer"));
    }
    assert_full(redeem_for(&*store, 30, Some("one"), three).await, "max_nonces_per_owner", 3);
    let owners = ["", "a:b", "{a}", "é\u{0}\n"];
    for (number, owner) in (40..).step_by(2).zip(owners) {
        let one = quota(100, 1);
        assert!(redeem_for(&*store, number, Some(owner), one).await.expect("an answer"));
        let refused = redeem_for(&*store, number + 1, Some(owner), one).await;
        assert_full(refused, "max_nonces_per_owner", 1);
    }
}

/// Racing users do not exceed a quota, and are not refused below it.
pub async fn quotas_are_exact_under_64_users<F: StoreFixture<Store: NonceStore>>(fixture: &F) {
    for (quota, expected) in [(quota(20, 100), 20), (quota(100, 11), 22), (QUOTA, 64)] {
        let handles = open_two(fixture).await;
        let results = race(|number| {
            let store = handle(&handles, number);
            // Both owners use both handles.
            let owner = if number % 4 < 2 { "one" } else { "two" };
            async move { redeem_for(&*store, number, Some(owner), quota).await }
        });
        let (used, refused): (Vec<_>, Vec<_>) = results.await.into_iter().partition(Result::is_ok);
        assert_eq!(used.len(), expected, "with {quota:?}");
        assert!(used.iter().all(|first| matches!(first, Ok(true))), "{used:?}");
        assert_eq!(refused.len(), RACERS as usize - expected);
        let is_full = |result: &Result<_, _>| matches!(result, Err(StoreError::Full { .. }));
        assert!(refused.iter().all(is_full), "refused otherwise than by the quota: {refused:?}");
    }
}

/// A value counts until its time has passed.
pub async fn values_whose_time_has_passed_do_not_count<F: StoreFixture<Store: NonceStore>>(
    fixture: &F,
) {
    for quota in [quota(4, 100), quota(100, 2)] {
        let [store, second] = open_two(fixture).await;
        let begin = Instant::now();
        for (number, owner) in (0..).zip(["one", "two", "one", "two"]) {
            let used = store.redeem(&u64::to_be_bytes(number), Some(owner), SHORT, QUOTA).await;
            assert!(used.expect("an answer"));
        }
        poll("the values do not count any more", || async {
            match redeem_for(&*second, 4, Some("one"), quota).await {
                Ok(first) => {
                    assert!(first, "it was refused before");
                    Some(())
                }
                Err(StoreError::Full { .. }) => None,
                Err(error) => panic!("{error}"),
            }
        })
        .await;
        assert!(begin.elapsed() >= SHORT, "only {:?} have passed", begin.elapsed());
    }
}
