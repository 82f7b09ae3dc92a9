//! Leases, and the fences of claims.

use std::time::Duration;

use futures::future::join_all;
use mcp_server::store::{Lease, RedisStore, TaskState, TaskStore as _, TaskUpdate, UpdateOutcome};

use crate::server::{Connect as _, RedisServer};
use crate::task::{LEASE, QUOTA, create, head, new_task};

async fn claim(store: &RedisStore, id: &str, lease: Duration) -> Option<u64> {
    store.claim(id, lease).await.expect("an answer").map(|lease| lease.fence)
}

async fn set_state(store: &RedisStore, id: &str, state: TaskState) {
    let mut update = TaskUpdate::of(&head(store, id).await, 2_000);
    update.state = state;
    let outcome = store.update(id, update).await.expect("an answer");
    assert!(matches!(outcome, UpdateOutcome::Applied(_)), "{outcome:?}");
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn one_of_64_claims_from_two_instances_wins() {
    let server = RedisServer::start();
    let stores = [server.store().await, server.store().await];
    create(&stores[0], "a").await;
    let claims = (0..64).map(|index| claim(&stores[index % 2], "a", LEASE));
    let won: Vec<_> = join_all(claims).await.into_iter().flatten().collect();
    assert_eq!(won, [1]);

    for index in 0..100 {
        create(&stores[0], &format!("task {index}")).await;
    }
    let claims = (0..16).map(|index| stores[index % 2].claim_any(LEASE, 10));
    let mut won: Vec<_> =
        join_all(claims).await.into_iter().flat_map(|won| won.expect("an answer")).collect();
    assert!(won.iter().all(|lease| lease.fence == 1), "{won:?}");
    won.sort_by(|one, other| one.id.cmp(&other.id));
    won.dedup();
    assert_eq!(won.len(), 100);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_lease_that_ended_is_taken_over_and_its_worker_is_fenced() {
    let server = RedisServer::start();
    let (one, other) = (server.store().await, server.store().await);
    let task = new_task("a").leased(Duration::from_millis(50));
    one.create(task, QUOTA).await.expect("a new task");
    assert_eq!(claim(&other, "a", LEASE).await, None);
    let fence = loop {
        match claim(&other, "a", LEASE).await {
            Some(fence) => break fence,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    assert_eq!(fence, 2);
    let mut update = TaskUpdate::of(&head(&one, "a").await, 2_000);
    update.fence = Some(1);
    assert_eq!(one.update("a", update.clone()).await.expect("an answer"), UpdateOutcome::Fenced);
    update.fence = Some(2);
    let outcome = other.update("a", update).await.expect("an answer");
    assert_eq!(outcome, UpdateOutcome::Applied(2));
    let leases = [Lease::new("a", 1), Lease::new("a", 2), Lease::new("b", 1)];
    assert_eq!(one.renew(&leases, LEASE).await.expect("an answer"), [false, true, false]);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_lease_is_released_with_a_duration_of_zero() {
    let server = RedisServer::start();
    let store = server.store().await;
    create(&store, "a").await;
    assert_eq!(claim(&store, "a", Duration::MAX).await, Some(1));
    assert_eq!(claim(&store, "a", LEASE).await, None);
    let lease = [Lease::new("a", 1)];
    assert_eq!(store.renew(&lease, Duration::MAX).await.expect("an answer"), [true]);
    assert_eq!(store.renew(&lease, Duration::ZERO).await.expect("an answer"), [true]);
    // Its time has passed, and no other worker has claimed it.
    assert_eq!(store.renew(&lease, Duration::ZERO).await.expect("an answer"), [true]);
    assert_eq!(claim(&store, "a", LEASE).await, Some(2));
    assert_eq!(store.renew(&lease, LEASE).await.expect("an answer"), [false]);
    assert_eq!(store.renew(&[], LEASE).await.expect("an answer"), [false; 0]);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn only_working_tasks_have_leases() {
    let server = RedisServer::start();
    let store = server.store().await;
    store.create(new_task("a").leased(LEASE), QUOTA).await.expect("a new task");
    let lease = [Lease::new("a", 1)];
    set_state(&store, "a", TaskState::Working).await;
    assert_eq!(claim(&store, "a", LEASE).await, None);
    set_state(&store, "a", TaskState::InputRequired).await;
    assert_eq!(store.renew(&lease, LEASE).await.expect("an answer"), [false]);
    assert_eq!(claim(&store, "a", LEASE).await, None);
    set_state(&store, "a", TaskState::Working).await;
    assert_eq!(store.renew(&lease, Duration::ZERO).await.expect("an answer"), [true]);
    assert_eq!(claim(&store, "a", LEASE).await, Some(2));
    set_state(&store, "a", TaskState::Failed).await;
    let lease = [Lease::new("a", 2)];
    assert_eq!(store.renew(&lease, LEASE).await.expect("an answer"), [false]);
    assert_eq!(claim(&store, "a", LEASE).await, None);
    assert_eq!(store.claim_any(LEASE, 10).await.expect("an answer"), []);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn tasks_that_wait_longest_are_claimed_first_and_at_most_512_at_once() {
    let server = RedisServer::start();
    let store = server.store().await;
    let ids: Vec<String> = (0..600).rev().map(|index| format!("{index:03}")).collect();
    for id in &ids {
        create(&store, id).await;
    }
    assert_eq!(store.claim_any(LEASE, 0).await.expect("an answer"), []);
    let mut claimed = store.claim_any(LEASE, 2).await.expect("an answer");
    claimed.extend(store.claim_any(LEASE, usize::MAX).await.expect("an answer"));
    assert_eq!(claimed.len(), 514);
    claimed.extend(store.claim_any(LEASE, usize::MAX).await.expect("an answer"));
    let order: Vec<String> = claimed.iter().map(|lease| lease.id.to_string()).collect();
    assert_eq!(order, ids);
    assert_eq!(store.renew(&claimed, LEASE).await.expect("an answer"), [true; 600]);
}
